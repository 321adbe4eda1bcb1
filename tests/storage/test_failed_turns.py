"""A turn whose model failed is no question in any figure."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, text

from tay_middleware.domain import ReplyStatus
from tay_middleware.storage import Database
from tay_middleware.storage.migrations import VERSION_TABLE
from tay_middleware.storage.reading import day_sheets
from tay_middleware.storage.sql import question_row
from tay_middleware.storage.turns import figures
from tay_middleware.storage.turns.bulk import insert_turns
from tay_middleware.storage.turns.figures import ALL, daily_counts, hourly_stats
from tests.builders import NOON
from tests.databases import migrated
from tests.storage.records import SECOND, a_record


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"


def as_0017_left_it(connection: Connection) -> None:
    """A turn that failed and one that did not, and both are counted."""
    rows = [
        question_row(a_record(1, shown=False, status=ReplyStatus.FAILED)),
        question_row(a_record(2, at=NOON + SECOND, shown=False)),
    ]
    insert_turns(connection, rows)
    counted = [{**row, "status": ReplyStatus.REPLIED.value, "detected": True} for row in rows]
    figures.note(connection, figures.difference(counted, []), figures.days_of(rows))
    connection.execute(text("UPDATE question_logs SET detected = (1 = 1)"))
    connection.execute(text("ALTER TABLE pauses DROP COLUMN until"))
    connection.execute(text("DROP TABLE schema_compatibility"))
    connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '0017'"))  # noqa: S608 - our own name


def kept(connection: Connection) -> list[Any]:
    hours, days = hourly_stats.c, daily_counts.c
    by_hour = select(func.sum(hours.questions), func.sum(hours.detected))
    by_day = select(func.sum(days.questions)).where(days.dimension == ALL)
    asked = day_sheets.asked(connection, NOON.date())
    found = [*connection.execute(by_hour).one(), connection.execute(by_day).scalar_one()]
    return [*map(int, found), sum(row.number for row in asked)]


def test_an_upgrade_takes_those_that_were_counted_out_of_the_figures(url: str) -> None:
    migrated(url)

    async def scene(act: Any) -> Any:
        database = Database(url)
        try:
            return await database.write(act)
        finally:
            await database.aclose()

    asyncio.run(scene(as_0017_left_it))
    assert asyncio.run(scene(kept)) == [2, 2, 2, 1]
    migrated(url)
    assert asyncio.run(scene(kept)) == [1, 1, 1, 1]
