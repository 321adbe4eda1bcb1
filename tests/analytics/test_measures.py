"""Every metric of a simulated month, against brute force over its raw rows."""

import asyncio
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update
from typer.testing import CliRunner

from tay_middleware.analytics.measures import Measures, measure, reactions_of, terms_of
from tay_middleware.analytics.metrics import Period
from tay_middleware.analytics.titles import TITLES
from tay_middleware.cli.main import app
from tay_middleware.settings import load_settings
from tay_middleware.simulate import Order, Result, simulate
from tay_middleware.storage import Database
from tay_middleware.storage.desk.verdicts import label
from tay_middleware.storage.reading import day_sheets
from tay_middleware.storage.sql import escalation_logs, question_logs
from tay_middleware.storage.transaction import Transaction
from tests.analytics.brute import Found, brute
from tests.databases import play
from tests.uncounted import at_scale, uncounted

pytestmark = pytest.mark.scale

UNTIL = datetime(2026, 11, 23, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=45)
NOW = UNTIL + timedelta(hours=9)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Eighty people, forty-five days."""
    home = tmp_path_factory.mktemp("measures")
    with uncounted():
        made = simulate(Order(UNTIL, users=80, days=45, seed=9, home=home))
    asked(made, label_some, writes=True)
    return made


def label_some(connection: Transaction) -> None:
    """A person has judged every twentieth question, and called every third of those wrong."""
    ids = select(question_logs.c.id, question_logs.c.detected).order_by(question_logs.c.id)
    for number, row in enumerate(connection.execute(ids).all()[::20]):
        verdict = {"escalate": bool(row.detected) is (number % 3 != 0), "offer": "mentorship"}
        label(connection, {"id": row.id, "actor": "test", "at": NOW, **verdict})


def measured(made: Result, since: datetime, until: datetime, now: datetime = NOW) -> Measures:
    terms = terms_of(made.place.settings, made.place.playbook)
    return asyncio.run(_measured(made, Period(since, until), now, terms))


async def _measured(made: Result, period: Period, now: datetime, terms: object) -> Measures:
    database = Database(made.place.settings.resolved_database_url)
    try:
        return await measure(database, period, terms, now=now)  # type: ignore[arg-type]  # a database of a kind that counts, or any function
    finally:
        await database.aclose()


def asked(made: Result, function: object, *args: object, writes: bool = False) -> object:
    async def run(database: Database) -> object:
        ask = database.write if writes else database.read
        return await ask(function, *args)  # type: ignore[arg-type]  # a database of a kind that counts, or any function

    return play(made.place.settings.resolved_database_url, run)


def forget_sheets(connection: Transaction) -> None:
    connection.execute(delete(day_sheets.day_sheets))


def comparable(found: Measures) -> Found:
    """As `brute` says it; what only an interval or a price makes is left out."""
    left_out = {"converts_better", "roi", "llm_calls", "llm_cost_per_1000_questions", "cost"}
    known: Found = {
        (one.name, one.dimension, one.value): (one.number, one.n)
        for one in found.items
        if one.name not in left_out
        and not one.name.endswith("because_of_a_mention")
        and (one.n or one.dimension != "arm")
    }
    known.pop(("offer_judged_right", None, None))
    waited = found.time_to_sale
    known["time", None, None] = (waited.mean_days, waited.n)
    known["median", None, None] = (waited.median_days, waited.n)
    return known


@pytest.mark.parametrize(
    ("since", "until", "now"),
    [
        (SINCE, UNTIL, NOW),
        (SINCE + timedelta(days=9), UNTIL - timedelta(days=17), NOW),
        (SINCE + timedelta(days=3), SINCE + timedelta(days=4), NOW),
        (UNTIL - timedelta(days=6), UNTIL, NOW),
    ],
)
def test_every_figure_is_what_brute_force_over_raw_rows_gives(
    made: Result, since: datetime, until: datetime, now: datetime
) -> None:
    found = comparable(measured(made, since, until, now))
    by_force = asked(made, brute, since, until, now.replace(hour=0), 14)
    assert found == by_force
    assert len(found) > 30


def test_sheets_are_made_once_and_say_the_same_when_they_are_made_anew(made: Result) -> None:
    first = measured(made, SINCE, UNTIL)
    terms = terms_of(made.place.settings, made.place.playbook)
    steps: list[tuple[int, int]] = []

    async def again(database: Database) -> Measures:
        return await measure(
            database,
            Period(SINCE, UNTIL),
            terms,
            now=NOW,
            step=lambda done, total: steps.append((done, total)),
        )

    assert play(made.place.settings.resolved_database_url, again) == first
    assert steps == [(0, 0)]
    asked(made, forget_sheets, writes=True)
    assert measured(made, SINCE, UNTIL) == first


def test_a_day_to_which_something_was_added_late_is_made_anew(made: Result) -> None:
    before = measured(made, SINCE, UNTIL)
    sheets = day_sheets.day_sheets
    day = (SINCE + timedelta(days=5)).date()

    def spoil(connection: Transaction) -> None:
        made_of = update(sheets).where(sheets.c.day == day)
        connection.execute(made_of.values(escalations=sheets.c.escalations + 1, content={}))

    asked(made, spoil, writes=True)
    assert measured(made, SINCE, UNTIL) == before


def test_what_was_not_known_then_is_not_looked_at(made: Result) -> None:
    """A review that is made again for an earlier moment says what it said."""
    early = SINCE + timedelta(days=20)
    young = measured(made, SINCE, SINCE + timedelta(days=18), early)
    asked(made, forget_sheets, writes=True)
    measured(made, SINCE, UNTIL)
    again = measured(made, SINCE, SINCE + timedelta(days=18), early)
    assert [one for one in again.items if one.name in {"conversion_rate", "bad_reactions"}] == [
        one for one in young.items if one.name in {"conversion_rate", "bad_reactions"}
    ]
    assert young.matured_until == SINCE + timedelta(days=6)
    assert not [one for one in young.items if one.name == "returns_after_8_to_30_days"]


def test_days_that_are_not_over_are_left_out(made: Result) -> None:
    found = measured(made, SINCE, UNTIL + timedelta(days=9), NOW)
    assert found.period.until == UNTIL
    empty = measured(made, UNTIL + timedelta(days=1), UNTIL + timedelta(days=9), NOW)
    assert empty.one("questions").number == 0
    assert empty.one("escalation_rate").number is None


def test_every_name_has_a_label(made: Result) -> None:
    assert {one.name for one in measured(made, SINCE, UNTIL).items} <= set(TITLES)


def test_a_month_of_made_up_people_says_so(made: Result) -> None:
    assert measured(made, SINCE, UNTIL).simulated


def test_the_command_tells_every_metric(made: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAY_HOME", str(made.place.settings.home))
    monkeypatch.setenv("TAY_PROMPTS_DIR", str(made.place.prompts_dir))
    told = CliRunner().invoke(app, ["metrics", "2026-10", "--as-of", "2026-11-23"])
    assert told.exit_code == 0, told.output
    for title in (
        "Escalation rate",
        "Conversion rate",
        "Converts better",
        "too little data",
        "SIMULATED",
    ):
        assert title in told.stdout
    by = CliRunner().invoke(app, ["metrics", "2026-10", "--by", "offer"])
    assert "offer: mentorship" in by.stdout
    as_json = CliRunner().invoke(app, ["metrics", "--days", "20", "--json"])
    assert json.loads(as_json.stdout)["simulated"] is True


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["2026-W60"], "there is no 2026-W60"),
        (["last"], "is no period"),
        (["--by", "weather"], "choose one of"),
        (["--as-of", "soon"], "is no day"),
    ],
)
def test_what_cannot_be_measured_is_said(options: list[str], said: str, tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["metrics", *options])
    assert found.exit_code != 0
    assert said in found.output + str(found.exception)


def test_running_costs_are_part_of_the_roi(made: Result) -> None:
    settings = load_settings(running_cost_usd_per_month=365.25 / 12)
    terms = terms_of(settings, made.place.playbook)
    found = asyncio.run(_measured(made, Period(SINCE, UNTIL), NOW, terms))
    assert found.one("cost").number == pytest.approx(45.0)
    revenue = found.one("revenue", "attributed, usd").number
    assert revenue is not None
    assert found.one("roi").number == pytest.approx(revenue / 45.0)


@at_scale
def test_a_server_gives_the_same_figures_as_a_file(postgres_url: str, tmp_path: Path) -> None:
    order = Order(UNTIL, users=20, days=40, seed=5, home=tmp_path / "server")
    on_server = simulate(replace(order, database_url=postgres_url))
    in_file = simulate(replace(order, home=tmp_path / "file"))
    assert measured(on_server, SINCE, UNTIL) == measured(in_file, SINCE, UNTIL)
    by_force = asked(on_server, brute, SINCE, UNTIL, NOW.replace(hour=0), 14)
    assert comparable(measured(on_server, SINCE, UNTIL)) == by_force


def test_other_bad_reactions_make_sheets_anew_and_an_older_look_spoils_none(made: Result) -> None:
    first = measured(made, SINCE, UNTIL)
    terms = terms_of(made.place.settings, made.place.playbook)
    known = reactions_of(made.place.playbook)
    others = replace(terms, reactions=replace(known, gates=()))
    period = Period(SINCE, UNTIL)
    fewer = asyncio.run(_measured(made, period, NOW, others)).one("bad_reactions").hits
    assert (fewer or 0) < (first.one("bad_reactions").hits or 0)
    early = asyncio.run(_measured(made, period, SINCE + timedelta(days=9), terms))
    assert early.period.until == SINCE + timedelta(days=9)
    assert measured(made, SINCE, UNTIL) == first


def test_what_was_made_before_retention_stands(made: Result, tmp_path: Path) -> None:
    """A copy of the log loses rows after their sheet was made, and another window closes."""
    first = measured(made, SINCE, UNTIL).one("mentions")
    home = shutil.copytree(made.place.settings.home, tmp_path / "copy")
    settings = made.place.settings.model_copy(update={"home": home, "database_url": None})
    copy = replace(made, place=replace(made.place, settings=settings))

    def lose(connection: Transaction) -> None:
        connection.execute(update(day_sheets.day_sheets).values(closed_days=1))
        connection.execute(delete(question_logs))
        connection.execute(delete(escalation_logs))

    asked(copy, lose, writes=True)
    assert measured(copy, SINCE, UNTIL).one("mentions") == first


def test_mentions_past_their_retention_are_in_no_conversion_rate(made: Result) -> None:
    terms = replace(terms_of(made.place.settings, made.place.playbook), retention_days=20)
    found = asyncio.run(_measured(made, Period(SINCE, UNTIL), NOW, terms))
    alone = measured(made, UNTIL - timedelta(days=19), UNTIL)
    assert found.matured_since == UNTIL - timedelta(days=19)
    assert found.one("conversion_rate") == alone.one("conversion_rate")
    assert found.one("conversion_rate").n < measured(made, SINCE, UNTIL).one("conversion_rate").n
    assert found.time_to_sale == alone.time_to_sale
    assert found.one("escalation_rate") == measured(made, SINCE, UNTIL).one("escalation_rate")
