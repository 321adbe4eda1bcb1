"""Days whose rows went: summed up before, or named and left out of rates; never a false rate."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import delete, update
from typer.testing import CliRunner

from tay_middleware.analytics.days import sheets_before_removal
from tay_middleware.analytics.measures import Measures, measure, reactions_of, terms_of
from tay_middleware.analytics.metrics import Period
from tay_middleware.analytics.review.sentences import happened
from tay_middleware.analytics.wording import missing_days
from tay_middleware.cli.main import app
from tay_middleware.domain import uuid7
from tay_middleware.errors import ConfigurationError
from tay_middleware.playbook import load_playbook
from tay_middleware.settings import load_settings
from tay_middleware.storage import Database
from tay_middleware.storage.ledger import apply
from tay_middleware.storage.outbox.wire import turn_event
from tay_middleware.storage.partitions import maintain_database
from tay_middleware.storage.sql import escalation_logs, question_logs
from tay_middleware.storage.transaction import Transaction
from tay_middleware.storage.turns.events import read_event
from tests.builders import NOON
from tests.databases import migrated, play
from tests.storage.records import DAY, a_record

DAYS, A_DAY = 40, 8
"""Eight questions a day, of which one is answered with a mention."""

KEPT = 10
NOW = NOON + DAYS * DAY
PERIOD = Period(datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 4, 11, tzinfo=UTC))


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    migrated(url)
    play(url, fill)
    return url


async def fill(database: Database) -> None:
    records = [
        a_record(n, at=NOON + (n // A_DAY) * DAY, user=f"u{n}", shown=n % A_DAY == 0)
        for n in range(DAYS * A_DAY)
    ]
    events = [read_event("turn", turn_event(record)) for record in records]
    await database.write(apply, events, range(64), NOON)


def shown_and_measured(url: str, *, sums_up: bool) -> Measures:
    terms = terms_of(load_settings(), load_playbook(None))

    async def scene(database: Database) -> Measures:
        if sums_up:
            until = NOW - KEPT * DAY
            await sheets_before_removal(
                database, until, now=NOW, reactions=reactions_of(load_playbook(None))
            )
        await maintain_database(database, NOW, KEPT)
        return await measure(database, PERIOD, terms, now=NOW)

    return play(url, scene)


def told(found: Measures) -> dict[str, Any]:
    names = ("questions", "mentions", "escalation_rate", "detection_rate")
    return {name: (found.one(name).number, found.one(name).n) for name in names}


def test_figures_of_days_that_are_summed_up_stay_when_their_rows_go(url: str) -> None:
    found = shown_and_measured(url, sums_up=True)
    n = DAYS * A_DAY
    assert told(found) == {
        "questions": (n, n),
        "mentions": (DAYS, DAYS),
        "escalation_rate": (1 / A_DAY, n),
        "detection_rate": (1 / A_DAY, n),
    }
    assert found.missing == ()


def test_days_that_are_not_summed_up_are_counted_named_and_in_no_rate_of_users(url: str) -> None:
    found = shown_and_measured(url, sums_up=False)
    n, gone = DAYS * A_DAY, DAYS - KEPT
    assert told(found) == {
        "questions": (n, n),
        "mentions": (DAYS, DAYS),
        "escalation_rate": (1 / A_DAY, n - gone * A_DAY),
        "detection_rate": (1 / A_DAY, n),
    }
    assert found.of("mentions", "offer")[0].number == DAYS
    assert found.missing == tuple(date(2026, 3, 2) + timedelta(days=n) for n in range(gone))


def test_a_review_says_which_days_are_missing(url: str) -> None:
    found = shown_and_measured(url, sums_up=False)
    facts: Any = SimpleNamespace(now=found, past=(), paused=())
    said = list(happened(facts))
    assert "30 days from 2026-03-02 to 2026-03-31 went past retention" in said[1]


def test_one_day_is_named_alone() -> None:
    day = date(2026, 3, 2)
    assert missing_days([day]) == "2026-03-02 went past retention before being summed up"


def test_maintenance_sums_up_what_it_is_about_to_remove(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TAY_HOME", str(tmp_path))
    monkeypatch.setenv("TAY_DATABASE_URL", url)
    run = CliRunner()
    done = run.invoke(app, ["db", "maintain", "--keep-days", "30"])
    assert f"deleted {DAYS * A_DAY + DAYS} rows" in done.stdout
    found = json.loads(run.invoke(app, ["metrics", "2026-03", "--json"]).stdout)
    assert found["missing"] == []
    (rate,) = [
        one
        for one in found["items"]
        if one["name"] == "escalation_rate" and one["dimension"] is None
    ]
    assert (rate["number"], rate["n"]) == (1 / A_DAY, 30 * A_DAY)


@pytest.mark.parametrize("keep_days", ["6", "7"])
def test_a_retention_that_would_lift_a_cap_of_the_embedded_store_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, keep_days: str
) -> None:
    """The longest cap counts seven days of mentions, in the rows of the log."""
    monkeypatch.setenv("TAY_HOME", str(tmp_path))
    monkeypatch.setenv("TAY_DATABASE_URL", url)
    run = CliRunner()
    done = run.invoke(app, ["db", "maintain", "--keep-days", keep_days])
    if keep_days == "7":
        assert done.exit_code == 0, done.output
    else:
        assert isinstance(done.exception, ConfigurationError)
        assert "Keep 7 days" in str(done.exception)
        monkeypatch.setenv("TAY_REDIS_URL", "redis://127.0.0.1:1/0")
        monkeypatch.setenv("TAY_USER_KEY_SECRET", "x" * 40)
        assert run.invoke(app, ["db", "maintain", "--keep-days", keep_days]).exit_code == 0


def all_sold(connection: Transaction) -> None:
    """Every mention led to a sale, on the day after."""
    connection.execute(update(escalation_logs).values(converted=True, converted_at=NOON + DAY))


def test_conversion_is_of_rows_that_are_there_whatever_the_setting_says(url: str) -> None:
    """`tay db maintain --keep-days 30`, and `TAY_RETENTION_DAYS` is not set, or says more."""
    plain = terms_of(load_settings(), load_playbook(None))
    late = NOW + 20 * DAY

    async def scene(database: Database) -> list[tuple[int | None, int]]:
        await database.write(all_sold)
        until = late - 30 * DAY
        await sheets_before_removal(
            database, until, now=late, reactions=reactions_of(load_playbook(None))
        )
        await maintain_database(database, late, 30)
        found = []
        for days in (None, 365, 30):
            terms = replace(plain, retention_days=days)
            one = (await measure(database, PERIOD, terms, now=late)).one("conversion_rate")
            found.append((one.hits, one.n))
        return found

    assert play(url, scene) == [(9, 9)] * 3


@pytest.mark.parametrize("sold", [4, 8])
def test_a_sale_of_a_missing_day_is_in_no_rate(url: str, sold: int) -> None:
    """Of each of the first 35 days one question is deleted by other means."""
    terms = terms_of(load_settings(), load_playbook(None))

    def hurt(connection: Transaction) -> None:
        for day in range(DAYS - 5):
            at = NOON + day * DAY
            gone = uuid7(at, day * A_DAY + 1)
            connection.execute(delete(question_logs).where(question_logs.c.id == gone))
            if day < sold:
                mention = escalation_logs.c.id == uuid7(at, day * A_DAY)
                known = {"converted": True, "converted_at": at + DAY}
                connection.execute(update(escalation_logs).where(mention).values(**known))

    async def scene(database: Database) -> Measures:
        await database.write(hurt)
        return await measure(database, PERIOD, terms, now=NOW + 20 * DAY)

    found = play(url, scene)
    assert len(found.missing) == DAYS - 5
    assert (found.one("conversion_rate").hits, found.one("conversion_rate").n) == (0, 5)
    assert found.time_to_sale.n == 0


def test_a_late_turn_of_a_day_past_retention_leaves_its_sheet_as_it_was(url: str) -> None:
    terms = terms_of(load_settings(), load_playbook(None))

    async def scene(database: Database) -> tuple[Measures, Measures]:
        until = NOW - KEPT * DAY
        await sheets_before_removal(
            database, until, now=NOW, reactions=reactions_of(load_playbook(None))
        )
        await maintain_database(database, NOW, KEPT)
        before = await measure(database, PERIOD, terms, now=NOW)
        late = a_record(5000, at=NOON + 2 * DAY, user="late", shown=False)
        await database.write(apply, [read_event("turn", turn_event(late))], range(64), NOW)
        return before, await measure(database, PERIOD, terms, now=NOW)

    before, after = play(url, scene)
    assert after.missing == ()
    assert after.one("questions").n == before.one("questions").n + 1
    for name in ("escalation_rate", "conversion_rate", "bad_reactions"):
        assert after.one(name) == before.one(name)
