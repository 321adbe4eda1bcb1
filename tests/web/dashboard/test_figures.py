"""The figures of pages are those of the rows, counted again by hand, on either database."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tay_middleware.analytics.calendar import Span, name_of
from tay_middleware.analytics.measures import measure, terms_of
from tay_middleware.analytics.metrics import Period
from tay_middleware.analytics.overview import Overview, overview, ranked
from tay_middleware.analytics.said import said_of
from tay_middleware.analytics.weeks import weeks
from tay_middleware.playbook import load_playbook
from tay_middleware.settings import load_settings
from tay_middleware.storage.reading import trends
from tay_middleware.storage.reading.trends import Narrowed
from tay_middleware.storage.sql import escalation_logs, question_logs
from tests.databases import play
from tests.fixtures_servers import _databases, postgres, postgres_url
from tests.web.dashboard.stage import MONDAY, copied, simulated

__all__ = ["_databases", "postgres", "postgres_url"]

DAYS = 14
"""The window of attribution."""

TERMS = replace(terms_of(load_settings(), load_playbook(None)), attribution_days=DAYS)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def url(
    request: pytest.FixtureRequest, month: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A simulated month on each database."""
    if request.param == "sqlite":
        home = copied(month, tmp_path_factory.mktemp("figures") / "home")
        yield f"sqlite+aiosqlite:///{home / 'tay.db'}"
        return
    found = str(request.getfixturevalue("_databases")[1])
    simulated(tmp_path_factory.mktemp("history"), users=25, database_url=found)
    yield found


def read(url: str, function: Any, *args: Any) -> Any:
    return play(url, lambda database: database.read(function, *args))


def found_of(url: str, period: Period, narrowed: Narrowed) -> Overview:
    return play(url, lambda database: overview(database, period, narrowed, TERMS, now=MONDAY))


def period_to(days: int) -> Period:
    until = MONDAY.replace(hour=0, minute=0) + timedelta(days=1)
    return Period(until - timedelta(days=days), until)


def rows_of(url: str, table: Any) -> list[Any]:
    return list(read(url, lambda tx: tx.execute(select(table)).all()))


@pytest.mark.parametrize(
    "narrowed",
    [Narrowed(), Narrowed("mentorship"), Narrowed(None, "premium"), Narrowed("course", "free")],
    ids=["all", "offer", "tier", "both"],
)
@pytest.mark.parametrize("days", [7, 30])
def test_an_overview_counts_what_the_rows_say(url: str, narrowed: Narrowed, days: int) -> None:
    period = period_to(days)
    found = found_of(url, period, narrowed)
    questions = [
        row
        for row in rows_of(url, question_logs)
        if narrowed.tier in {None, row.tier} and period.since <= row.created_at < period.until
    ]
    mentions = [
        row
        for row in rows_of(url, escalation_logs)
        if narrowed.tier in {None, row.tier}
        and narrowed.offer in {None, row.offer}
        and period.since <= row.created_at < period.until
    ]
    ripe_until = MONDAY.replace(hour=0, minute=0) - timedelta(days=DAYS)
    ripe = [row for row in mentions if row.created_at < ripe_until]
    assert (found.escalation.hits, found.escalation.n) == (len(mentions), len(questions))
    assert (found.conversion.hits, found.conversion.n) == (
        sum(row.converted for row in ripe),
        len(ripe),
    )
    by_day = Counter(row.created_at.date() for row in mentions)
    assert {one.day: one.shown for one in found.days if one.shown} == dict(by_day)
    assert sum(one.questions for one in found.days) == len(questions)
    for name in ("offer", "template", "tier"):
        every = Counter(getattr(row, name) for row in mentions)
        assert {one.name: one.shown for one in found.by[name]} == dict(every)
        sold = Counter(getattr(row, name) for row in ripe if row.converted)
        assert {one.name: one.rate.hits for one in found.by[name] if one.rate.hits} == dict(sold)
        shares = [one.rate.share or 0.0 for one in found.by[name]]
        assert shares == sorted(shares, reverse=True)


