"""The report as a table: with lines on a terminal, plain columns when piped."""

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from tay_middleware.evals.keywords import DEVELOPMENT, TRAFFIC, FileReport, Report
from tay_middleware.evals.statistics import Interval, wilson

COLUMNS = (
    *("n", "pos", "found", "false", "precision", "recall", "F1", "F1 95 %"),
    *("offer right", "pairs right", "errors"),
)
NOTE = (
    "Labels were written for this project by its authors, not collected from customers. "
    "Intervals are 95 %, families resampled."
)


def print_report(report: Report, console: Console) -> None:
    """Print figures by file and together, the rate where it means something, and the gates."""
    together = [part for part in (report.development, report.held_out) if part is not None]
    console.print(_figures([*report.files, *together], plain=not console.is_terminal))
    for part in report.files:
        if part.name in TRAFFIC:
            console.print(_rate(part))
    console.print(_gates(together, plain=not console.is_terminal))
    console.print(NOTE)


def _figures(parts: list[FileReport], *, plain: bool) -> Table:
    table = _table("keyword stage", plain=plain)
    table.add_column("file")
    table.add_column("rows used as")
    for name in COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for part in parts:
        tally = part.tally
        table.add_row(
            part.name,
            _role(part.name),
            *(str(count) for count in (tally.n, tally.positives, tally.found, tally.false)),
            *(_figure(value) for value in (tally.precision, tally.recall, tally.f1)),
            _between(part.interval() if tally.positives else None),
            f"{part.offers_right}/{tally.found}",
            f"{part.pairs_right}/{part.pairs}",
            str(part.errors),
        )
    return table


def _role(name: str) -> str:
    if name in {"development", "held out"}:
        return "all of them"
    return "development" if name in DEVELOPMENT else "held out"


def _rate(part: FileReport) -> str:
    tally = part.tally
    shown = tally.found + tally.false
    between = _between(wilson(shown, tally.n))
    labelled = 100 * tally.positives / tally.n
    return (
        f"rate on {part.name}: {100 * (tally.rate or 0):.1f} % of {tally.n} escalate ({between}); "
        f"labelled: {labelled:.1f} %; to steer by: 10-15 %"
    )


def _gates(parts: list[FileReport], *, plain: bool) -> Table:
    table = _table("gates closed (on rows that should not escalate / that should)", plain=plain)
    table.add_column("gate")
    for part in parts:
        table.add_column(part.name, justify="right")
    for name in sorted({name for part in parts for name in part.gates}):
        counts = [part.gates.get(name, (0, 0)) for part in parts]
        table.add_row(name, *(f"{rightly} / {wrongly}" for rightly, wrongly in counts))
    return table


def _table(title: str, *, plain: bool) -> Table:
    return Table(title=title, title_justify="left", box=None if plain else SIMPLE)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _between(interval: Interval | None) -> str:
    return "-" if interval is None else f"{interval.low:.3f}-{interval.high:.3f}"
