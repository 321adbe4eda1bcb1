"""Upkeep of a server while others write and read: nothing fails, nobody waits for each other."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from tay_middleware.errors import StorageError
from tay_middleware.storage import Database
from tay_middleware.storage.partitions import Upkeep, maintain_database
from tay_middleware.storage.sql import question_logs, question_row
from tay_middleware.storage.turns.bulk import insert_turns
from tests.storage.records import DAY, a_record

T = TypeVar("T")

JANUARY = datetime(2030, 1, 15, 12, tzinfo=UTC)
"""No partition of this month is there."""

MOST_LOOKS = 500

WAITS = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation'")


def write(connection: Connection, number: int) -> None:
    insert_turns(connection, [question_row(a_record(number, at=JANUARY, shown=False))])


def read(connection: Connection, _number: int) -> None:
    connection.execute(select(func.count()).select_from(question_logs)).scalar()


async def other(url: str, scene: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    """A scene in which another process has a transaction open."""
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            return await scene(connection)
    finally:
        await engine.dispose()


async def until_it_waits(database: Database) -> None:
    """Look until somebody waits for a table."""
    for _ in range(MOST_LOOKS):
        if await database.read(lambda connection: connection.execute(WAITS).scalar()):
            return
        await asyncio.sleep(0.01)
    raise TimeoutError("nobody waits for a table")


@pytest.mark.parametrize("begins", [write, read])
def test_a_month_is_moved_while_a_drain_writes_into_it(
    postgres_url: str, begins: Callable[[Connection, int], None]
) -> None:
    async def scene() -> Any:
        database = Database(postgres_url)
        await database.write(write, 1)

        async def drain(connection: AsyncConnection) -> Upkeep:
            await connection.run_sync(begins, 2)
            upkeep = asyncio.ensure_future(maintain_database(database, JANUARY, None))
            await until_it_waits(database)
            await connection.run_sync(write, 3)
            await connection.commit()
            return await upkeep

        try:
            done = await other(postgres_url, drain)
            ids = await database.read(lambda on: on.execute(select(question_logs.c.id)).all())
            parts = text("SELECT count(*) FROM question_logs_default")
            return done, len(ids), await database.read(lambda on: on.execute(parts).scalar())
        finally:
            await database.aclose()

    done, rows, in_default = asyncio.run(scene())
    assert "question_logs_y2030m01" in done.made
    assert done.moved == rows == (3 if begins is write else 2)
    assert in_default == 0


class Failing(Database):
    """A server that takes so many transactions, and no more."""

    def __init__(self, url: str, takes: int) -> None:
        super().__init__(url)
        self.takes = takes

    async def write(self, *args: Any, **kwargs: Any) -> Any:
        if self.takes == 0:
            raise StorageError("no more")
        self.takes -= 1
        return await super().write(*args, **kwargs)


def test_the_months_to_come_stand_even_if_a_missed_one_cannot_be_made(postgres_url: str) -> None:
    missed = JANUARY - 40 * DAY
    months_ahead, looks = 6, 2

    async def scene() -> Any:
        database = Failing(postgres_url, takes=1 + months_ahead + looks)
        row = question_row(a_record(1, at=missed, shown=False))
        await database.write(lambda connection: insert_turns(connection, [row]))
        with pytest.raises(StorageError, match="no more"):
            await maintain_database(database, JANUARY, None)
        database.takes = 100
        again = await maintain_database(database, JANUARY + timedelta(hours=1), None)
        await database.aclose()
        return again

    again = asyncio.run(scene())
    assert again == Upkeep(made=("question_logs_y2029m12",), moved=1)
