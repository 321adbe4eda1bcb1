"""A spool whose disk is full, or whose machine's clock was wrong: nothing of it is stuck."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tay_middleware.storage import Outbox
from tay_middleware.storage.outbox.wire import Call, Limits, commit_call
from tay_middleware.storage.redis import REPLAY, RedisStore
from tay_middleware.storage.spool import Spool
from tests.storage.records import a_record, opened
from tests.storage.spools import play

HOURS = 3600.0


def a_call(number: int) -> Call:
    record = a_record(number, user=f"u{number}", shown=False)
    return commit_call(record, Limits(turns=10, events=100_000))


def refuses(path: Path, *whats: str) -> None:
    """Let the file refuse to change, as one on a full disk does."""
    with closing(sqlite3.connect(path)) as connection:
        for what in whats:
            table = "lease" if what == "UPDATE" else "calls"
            connection.execute(
                f"CREATE TRIGGER no_{what} BEFORE {what} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'full'); END"
            )
        connection.commit()


def has_room(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in found.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.commit()


def test_what_cannot_be_taken_out_holds_up_nothing_behind_it(
    redis_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "spool.db"
    more = REPLAY + 50

    async def scene() -> tuple[int, int, bool, int]:
        outbox = Outbox(redis_url, path, call_seconds=5)
        url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
        store = RedisStore.on(outbox, url, history_turns=10, mentions_seconds=86400)
        await opened(store)
        for number in range(1, more + 1):
            store.spool.leave(a_call(number))
        await store.spool.put(a_call(more + 1))
        refuses(path, "INSERT", "DELETE")
        await store.spool.put(a_call(more + 2))
        held = store.spool.held
        while await store.replay():
            pass
        waiting, has_run = await store.spool.count(), store.spool.has_run
        has_room(path)
        await store.replay()
        rows = len(await store.latest(2 * more))
        await store.aclose()
        assert held == 1
        return rows, waiting, has_run, store.spool.has_run

    assert asyncio.run(scene()) == (more + 2, 0, True, False)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM calls").fetchone() == (0,)


def test_memory_is_worked_off_where_the_file_cannot_be_leased(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"

    async def scene(spool: Spool) -> list[str]:
        await spool.put(a_call(1))
        assert await spool.lease("a", 10)
        refuses(path, "INSERT", "UPDATE")
        await spool.put(a_call(2))
        assert await spool.lease("a", 10)
        found = await spool.oldest(10)
        await spool.remove([number for number, _ in found])
        assert not await spool.lease("a", 10)
        has_room(path)
        return [call.args[0][-1] for _, call in found]

    assert play(path, scene) == ["2"]


@pytest.mark.parametrize("closes", [True, False])
def test_a_lease_from_before_the_clock_was_set_right_holds_nobody_up(
    tmp_path: Path, closes: bool
) -> None:
    path, now = tmp_path / "spool.db", [1_800_000_000.0 + 5 * HOURS]

    async def scene() -> bool:
        dead = Spool(path, clock=lambda: now[0])
        assert await dead.lease("dead", 10)
        if closes:
            await dead.aclose()
        now[0] -= 5 * HOURS
        spool = Spool(path, clock=lambda: now[0])
        taken = await spool.lease("alive", 10)
        await spool.aclose()
        await dead.aclose()
        return taken

    assert asyncio.run(scene())


def test_a_lease_is_given_back_at_the_close(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    assert play(path, lambda spool: spool.lease("a", 10), clock=lambda: 1000.0)
    assert play(path, lambda spool: spool.lease("b", 10), clock=lambda: 1001.0)