def test_intervals_are_those_of_the_metrics_or_none(url: str) -> None:
    known = play(url, lambda database: measure(database, period_to(30), TERMS, now=MONDAY))

    def ends(name: str, value: str | None = None, dimension: str | None = None) -> Any:
        one = known.one(name, value, dimension)
        return one.low, one.high

    def given(rate: Any) -> Any:
        return rate and (rate.low, rate.high)

    of_all = found_of(url, period_to(30), Narrowed())
    assert given(of_all.escalation_by_user) == ends("escalation_rate")
    assert given(of_all.conversion) == ends("conversion_rate")
    for name in ("offer", "template", "tier"):
        for one in of_all.by[name]:
            if one.rate.n:
                assert given(one.rate) == ends("conversion_rate", one.name, name)
    offer = found_of(url, period_to(30), Narrowed("mentorship"))
    assert offer.escalation_by_user is None
    assert given(offer.conversion) == ends("conversion_rate", "mentorship", "offer")
    tier = found_of(url, period_to(30), Narrowed(None, "premium"))
    assert given(tier.escalation_by_user) == ends("escalation_rate", "premium", "tier")
    assert given(tier.conversion) == ends("conversion_rate", "premium", "tier")
    assert {given(one.rate) for one in tier.by["offer"]} == {(None, None)}
    both = found_of(url, period_to(30), Narrowed("course", "free"))
    assert (both.escalation_by_user, given(both.conversion)) == (None, (None, None))


def test_a_conversion_line_ends_where_windows_are_open(url: str) -> None:
    found = found_of(url, period_to(30), Narrowed())
    last = MONDAY.date() - timedelta(days=DAYS + 1)
    assert all((one.conversion is not None) == (one.day <= last) for one in found.days)
    assert found.days[-1].day == MONDAY.date()
    assert found.matured_until == datetime.combine(
        last + timedelta(days=1), datetime.min.time(), UTC
    )


def test_one_dimension_alone_is_ranked_as_in_the_overview(url: str) -> None:
    assert (
        play(url, lambda database: ranked(database, period_to(30), "template", TERMS, now=MONDAY))
        == found_of(url, period_to(30), Narrowed()).by["template"]
    )


def test_weeks_add_up_to_the_rows_and_say_what_is_still_open(url: str) -> None:
    found = play(
        url,
        lambda database: weeks(database, 6, now=MONDAY, attribution_days=DAYS, retention_days=None),
    )
    mentions = Counter(
        name_of(Span.WEEK, row.created_at.date()) for row in rows_of(url, escalation_logs)
    )
    assert {week.name: week.shown for week in found if week.shown} == dict(mentions)
    assert [week.name for week in found] == sorted((week.name for week in found), reverse=True)
    open_ones = {week.name for week in found if week.conversion is None}
    assert open_ones == {"2026-W46", "2026-W47"}


def test_what_was_held_back_and_why_is_counted_from_the_rows(url: str) -> None:
    period = period_to(31)
    rows = rows_of(url, question_logs)
    held = Counter(row.suppressed for row in rows if row.suppressed)
    assert read(url, trends.held_back, period.since, period.until) == dict(held)
    reasons = Counter(row.reason for row in rows_of(url, escalation_logs))
    assert read(url, trends.reasons, period.since, period.until) == dict(reasons)


def test_a_week_is_said_in_sentences_that_the_intervals_bear(url: str) -> None:
    said = said_of(found_of(url, period_to(30), Narrowed()))
    assert any("Tay mentioned an offer in" in one for one in (*said.sure, *said.unsure))
    assert said.next
    quiet = said_of(
        found_of(
            url, Period(MONDAY - timedelta(days=900), MONDAY - timedelta(days=893)), Narrowed()
        )
    )
    assert quiet.sure == ()
    assert quiet.next[0] == "Wait: mentions of this period are too few, or too young, to judge."
