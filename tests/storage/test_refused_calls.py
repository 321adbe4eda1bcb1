"""Spooled calls that Redis will never run: put aside and told of, and nothing waits behind them."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tay_middleware.storage import Outbox
from tay_middleware.storage.outbox.wire import Call
from tay_middleware.storage.outbox.worker import Health
from tay_middleware.storage.redis import RedisStore
from tay_middleware.storage.spool import Owed, Spool
from tests.storage.records import key, opened
from tests.storage.spools import play
from tests.storage.test_spool_trouble import a_call, has_room, refuses


def on(redis_url: str, home: Path, scene: Callable[[RedisStore], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        outbox = Outbox(redis_url, home / "spool.db", call_seconds=5)
        url = f"sqlite+aiosqlite:///{home / 'tay.db'}"
        store = RedisStore.on(outbox, url, history_turns=10, mentions_seconds=86400)
        await opened(store)
        try:
            return await scene(store)
        finally:
            await store.aclose()

    return asyncio.run(run())


def broken(number: int) -> Call:
    return replace(a_call(number), args=("only", "three", "args"))


def of_a_later_version(number: int) -> Call:
    return replace(a_call(number), script="commit_of_later")


@pytest.mark.parametrize("spoil", [broken, of_a_later_version])
def test_what_redis_never_runs_holds_up_nothing_behind_it_and_is_told(
    redis_url: str, tmp_path: Path, spoil: Callable[[int], Call], caplog: pytest.LogCaptureFixture
) -> None:
    good, bad = a_call(1), spoil(1)

    async def scene(store: RedisStore) -> tuple[Any, ...]:
        await store.spool.put(bad)
        await store.spool.put(good)
        while await store.replay():
            pass
        return len(await store.latest(5)), await store.spool.owed()

    with caplog.at_level(logging.ERROR):
        assert on(redis_url, tmp_path, scene) == (1, Owed(0, 0.0, 1))
    (told,) = [one.getMessage() for one in caplog.records]
    assert told.startswith("1 spooled calls are put aside in")
    with closing(sqlite3.connect(tmp_path / "spool.db")) as file:
        ((body, error),) = file.execute("SELECT body, error FROM dead").fetchall()
    assert bad.script in body
    assert "user_script:" in error or "'commit_of_later'" in error


def test_a_user_whom_redis_does_not_let_in_costs_no_call(redis_url: str, tmp_path: Path) -> None:
    async def scene(store: RedisStore) -> Owed:
        await store.spool.put(a_call(1))
        client = store.link.client
        await client.execute_command("ACL", "SETUSER", "default", "-evalsha", "-eval")
        try:
            await store.replay()
            return await store.spool.owed()
        finally:
            await client.execute_command("ACL", "SETUSER", "default", "+@all")

    owed = on(redis_url, tmp_path, scene)
    assert (owed.calls, owed.refused) == (1, 0)


def test_a_call_that_no_version_has_written_is_put_aside_too(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    play(path, lambda spool: spool.put(a_call(1)))
    with closing(sqlite3.connect(path)) as file:
        file.execute('INSERT INTO calls (id, bucket, body) VALUES (0, 1, \'{"of": "later"}\')')
        file.commit()

    async def scene(spool: Spool) -> tuple[Any, int]:
        found = await spool.oldest(5)
        return [call for _, call in found], (await spool.owed()).refused

    assert play(path, scene) == ([a_call(1)], 1)


def test_what_is_put_aside_waits_in_memory_where_the_file_cannot_be_written(
    tmp_path: Path,
) -> None:
    path = tmp_path / "spool.db"

    async def scene(spool: Spool) -> list[Any]:
        await spool.put(a_call(1))
        refuses(path, "INSERT", "DELETE")
        await spool.put(a_call(2))
        numbers = [number for number, _ in await spool.oldest(5)]
        await spool.set_aside(dict.fromkeys(numbers, "refused"))
        before = await spool.oldest(5), (await spool.owed()).refused, spool.has_run
        has_room(path)
        await spool.remove([])
        return [*before, (await spool.owed()).refused, spool.has_run]

    assert play(path, scene) == [[], 2, True, 2, False]
    assert play(path, lambda spool: spool.owed()) == Owed(0, 0.0, 2)


def test_what_is_put_aside_belongs_to_its_user_as_before(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"

    async def scene(spool: Spool) -> list[Any]:
        for number in (1, 2):
            await spool.put(a_call(number))
        await spool.set_aside({number: "refused" for number, _ in await spool.oldest(5)})
        ours = await spool.of_user(key("u1"))
        return [ours, await spool.erase(key("u1")), (await spool.owed()).refused]

    assert play(path, scene) == [[a_call(1)], 1, 1]


def test_a_file_of_an_earlier_version_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    play(path, lambda spool: spool.put(a_call(1)))
    with closing(sqlite3.connect(path)) as file:
        file.execute("ALTER TABLE calls DROP COLUMN at")
        file.execute("DROP TABLE dead")
    now = [1000.0]

    async def scene(spool: Spool) -> list[Owed]:
        told = [await spool.owed()]
        await spool.put(a_call(2))
        now[0] += 90
        return [*told, await spool.owed()]

    assert play(path, scene, clock=lambda: now[0]) == [Owed(1, 0.0, 0), Owed(2, 90.0, 0)]


@pytest.mark.parametrize(
    ("change", "well"),
    [
        ({}, True),
        ({"spooled_seconds": 59.0}, True),
        ({"spooled_seconds": 61.0}, False),
        ({"refused": 1}, False),
        ({"lag_seconds": 61.0}, False),
    ],
)
def test_calls_that_wait_long_or_were_put_aside_are_not_well(
    change: dict[str, Any], well: bool
) -> None:
    healthy = Health(events=1, pending=0, lag_seconds=1.0, buckets=64, spooled=1, dead=0)
    assert replace(healthy, **change).is_well(60) is well
