"""What `tay review` refuses, before it reads anything."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tay_middleware.cli.main import app

UNSAID = "write .md, .html or .json, or say --format"


@pytest.mark.parametrize(
    ("name", "form", "said"),
    [
        ("r.txt", None, UNSAID),
        ("r.pdf", None, UNSAID),
        ("r", None, UNSAID),
        ("r.json", "html", ".json is not --format html"),
        ("r.md", "terminal", ".md is not --format terminal"),
    ],
)
def test_a_file_whose_form_is_unclear_is_refused_before_anything_is_read(
    tmp_path: Path, name: str, form: str | None, said: str
) -> None:
    out = tmp_path / name
    options = ["--out", str(out), *(["--format", form] if form else [])]
    found = CliRunner().invoke(app, ["review", "--week", "2026-W46", *options])
    assert found.exit_code != 0
    assert said in found.output + str(found.exception)
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--week", "2026-11"], "this names a month"),
        (["--week", "2026-W47", "--month", "2026-11"], "one of"),
        (["--quarter", "2026-Q5"], "is no period"),
        (["--month", "2026-13"], "there is no"),
        (["--week", "2099-W01"], "has not begun"),
        (["--week", "2026-W40", "--out", "no/where.html"], "cannot be written"),
    ],
)
def test_what_cannot_be_reviewed_is_said(options: list[str], said: str) -> None:
    assert CliRunner().invoke(app, ["db", "upgrade"]).exit_code == 0
    found = CliRunner().invoke(app, ["review", *options])
    assert found.exit_code != 0
    assert said in found.output + str(found.exception)
