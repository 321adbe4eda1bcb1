"""Who came and who was exposed, when rows go: nobody is exposed anew, no sheet turns empty."""

import asyncio
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from tay_middleware.analytics.days import Reactions, make_sheets, sheets_before_removal
from tay_middleware.storage import Database
from tay_middleware.storage.ledger import apply
from tay_middleware.storage.partitions import maintain_database
from tay_middleware.storage.reading import day_sheets as sql
from tay_middleware.storage.sql import question_row
from tay_middleware.storage.transaction import Transaction
from tay_middleware.storage.turns.events import Event
from tay_middleware.storage.turns.exposures import exposures
from tay_middleware.storage.turns.figures import daily_users
from tests.storage.records import DAY, a_record

BEGIN = datetime(2026, 9, 1, 12, tzinfo=UTC)
TERMS = Reactions(("x",), timedelta(hours=24))
OTHER_TERMS = Reactions(("x", "y"), timedelta(hours=24))
PEOPLE = 3


def asked_on(day: int) -> list[Event]:
    """A question of each of three people, exposed to the holdout."""
    events = []
    for person in range(PEOPLE):
        number = 1 + day * PEOPLE + person
        at = BEGIN + day * DAY + timedelta(minutes=person)
        row = question_row(a_record(number, at=at, user=f"u{person}", shown=False))
        row["assignments"] = [["holdout", "shown", True, 0.9]]
        events.append(Event("turn", row["turn_id"], row, row["user_key"]))
    return events


def first_exposed(content: dict[str, Any]) -> int:
    return sum(content["first_due"]["shown"]["again"][0])


def came(content: dict[str, Any]) -> tuple[int, int]:
    n, hits = content["active"]["week"]
    return sum(n), sum(hits)


async def sheet(database: Database, day: date) -> Any:
    ((_, content),) = await database.read(sql.contents, day, day + DAY)
    return content


@pytest.mark.parametrize("keep_days", [None, 5])
def test_who_still_comes_is_first_exposed_once(either_url: str, keep_days: int | None) -> None:
    async def scene() -> list[int]:
        database = Database(either_url)
        for day in range(12):
            await database.write(apply, asked_on(day), [0], BEGIN)
            now = BEGIN + (day + 2) * DAY
            await make_sheets(database, BEGIN.date(), now.date(), now=now, reactions=TERMS)
            if keep_days is not None:
                await maintain_database(database, now, keep_days)
        sheets = await database.read(sql.contents, BEGIN.date(), now.date())
        await database.aclose()
        return [first_exposed(content) for _, content in sheets]

    assert asyncio.run(scene()) == [PEOPLE] + [0] * 11


@pytest.mark.parametrize(
    ("open_tests", "stay"), [((), 0), ({"another"}, 0), ({"another", "holdout"}, PEOPLE)]
)
def test_exposures_of_who_comes_no_more_go_unless_the_test_is_open(
    either_url: str, open_tests: Collection[str], stay: int
) -> None:
    async def scene() -> int:
        database = Database(either_url)
        await database.write(apply, asked_on(0), [0], BEGIN)
        await maintain_database(database, BEGIN + 60 * DAY, 20, open_tests=open_tests)
        left = await database.read(
            lambda connection: connection.execute(
                select(func.count()).select_from(exposures)
            ).scalar_one()
        )
        await database.aclose()
        return left

    assert asyncio.run(scene()) == stay


def forget_users(connection: Transaction) -> None:
    connection.execute(delete(daily_users).where(daily_users.c.day <= BEGIN.date()))


@pytest.mark.parametrize("forgets", [False, True])
def test_a_sheet_outlives_its_users_when_terms_change(either_url: str, forgets: bool) -> None:
    """Retention ends within the month; a version before let the users of days before that go."""

    async def scene() -> tuple[Any, Any]:
        database = Database(either_url)
        for day in range(12):
            await database.write(apply, asked_on(day), [0], BEGIN)
        now = BEGIN + 40 * DAY
        until = now - 35 * DAY
        await sheets_before_removal(database, until, now=now, reactions=TERMS)
        before = await sheet(database, BEGIN.date())
        await maintain_database(database, now, 35)
        if forgets:
            await database.write(forget_users)
        await make_sheets(database, BEGIN.date(), now.date(), now=now, reactions=OTHER_TERMS)
        after = await sheet(database, BEGIN.date())
        await database.aclose()
        return before, after

    before, after = asyncio.run(scene())
    assert came(before) == came(after) == (PEOPLE, PEOPLE)
    assert first_exposed(after) == PEOPLE
