"""Tables keep their words where there is little room, and where nobody looks at a terminal."""

from io import StringIO

import pytest
from rich.console import Console

from tay_middleware.analytics.catalogue import Measure
from tay_middleware.analytics.metrics import CONVERSION_TARGET
from tay_middleware.cli.metrics import table_of
from tay_middleware.cli.screen import PIPE_COLUMNS, screen

FIGURES = (
    Measure(
        "conversion_rate",
        "share",
        0.156,
        2_190,
        low=0.0,
        high=1.0,
        dimension="reason",
        value="personalized_help",
        target=CONVERSION_TARGET,
        stands="too little data: 90 users",
    ),
    Measure("revenue", "usd", 1_234_567.0, 1_234, dimension="kind", value="attributed"),
)


@pytest.mark.parametrize("columns", [80, 99, 100, 120, 160])
def test_the_verdict_of_a_figure_is_never_cut(columns: int) -> None:
    paper = StringIO()
    table = table_of(FIGURES, None, whole=True, columns=columns)
    Console(file=paper, width=columns).print(table)
    words = " ".join(paper.getvalue().split())
    assert "too little" in words
    assert words.count("data") == 1
    for said in ("15.6 %", "0.0 to 100.0", "2,190", "1,234,567.00 USD"):
        assert said in words
    assert ("5 to 10 %" in words) is (columns >= 100)


def test_a_phrase_of_a_playbook_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    screen().print("audit [my] [/x]")
    assert capsys.readouterr().out == "audit [my] [/x]\n"


def test_a_pipe_is_wide(capsys: pytest.CaptureFixture[str]) -> None:
    assert screen().width == PIPE_COLUMNS
    screen().print("x" * 120)
    assert capsys.readouterr().out == "x" * 120 + "\n"
