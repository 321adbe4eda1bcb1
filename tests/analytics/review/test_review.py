"""A review is made once, kept, and says what the figures say."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from math import ceil
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from tay_middleware.analytics import charts
from tay_middleware.analytics.calendar import Span, before, name_of
from tay_middleware.analytics.catalogue import Measure
from tay_middleware.analytics.metrics import ESCALATION_TARGET
from tay_middleware.analytics.review.document import Action, Section, Table, from_json, to_json
from tay_middleware.analytics.review.forecasts import foretell
from tay_middleware.analytics.review.page import page
from tay_middleware.analytics.review.text import markdown
from tay_middleware.cli.main import app
from tay_middleware.errors import InputError
from tay_middleware.simulate import Result
from tay_middleware.storage.desk import pauses
from tay_middleware.storage.reading.day_sheets import day_sheets
from tay_middleware.storage.sql import escalation_logs
from tay_middleware.storage.transaction import Transaction
from tests.analytics.review.stage import UNTIL, copied, forget, reviewed, write

pytestmark = pytest.mark.scale


def test_a_review_is_given_out_again_word_for_word(made: Result, tmp_path: Path) -> None:
    """Every sale of a copy of the log is taken back between the two."""
    copy = copied(made, tmp_path / "copy")
    first = reviewed(copy, "2026-W46")

    def take_back(connection: Transaction) -> None:
        connection.execute(update(escalation_logs).values(converted=False))

    write(copy, take_back)
    later = UNTIL + timedelta(days=3)
    assert reviewed(copy, "2026-W46", later) == first
    again = reviewed(copy, "2026-W46", later, anew=True)
    assert again.as_of == later
    assert again.sections != first.sections
    assert reviewed(copy, "2026-W46", later, as_of=UNTIL) == first


def test_one_made_anew_on_the_same_day_is_the_one_that_is_given_out(
    made: Result, tmp_path: Path
) -> None:
    copy = copied(made, tmp_path / "copy")
    first = reviewed(copy, "2026-W46")

    def pause(connection: Transaction) -> None:
        pauses.pause(
            connection,
            pause_id=UUID(int=1),
            subject=pauses.Subject.OFFER,
            name="mentorship",
            now=UNTIL - timedelta(days=1),
            by="cli:robin",
            reason="sold out until May",
            figures={},
        )

    write(copy, pause)
    again = reviewed(copy, "2026-W46", UNTIL + timedelta(hours=2), anew=True)
    assert (again.as_of, again.actions != first.actions) == (first.as_of, True)
    for later in (timedelta(hours=3), timedelta(days=1)):
        assert reviewed(copy, "2026-W46", UNTIL + later) == again


def test_a_period_that_is_not_over_is_reviewed_and_not_kept(made: Result) -> None:
    now = UNTIL - timedelta(days=3)
    young = reviewed(made, "2026-W47", now)
    assert young.until == now.date()
    assert reviewed(made, "2026-W47").until == UNTIL.date()
    write(made, forget)


def test_forecasts_are_scored_when_their_period_is_known(made: Result) -> None:
    for weeks in range(5, 0, -1):
        monday = UNTIL - timedelta(weeks=weeks)
        reviewed(made, before(name_of(Span.WEEK, monday.date())), monday)
    found = reviewed(made, "2026-W47")
    known = [one for one in found.scores if one.actual is not None]
    assert {one.forecast.measure for one in known} == {"escalation_rate", "conversion_rate"}
    for one in known:
        came = one.actual or 0.0
        expected = "as foretold"
        if came > one.forecast.high:
            expected = "higher than foretold"
        elif came < one.forecast.low:
            expected = "lower than foretold"
        assert one.words.startswith(expected)
    assert sum(one.words == "as foretold" for one in known) >= len(known) / 2
    open_ones = [one for one in found.scores if one.actual is None]
    assert {one.words for one in open_ones} <= {"not known yet"}
    write(made, forget)


def test_what_has_begun_is_not_foretold_and_the_first_forecast_is_scored(
    made: Result, tmp_path: Path
) -> None:
    copy = copied(made, tmp_path / "copy")
    monday = UNTIL - timedelta(weeks=1)
    first = reviewed(copy, "2026-W46", monday)
    assert {one.period for one in first.forecasts} == {"2026-W47"}
    assert reviewed(copy, "2026-W41").forecasts == ()
    assert reviewed(copy, "2026-W45", UNTIL, as_of=UNTIL - timedelta(weeks=2)).forecasts == ()
    assert reviewed(copy, "2026-W46", UNTIL, anew=True).forecasts == ()

    def raise_the_rate(connection: Transaction) -> None:
        connection.execute(update(day_sheets).values(terms=0))
        connection.execute(update(escalation_logs).values(converted=True))

    write(copy, raise_the_rate)
    again = reviewed(copy, "2026-W46", UNTIL, as_of=monday, anew=True)
    assert again.sections != first.sections
    assert again.forecasts == first.forecasts
    scores = reviewed(copy, "2026-W47").scores
    assert [(one.forecast, one.made_at) for one in scores] == [
        (one, monday) for one in first.forecasts
    ]


@pytest.mark.parametrize(
    ("name", "weeks", "kept_days", "since", "until"),
    [
        ("2026-W47", 0, 30, "25 October", "9 November"),  # older rows are past retention
        ("2026-W41", 6, None, "14 September", "28 September"),  # nothing was asked before
    ],
)
def test_dates_and_pace_are_of_the_days_from_which_mentions_are(
    made: Result,
    tmp_path: Path,
    name: str,
    weeks: int,
    kept_days: int | None,
    since: str,
    until: str,
) -> None:
    copy = copied(made, tmp_path / "copy")
    settings = copy.place.settings.model_copy(update={"retention_days": kept_days})
    copy = replace(copy, place=replace(copy.place, settings=settings))
    found = reviewed(copy, name, UNTIL - timedelta(weeks=weeks))
    (line,) = [
        line
        for section in found.sections
        for line in section.lines
        if line.startswith("Of mentions")
    ]
    assert f"from {since} to before {until}:" in line
    assert f"{found.ripe_since:%-d %B}" == since
    assert f"{found.ripe_until:%-d %B}" == until
    days = (found.ripe_until - found.ripe_since).days
    pace = [
        (int(n.replace(",", "")), int(more.replace(",", "")), int(weeks))
        for n, more, weeks in re.findall(
            r"sale in [0-9.]+ % of ([0-9,]+) .*About ([0-9,]+) more would say: ([0-9]+) week",
            "\n".join(found.unsure),
        )
    ]
    assert pace
    for n, more, waits in pace:
        assert waits == ceil(more / (7 * n / days))


def test_a_month_and_a_quarter_are_reviewed_too(made: Result) -> None:
    month, quarter = reviewed(made, "2026-10"), reviewed(made, "2026-Q4")
    assert (month.until - month.since).days == 31
    assert quarter.since.isoformat() == "2026-10-01"
    for found in (month, quarter):
        assert found.simulated
        assert found.actions
        assert {section.title for section in found.sections} >= {"Which offers lead to a sale"}
    write(made, forget)


def shares_of(chart: dict[str, Any]) -> list[float]:
    """Every share that a picture draws as a point."""
    return [
        value["share"]
        for layer in chart["layer"]
        for value in layer.get("data", {}).get("values", [])
        if value.get("share") is not None
    ]


def test_every_number_of_a_picture_stands_in_a_table_under_it(made: Result) -> None:
    drawn = 0
    for section in reviewed(made, "2026-10").sections:
        cells = {cell for table in section.tables for row in table.rows for cell in row}
        for share in shares_of(section.chart or {"layer": []}):
            assert f"{100 * share:.1f} %" in cells, section.title
            drawn += 1
    assert drawn > 20
    write(made, forget)


class Reader(HTMLParser):
    """Collects what a page is made of, and whether its elements close."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.links += [
            value or "" for name, value in attrs if name in {"src", "href", "xlink:href"}
        ]
        if tag not in {"meta", "path", "line", "rect", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            assert self.open.pop() == tag


def test_the_page_stands_alone_and_runs_nothing(made: Result) -> None:
    words = page(reviewed(made, "2026-10"))
    reader = Reader()
    reader.feed(words)
    assert reader.open == []
    assert "script" not in reader.seen
    assert reader.links == []
    assert ("svg" in reader.seen) == charts.is_installed()
    assert "SIMULATED" in words
    assert len(words) < 300_000
    write(made, forget)


def test_names_with_markup_are_text_on_the_page(made: Result) -> None:
    evil = "<script>alert('x')</script> & \"more\" | `code`"
    found = replace(
        reviewed(made, "2026-10"),
        happened=(evil,),
        actions=(Action(evil, evil, evil, evil, evil),),
        sections=(Section(evil, (evil,), None, (Table(evil, (evil,), ((evil,),)),)),),
    )
    reader = Reader()
    reader.feed(page(found))
    assert "script" not in reader.seen
    assert "\\|" in markdown(found)
    write(made, forget)


def test_a_review_survives_its_json(made: Result) -> None:
    found = reviewed(made, "2026-10")
    assert from_json(json.loads(json.dumps(to_json(found)))) == found
    write(made, forget)


def test_without_charts_the_tables_say_the_same(
    made: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charts, "is_installed", lambda: False)
    words = page(reviewed(made, "2026-10"))
    assert "<svg" not in words
    assert "By offer" in words
    write(made, forget)


def test_the_command_gives_out_every_form(
    made: Result, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TAY_HOME", str(made.place.settings.home))
    monkeypatch.setenv("TAY_PROMPTS_DIR", str(made.place.prompts_dir))
    monkeypatch.setenv("COLUMNS", "140")
    week = ["review", "--week", "2026-W46"]
    told = CliRunner().invoke(app, week)
    assert told.exit_code == 0, told.output
    for heading in ("What is sure", "What is not", "What to do on Friday", "SIMULATED"):
        assert heading in told.stdout
    for ending, sign in ((".html", "<!doctype html>"), (".md", "# Review of"), (".json", "{")):
        out = tmp_path / f"review{ending}"
        given = CliRunner().invoke(app, [*week, "--out", str(out)])
        assert given.exit_code == 0, given.output
        assert out.read_text(encoding="utf-8").startswith(sign)
    plain = tmp_path / "review.txt"
    given = CliRunner().invoke(app, [*week, "--out", str(plain), "--format", "terminal"])
    assert given.exit_code == 0, given.output
    assert plain.read_text(encoding="utf-8").startswith("Review of 2026-W46\n")
    assert "\x1b" not in plain.read_text(encoding="utf-8")
    write(made, forget)


def test_a_forecast_is_wider_when_less_is_known() -> None:
    def measured(n: int, half: float) -> Measure:
        return Measure(
            "escalation_rate",
            "share",
            0.12,
            n,
            0,
            0.12 - half,
            0.12 + half,
            target=ESCALATION_TARGET,
        )

    sharp, blurred = (
        foretell(measured(10_000, 0.006), "2026-W48", 10_000),
        foretell(measured(400, 0.03), "2026-W48", 400),
    )
    assert sharp is not None
    assert blurred is not None
    assert blurred.high - blurred.low > 4 * (sharp.high - sharp.low)
    assert foretell(measured(10, 0.2), "2026-W48", 100) is None
    assert foretell(measured(1000, 0.2), "2026-W48", 0) is None


def test_what_has_not_come_yet_is_not_reviewed(made: Result) -> None:
    with pytest.raises(InputError, match="has not come yet"):
        reviewed(made, "2026-W47", UNTIL, UNTIL + timedelta(days=9))
