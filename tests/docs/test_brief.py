"""The table of the brief: complete, answered, and asked by commands that run."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tay_middleware.cli.main import app
from tay_middleware.playbook import load_playbook
from tests.docs.brief import DOCUMENT, ROWS, Row, picked, simulated

pytestmark = pytest.mark.scale

COMMANDS = sorted(
    {row.command for rows in ROWS.values() for row in rows if row.command.startswith("tay ")}
)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A small month."""
    return simulated(tmp_path_factory.mktemp("brief") / "home", 40)


def test_every_line_has_its_command_and_an_answer() -> None:
    table = [line.split(" | ") for line in DOCUMENT.read_text().splitlines() if "` | " in line]
    answered = {(cells[0].removeprefix("| "), cells[1].strip("`")): cells[2] for cells in table}
    wanted = {(row.line, row.command) for rows in ROWS.values() for row in rows}
    assert set(answered) == wanted
    assert all("`" in answer for answer in answered.values())


def test_what_tune_answers_is_no_refusal_and_of_the_thresholds_in_force() -> None:
    lines = [line for line in DOCUMENT.read_text().splitlines() if "`tay tune" in line]
    assert lines
    assert not any("refused" in line for line in lines)
    cascade = load_playbook().policy.cascade
    quoted = re.findall(r"`(scorer|encoder) +[\d,]+ +[\d,]+ +([\d.]+) ", " ".join(lines))
    assert quoted
    assert {(stage, float(at)) for stage, at in quoted} <= {
        ("scorer", cascade.scorer.threshold),
        ("encoder", cascade.encoder.threshold),
    }


def test_the_best_offers_and_templates_are_those_of_the_tables() -> None:
    review = """- Whether mentorship converts better than course: not sure yet.
- course.standard.any.C is paused: 11 of 20 users reacted badly
   +paused_templates: [course.standard.any.C]
all           8.2 %  5.7 to 11.6  367  5 to 10 %  not sure yet
mentorship   10.9 %  6.8 to 17.1  156  5 to 10 %  not sure yet
mentorship.standard.any.B   12.9 %  4.5 to 31.8  31          3.2 %"""
    asked = {row.line: row for row in ROWS["Weekly review: Monday"]}

    def first_words(row: Row) -> list[str]:
        return [line.split()[0] for line in picked(review, row)]

    assert first_words(asked["Which offers convert best?"]) == ["mentorship"]
    assert first_words(asked["Which templates convert best?"]) == ["mentorship.standard.any.B"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_table_runs(
    command: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (environment | {"COLUMNS": "110"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(Path(environment["TAY_HOME"]))
    told = CliRunner().invoke(app, command.split()[1:])
    may_refuse = command.startswith("tay tune")
    assert told.exit_code in ({0, 1} if may_refuse else {0}), told.output
    assert may_refuse or any(
        picked(told.stdout, row) for rows in ROWS.values() for row in rows if row.command == command
    )
