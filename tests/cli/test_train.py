"""What `tay train` says before it trains."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tay_middleware.cli.main import app
from tay_middleware.errors import ConfigurationError


def test_the_help_names_every_step_from_the_log_to_the_scorer() -> None:
    told = " ".join(CliRunner().invoke(app, ["train", "--help"]).output.split())
    steps = ("tay label export", "tay label import mine.jsonl --into own.jsonl", "tay train evals")
    assert [told.index(step) for step in steps] == sorted(told.index(step) for step in steps)
    assert "tay train evals/data mine.jsonl" not in told


def test_outside_of_a_checkout_it_asks_for_label_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(app, ["train"])
    assert isinstance(told.exception, ConfigurationError)
    assert "give label files" in str(told.exception)
    assert not [*tmp_path.iterdir()]


def test_later_opinions_need_an_encoder_and_a_file(tmp_path: Path) -> None:
    labels = tmp_path / "questions_a.jsonl"
    labels.touch()
    told = CliRunner().invoke(app, ["train", str(labels), "--encoder", "--later"])
    assert isinstance(told.exception, ConfigurationError)
    assert "--model" in str(told.exception)
    assert "--out-of-fold" in str(told.exception)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--later"], "write --encoder --later"),
        (["--encoder", "--later", "--folds", "3"], "--folds is of no use with --later"),
        (["--encoder", "--later", "--jobs", "2"], "--jobs is of no use with --later"),
        (["--encoder", "--later", "--out", "there"], "--out is of no use with --later"),
        (["--jobs", "2"], "write --encoder --jobs"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    files = ["--model", "encoder", "--out-of-fold", "encoder.jsonl"]
    ran = CliRunner().invoke(app, ["train", "questions_a.jsonl", *files, *options])
    assert isinstance(ran.exception, ConfigurationError)
    assert told in str(ran.exception)
    assert not [*tmp_path.iterdir()]
