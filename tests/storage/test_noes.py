"""A no, and what ends it, in whatever order they arrive."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from redis import Redis

from tay_middleware.domain import History
from tay_middleware.storage import Outbox, TurnRecord, TurnStore, open_store
from tay_middleware.storage.outbox.buckets import keys_of
from tay_middleware.storage.outbox.wire import Limits, commit_call
from tay_middleware.storage.redis import RedisStore
from tests.builders import NOON
from tests.storage.records import DAY, a_record, key, opened

HOUR = timedelta(hours=1)
LIMITS = Limits(turns=10, events=100)

Scene = Callable[[TurnStore], Awaitable[Any]]


@pytest.fixture(params=["embedded", "redis"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Scene], Any]:
    """Runs a scene on each store."""
    outbox = None
    if request.param == "redis":
        url = str(request.getfixturevalue("redis_url"))
        outbox = Outbox(url, tmp_path / "spool.db", call_seconds=5)

    async def played(scene: Scene) -> Any:
        url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
        store = await opened(open_store(url, history_turns=10, outbox=outbox))
        try:
            return await scene(store)
        finally:
            await store.aclose()

    return lambda scene: asyncio.run(played(scene))


def said(number: int, user: str = "ada", **effects: Any) -> TurnRecord:
    """A message of the hour `number`."""
    session = f"s{number}"
    at = NOON + number * HOUR
    return a_record(number, at=at, user=user, session=session, shown=False, **effects)


ANY_ORDER: dict[str, tuple[list[dict[str, Any]], tuple[Any, ...]]] = {
    "a no, an opt-in, a no": (
        [{"opts_out": True, "declines": True}, {"opts_in": True}, {"declines": True}],
        (3 * HOUR, 3, None),
    ),
    "a stop, and a later one": (
        [{"opts_out": True}, {}, {"opts_out": True}],
        (None, None, 3 * HOUR),
    ),
    "a stop between opt-ins": (
        [{"opts_in": True}, {"opts_out": True}, {"opts_in": True}],
        (None, None, None),
    ),
}
"""What is said in the hours 1, 2 and 3; the decline, its session and the stop that it comes to."""


@pytest.mark.parametrize("said_by_hour", ANY_ORDER)
def test_noes_and_opt_ins_come_to_the_same_in_any_order(said_by_hour: str, play: Any) -> None:
    messages, expected = ANY_ORDER[said_by_hour]

    async def scene(store: TurnStore) -> set[Any]:
        found = set()
        for n, order in enumerate(permutations(enumerate(messages, 1))):
            for number, effects in order:
                await store.commit(said(10 * n + number, f"u{n}", **effects))
            history = await store.recall(key(f"u{n}"), NOON + DAY)
            begun, session = NOON + 10 * n * HOUR, history.declined_session
            found.add(
                (
                    history.declined_at and history.declined_at - begun,
                    session and int(session.removeprefix("s")) - 10 * n,
                    history.opted_out_at and history.opted_out_at - begun,
                )
            )
        return found

    assert play(scene) == {expected}


def test_an_opt_in_that_comes_late_ends_no_newer_stop(play: Any) -> None:
    async def scene(store: TurnStore) -> History:
        await store.commit(said(2, opts_out=True, declines=True))
        await store.commit(said(1, opts_in=True))
        return await store.recall(key(), NOON + DAY)

    history = play(scene)
    assert (history.opted_out_at, history.declined_at) == (NOON + 2 * HOUR, NOON + 2 * HOUR)


def test_an_opt_in_ends_what_was_said_before_it(play: Any) -> None:
    async def scene(store: TurnStore) -> History:
        await store.commit(said(1, opts_out=True, declines=True))
        await store.commit(said(2, opts_in=True))
        return await store.recall(key(), NOON + DAY)

    history = play(scene)
    assert (history.opted_out_at, history.declined_at) == (None, None)
    assert history.declined_session is None


def test_a_spooled_turn_takes_its_place_in_the_history_once(redis_url: str, tmp_path: Path) -> None:
    async def scene() -> list[UUID]:
        outbox = Outbox(redis_url, tmp_path / "spool.db", call_seconds=5)
        url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
        store = await opened(open_store(url, history_turns=10, outbox=outbox))
        assert isinstance(store, RedisStore)
        for number in (2, 4):
            await store.commit(said(number))
        for number in (3, 1, 5):
            await store.spool.put(commit_call(said(number), LIMITS))
        while await store.replay():
            pass
        with Redis.from_url(redis_url) as client:  # its mark of being done is gone by then
            assert client.delete(keys_of(key(), UUID(int=2)).turn) == 1
        await store.spool.put(commit_call(said(2), LIMITS))
        while await store.replay():
            pass
        history = await store.recall(key(), NOON + DAY)
        await store.aclose()
        return [turn.turn_id for turn in history.turns]

    assert asyncio.run(scene()) == [UUID(int=number) for number in range(1, 6)]
