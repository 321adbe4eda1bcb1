"""A no that comes beside the chat, in Redis: by the rules of a no in the chat, and kept as long."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tay_middleware.domain import History
from tay_middleware.storage import Outbox, open_store
from tay_middleware.storage.outbox.buckets import keys_of
from tay_middleware.storage.outbox.refusals import RedisRefusals
from tay_middleware.storage.outbox.wire import PROFILE_SECONDS
from tay_middleware.storage.redis import RedisStore
from tests.builders import NOON
from tests.storage.records import KEY_OF, a_record, key, opened

TEN_YEARS = 3651 * 86400
HOUR = timedelta(hours=1)

Note = Callable[[datetime, bool], Awaitable[None]]


@pytest.fixture
def play(redis_url: str, tmp_path: Path) -> Callable[[Callable[[RedisStore, Note], Any]], Any]:
    outbox = Outbox(redis_url, tmp_path / "spool.db", call_seconds=5)

    async def played(scene: Callable[[RedisStore, Note], Any]) -> tuple[History, int]:
        url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
        store = await opened(open_store(url, history_turns=10, outbox=outbox))
        refusals = RedisRefusals(outbox, KEY_OF)
        assert isinstance(store, RedisStore)

        async def note(at: datetime, for_good: bool) -> None:
            await refusals.note(key(), "s9", at, for_good=for_good)

        try:
            await scene(store, note)
            profile = keys_of(key(), UUID(int=0)).profile
            left = await store.link.client.ttl(profile)
            return await store.recall(key(), NOON + 9 * HOUR), left
        finally:
            await refusals.aclose()
            await store.aclose()

    return lambda scene: asyncio.run(played(scene))


def said(hour: int, **effects: Any) -> Any:
    return a_record(hour, at=NOON + hour * HOUR, shown=False, **effects)


@pytest.mark.parametrize("in_the_chat", [True, False])
@pytest.mark.parametrize("and_again", [True, False])
def test_a_stop_is_remembered_as_long_wherever_it_was_said(
    play: Any, in_the_chat: bool, and_again: bool
) -> None:
    async def scene(store: RedisStore, note: Note) -> None:
        if in_the_chat:
            await store.commit(said(1, opts_out=True))
        await note(NOON + 2 * HOUR, not in_the_chat)
        if and_again:
            await note(NOON + 3 * HOUR, False)

    history, left = play(scene)
    assert history.opted_out_at == NOON + (1 if in_the_chat else 2) * HOUR
    assert abs(left - TEN_YEARS) < 600


def test_a_plain_no_is_remembered_as_long_as_a_profile(play: Any) -> None:
    async def scene(_store: RedisStore, note: Note) -> None:
        await note(NOON + 2 * HOUR, False)

    history, left = play(scene)
    assert (history.declined_at, history.declined_session) == (
        NOON + 2 * HOUR,
        KEY_OF("session:s9"),
    )
    assert history.opted_out_at is None
    assert abs(left - PROFILE_SECONDS) < 600


def test_a_no_from_before_an_opt_in_is_over(play: Any) -> None:
    async def scene(store: RedisStore, note: Note) -> None:
        await store.commit(said(3, opts_in=True))
        await note(NOON + 2 * HOUR, True)

    history, _ = play(scene)
    assert (history.declined_at, history.opted_out_at) == (None, None)
