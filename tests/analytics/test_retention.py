"""Conversion is of the mentions whose rows are there: counts are kept for ever, sales are not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from tay_middleware.analytics.catalogue import Terms
from tay_middleware.analytics.measures import terms_of
from tay_middleware.analytics.metrics import Period
from tay_middleware.analytics.overview import overview, ranked
from tay_middleware.analytics.retention import rows_since
from tay_middleware.analytics.weeks import weeks
from tay_middleware.domain import uuid7
from tay_middleware.playbook import load_playbook
from tay_middleware.settings import load_settings
from tay_middleware.storage import Database
from tay_middleware.storage.partitions import maintain_database
from tay_middleware.storage.reading import sales
from tay_middleware.storage.reading.trends import Narrowed
from tay_middleware.storage.sql import escalation_logs, escalation_row, question_row
from tay_middleware.storage.turns.figures import ALL, daily_counts
from tay_middleware.web.views import stats_fields
from tests.databases import migrated, play
from tests.storage.records import a_record

DAY = timedelta(days=1)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TODAY = NOW.replace(hour=0)
KEPT, WINDOW = 30, 14
QUARTER = Period(TODAY - 89 * DAY, TODAY + DAY)
TEMPLATE = "mentorship.gentle.any.A"


def fill(connection: Connection) -> None:
    """Ten mentions on each of 100 days, one of which sells; rows of the last thirty days alone."""
    row = escalation_row(question_row(a_record()))
    for back in range(1, 100):
        at = TODAY - back * DAY
        for dimension, value in ((ALL, ""), ("offer", "mentorship"), ("template", TEMPLATE)):
            count = {"day": at.date(), "dimension": dimension, "value": value}
            connection.execute(insert(daily_counts).values(questions=80, escalations=10, **count))
        if back <= KEPT:
            sold_at = at + timedelta(hours=1)
            more = {"id": uuid7(sold_at, back), "created_at": sold_at, "converted": True}
            more |= {"turn_id": uuid7(sold_at, back)} if "turn_id" in row else {}
            connection.execute(insert(escalation_logs).values(row | more))


@pytest.fixture(scope="module")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('retention') / 'tay.db'}"
    migrated(url)
    play(url, lambda database: database.write(fill))
    return url


TERMS: dict[str, Any] = {"now": NOW, "attribution_days": WINDOW, "retention_days": KEPT}


def terms(retention_days: int | None = KEPT) -> Terms:
    usual = terms_of(load_settings(), load_playbook(None))
    return replace(usual, attribution_days=WINDOW, retention_days=retention_days)


def test_an_overview_counts_both_sides_from_where_rows_are(database_url: str) -> None:
    found = play(database_url, lambda one: overview(one, QUARTER, Narrowed(), terms(), now=NOW))
    assert found.matured_since == TODAY - 29 * DAY
    assert (found.conversion.hits, found.conversion.n) == (15, 150)
    assert found.conversion_before.n == 0
    (mentorship,) = found.by["offer"]
    assert (mentorship.shown, mentorship.rate.hits, mentorship.rate.n) == (890, 15, 150)
    known = {one.day: one.conversion.share for one in found.days if one.conversion is not None}
    days = list(known)
    assert [days[0], days[-1]] == [(TODAY - 29 * DAY).date(), (TODAY - 15 * DAY).date()]
    assert set(known.values()) == {0.1}


def test_wordings_are_ranked_by_what_is_known_of_them(database_url: str) -> None:
    (found,) = play(database_url, lambda one: ranked(one, QUARTER, "template", terms(), now=NOW))
    assert (found.shown, found.rate.hits, found.rate.n) == (890, 15, 150)


def test_a_week_that_begins_before_has_no_conversion(database_url: str) -> None:
    found = play(database_url, lambda one: weeks(one, 7, **TERMS))
    assert [week.conversion.share if week.conversion else week.is_past for week in found] == [
        *(False, False, False),
        0.1,
        *(True, True, True),
    ]


def test_the_figures_of_the_api_are_of_what_is_there(database_url: str) -> None:
    since = play(database_url, lambda one: rows_since(one, QUARTER.since, NOW, KEPT))

    def read(connection: Connection) -> sales.Figures:
        return sales.figures(connection, QUARTER.since, QUARTER.until, since)

    found = stats_fields(play(database_url, lambda one: one.read(read)))
    assert found["total_escalations"] == 890
    assert (found["total_conversions"], found["conversion_rate"]) == (29, 10.0)
    assert found["by_offer"] == {"mentorship": 890}
    assert found["offers"]["mentorship"].conversion_rate == 10.0


def test_without_retention_everything_is_known(database_url: str) -> None:
    assert (
        play(database_url, lambda one: rows_since(one, QUARTER.since, NOW, None)) == QUARTER.since
    )
    assert play(database_url, lambda one: rows_since(one, TODAY, NOW, KEPT)) == TODAY


@pytest.mark.parametrize(
    ("setting", "keep_days", "known"),
    [
        (None, 20, TODAY - 19 * DAY),  # `--keep-days` alone
        (365, 20, TODAY - 19 * DAY),  # ... stands over the setting, or the setting was raised later
        (10, 20, TODAY - 9 * DAY),  # ... or was lowered, and rows go tonight
    ],
)
def test_rows_that_went_stay_gone_whatever_the_setting_says(
    tmp_path: Path, setting: int | None, keep_days: int, known: datetime
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    migrated(url)

    async def scene(database: Database) -> Any:
        await database.write(fill)
        await maintain_database(database, NOW, keep_days)
        return (
            await rows_since(database, QUARTER.since, NOW, setting),
            await overview(database, QUARTER, Narrowed(), terms(setting), now=NOW),
        )

    since, found = play(url, scene)
    assert (since, found.matured_since) == (known, known)
    assert found.conversion.share in {None, 0.1}


def test_a_month_that_was_dropped_is_known_from_its_end(postgres_url: str) -> None:
    migrated(postgres_url)

    async def scene(database: Database) -> datetime:
        await maintain_database(database, NOW, 30)
        return await rows_since(database, QUARTER.since, NOW, None)

    assert play(postgres_url, scene) == datetime(2026, 10, 1, tzinfo=UTC)
