"""Retention on a SQLite file that chats write at the same time."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, func, insert, select

from tay_middleware.domain import uuid7
from tay_middleware.settings import MOST_DAYS
from tay_middleware.storage import maintain_now
from tay_middleware.storage.database import Database
from tay_middleware.storage.partitions import maintain_database
from tay_middleware.storage.sql import question_logs, question_row
from tay_middleware.storage.turns.figures import daily_users
from tests.builders import NOON
from tests.databases import migrated
from tests.storage.records import DAY, SECOND, a_record

OLD = 25


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    migrated(url)
    return url


def fill(connection: Connection) -> None:
    row = question_row(a_record(shown=False))
    times = [NOON - 40 * DAY + n * SECOND for n in range(OLD)] + [NOON]
    rows = [
        {**row, "id": uuid7(at, n), "turn_id": UUID(int=n), "created_at": at}
        for n, at in enumerate(times)
    ]
    connection.execute(insert(question_logs), rows)
    days = [{"day": at.date(), "user_key": f"u{n}"} for n, at in enumerate(times)]
    connection.execute(insert(daily_users), days)


def counts(connection: Connection) -> list[Any]:
    tables = (question_logs, daily_users)
    return [connection.execute(select(func.count()).select_from(one)).scalar() for one in tables]


def test_old_rows_of_a_file_go_a_few_at_a_time(url: str) -> None:
    sizes: list[list[Any]] = []

    class Watched(Database):
        async def write(self, *args: Any, **kwargs: Any) -> Any:
            done = await super().write(*args, **kwargs)
            sizes.append(await self.read(counts))
            return done

    async def scene() -> Any:
        database = Watched(url)
        await database.write(fill)
        done = await maintain_database(database, NOON, 30, at_once=10)
        await database.aclose()
        return done

    assert asyncio.run(scene()).deleted == OLD
    # The second write lets the credit of purchases stay, before what it rests on goes.
    questions = [OLD + 1, OLD + 1, 16, 6, 1]
    assert [size[0] for size in sizes[:5]] == questions
    assert sizes[-1] == [1, 1]


def test_a_retention_of_a_hundred_years_removes_nothing(url: str) -> None:
    async def scene() -> Any:
        database = Database(url)
        await database.write(fill)
        done = await maintain_database(database, NOON, MOST_DAYS)
        left = await database.read(counts)
        await database.aclose()
        return done.deleted, left

    assert asyncio.run(scene()) == (0, [OLD + 1, OLD + 1])


def test_a_file_without_old_rows_is_left_as_it_is(url: str) -> None:
    assert datetime.now(UTC) - timedelta(days=1) > NOON
    done = maintain_now(url, 400)
    assert (done.made, done.dropped, done.moved, done.deleted) == ((), (), 0, 0)
