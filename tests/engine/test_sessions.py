"""A session is known in Redis by its key, and to the engine by its id, whoever wrote it there."""

import asyncio
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from tay_middleware.domain import ClosedGate, History, Kind, PastTurn, Reason
from tay_middleware.engine.identity import recognised
from tay_middleware.storage import Outbox, open_store
from tay_middleware.storage.redis import RedisStore
from tests.builders import NOON
from tests.storage.records import KEY_OF, SECOND, a_record, key, opened

SESSION = "07911 123456"
KEY, STRANGER = KEY_OF(f"session:{SESSION}"), KEY_OF("session:another")


def recorded(number: int, session: str, session_key: str | None) -> Any:
    """A no, and a gate that it closed for the session."""
    at = NOON + number * SECOND
    gate = ClosedGate("distress", at, session)
    record = a_record(number, at=at, session=session, shown=False, declines=True, closed=(gate,))
    return replace(record, turn=replace(record.turn, session_key=session_key))


def sessions_of(history: History) -> tuple[list[str | None], str | None, list[str | None]]:
    return (
        [one.session_id for one in history.turns],
        history.declined_session,
        [one.session_id for one in history.closed],
    )


def test_no_session_id_lies_in_redis_and_what_was_said_in_it_is_still_known(
    redis_url: str, tmp_path: Path
) -> None:
    other, now = recorded(1, "another", STRANGER), recorded(2, SESSION, KEY)

    async def scene() -> tuple[History, str]:
        outbox = Outbox(redis_url, tmp_path / "spool.db", call_seconds=5)
        url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
        store = await opened(open_store(url, history_turns=10, outbox=outbox))
        assert isinstance(store, RedisStore)
        try:
            await store.commit(other)
            await store.commit(now)
            return await store.recall(key(), NOON), await _all_but_events(store.link.client)
        finally:
            await store.aclose()

    history, lying = asyncio.run(scene())
    assert KEY in lying
    assert SESSION not in lying
    assert "another" not in lying
    assert sessions_of(history) == ([STRANGER, KEY], KEY, [KEY])
    known = recognised(history, now.turn)
    assert sessions_of(known) == ([STRANGER, SESSION], SESSION, [SESSION])
    elsewhere = recognised(history, other.turn)
    assert sessions_of(elsewhere) == (["another", KEY], KEY, [KEY])


def test_of_a_turn_of_the_same_session_all_else_is_kept() -> None:
    turn = recorded(1, SESSION, KEY).turn
    past = PastTurn(
        UUID(int=3),
        NOON,
        KEY,
        "pricing",
        Kind.MENTION,
        "course",
        Reason.STRATEGIC,
        gates=("support",),
        template="course.gentle.any.A",
        failed=True,
    )
    told = [one for one in fields(past) if one.default is not MISSING]
    assert all(getattr(past, one.name) != one.default for one in told)  # or its loss is not seen
    (known,) = recognised(History(turns=(past,)), turn).turns
    assert known == replace(past, session_id=SESSION)


def test_what_a_version_before_wrote_is_known_as_it_was() -> None:
    turn = recorded(1, SESSION, KEY).turn
    history = History(declined_session=SESSION, closed=(ClosedGate("distress", NOON, SESSION),))
    assert recognised(history, turn) == history
    nowhere = replace(turn, session_id=None, session_key=None)
    assert recognised(history, nowhere) == history


async def _all_but_events(client: Any) -> str:
    """Everything in Redis, but for the events, which are rows on their way to SQL."""
    found = []
    async for name in client.scan_iter("tay:*"):
        kind = (await client.type(name)).decode()
        if kind == "list":
            found += await client.lrange(name, 0, -1)
        elif kind == "hash":
            found += [part for pair in (await client.hgetall(name)).items() for part in pair]
        elif kind == "zset":
            found += await client.zrange(name, 0, -1)
        elif kind == "string":
            found.append(await client.get(name))
        found.append(name)
    return b"\n".join(found).decode()
