"""The table of the brief: complete, answered, and asked by commands that run."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tay_middleware.cli.main import app
from tests.docs.brief import DOCUMENT, ROWS, picked, simulated

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
