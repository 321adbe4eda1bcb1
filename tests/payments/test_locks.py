"""Whoever changes deliveries waits for the lock of purchases before it holds one of their rows.

An erasing has that lock and then wants those rows; the other way round each would wait for the
other.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tay_middleware.payments.inbox import handle
from tay_middleware.storage import Database
from tay_middleware.storage.connection.location import read_url
from tay_middleware.storage.database import server_engine
from tay_middleware.storage.payments import inbox
from tay_middleware.storage.payments.credits import give_way, lock
from tay_middleware.storage.payments.tables import webhook_events
from tay_middleware.storage.people import Archive
from tests.payments import deliveries as d
from tests.payments.test_settle import BUYER, LATER, MENTION, TERMS, handled, mention
from tests.payments.test_trying_out import AT, lines_of, taken_in
from tests.storage.records import KEY_OF, key

Work = Callable[[Connection, list[UUID]], object]

WAITING = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
ROWS = text("SELECT id FROM webhook_events FOR UPDATE NOWAIT")


def of_all(connection: Connection) -> list[UUID]:
    return list(connection.execute(select(webhook_events.c.id)).scalars())


def handling(connection: Connection, _ids: list[UUID]) -> object:
    return handle(connection, TERMS, LATER + timedelta(hours=1), 10)


def redacting(connection: Connection, ids: list[UUID]) -> object:
    return inbox.redact(connection, ids, LATER)


def replaying(connection: Connection, ids: list[UUID]) -> object:
    return inbox.set_due(connection, ids, LATER)


async def waiting(other: AsyncConnection, number: int = 1) -> None:
    async with asyncio.timeout(60):
        while (await other.execute(WAITING)).scalar_one() < number:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)


async def with_deliveries(
    url: str, scene: Callable[[Database, AsyncConnection, list[UUID]], Awaitable[Any]]
) -> Any:
    """A scene beside somebody who holds the lock of purchases, with two deliveries that are due."""
    database, engine = Database(url), server_engine(read_url(url), 60.0)
    try:
        await database.write(mention, MENTION)
        await handled(database, [d.session("s1", 0, **BUYER), d.refunded("r", 900, 100)])
        ids = await database.read(of_all)
        await database.write(inbox.set_due, ids, LATER)
        async with engine.begin() as other:
            await other.run_sync(lock)
            working = await scene(database, other, ids)
        return await working
    finally:
        await database.aclose()
        await engine.dispose()


@pytest.mark.parametrize("work", [handling, redacting, replaying])
def test_no_row_of_a_delivery_is_held_while_the_lock_is_waited_for(
    postgres_url: str, work: Work
) -> None:
    async def scene(database: Database, other: AsyncConnection, ids: list[UUID]) -> Any:
        working = asyncio.ensure_future(database.write(work, ids))
        await waiting(other)
        assert len((await other.execute(ROWS)).all()) == 2
        return working

    asyncio.run(with_deliveries(postgres_url, scene))


def test_an_inbox_in_which_nothing_is_due_waits_for_no_lock(postgres_url: str) -> None:
    async def scene(database: Database, _other: AsyncConnection, _ids: list[UUID]) -> Any:
        early: datetime = LATER - timedelta(hours=1)
        done = await database.write(handle, TERMS, early, 10)
        return asyncio.sleep(0, done)

    assert asyncio.run(with_deliveries(postgres_url, scene)) == (0, 0)


def test_who_is_erased_while_a_delivery_of_hers_is_handled_is_erased(postgres_url: str) -> None:
    """Both wait for the lock, the erasing before the worker, to whom nothing is left to handle."""
    now = LATER + timedelta(hours=1)

    async def scene(database: Database, other: AsyncConnection, ids: list[UUID]) -> Any:
        archive = Archive(Database(postgres_url), None, KEY_OF)
        erasing = asyncio.ensure_future(archive.erase(key(), now))
        await waiting(other)
        working = asyncio.ensure_future(database.write(handling, ids))
        await waiting(other, 2)

        async def both() -> Any:
            try:
                return await asyncio.gather(working, erasing)
            finally:
                await archive.aclose()

        return both()

    handled_now, erased = asyncio.run(with_deliveries(postgres_url, scene))
    assert handled_now == (0, 0)
    assert erased.rows == 2


def test_of_two_imports_of_the_same_lines_in_another_order_none_fails(postgres_url: str) -> None:
    """The one waits before it has written a line that the other one wants to write."""
    one, two = lines_of(f"o-1,49,usd,{AT},ada,", f"o-2,9,usd,{AT},ada,")

    async def scene(database: Database, other: AsyncConnection, _ids: list[UUID]) -> Any:
        importing = asyncio.ensure_future(database.write(taken_in, [one, two]))
        await waiting(other)
        await other.run_sync(give_way)
        await other.run_sync(taken_in, [two, one])
        return importing

    taken = asyncio.run(with_deliveries(postgres_url, scene))
    assert [each.new for each in taken] == [False, False]
