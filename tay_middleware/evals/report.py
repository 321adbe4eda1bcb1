"""The report of a run: on the terminal, as Markdown, and as one HTML file without anything else."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from tay_middleware.evals.gates import Verdict
from tay_middleware.evals.plots import plots
from tay_middleware.evals.run import Run
from tay_middleware.evals.tables import Table, honesty, tables

TITLE = "How right the decisions are"


def print_tables(told: Sequence[Table], console: Console) -> None:
    """Print tables: with lines on a terminal, plain columns when piped."""
    for table in told:
        if not table.rows and not table.note:
            continue
        box = SIMPLE if console.is_terminal else None
        drawn = RichTable(title=table.title, title_justify="left", box=box)
        for name in table.columns:
            drawn.add_column(name, overflow="fold")
        for row in table.rows:
            drawn.add_row(*(Text(cell, style=_style(row)) for cell in row))
        console.print(drawn)
        if table.note:
            console.print(Text(table.note, style="dim"))
        console.print()


def markdown(run: Run, verdicts: Sequence[Verdict] = ()) -> str:
    """The report as Markdown."""
    lines = [f"# {TITLE}", "", honesty(run), ""]
    for table in tables(run, verdicts):
        lines += [f"## {table.title}", "", _row(table.columns), _row("---" for _ in table.columns)]
        lines += [_row(row) for row in table.rows]
        lines += ["", table.note, ""] if table.note else [""]
    return "\n".join(lines)


def html(run: Run, verdicts: Sequence[Verdict] = ()) -> str:
    """The report as one HTML document: styles and plots inside, no script, nothing loaded."""
    from jinja2 import Environment, PackageLoader  # noqa: PLC0415 - an extra

    environment = Environment(
        loader=PackageLoader("tay_middleware.evals", "."), autoescape=True, trim_blocks=True
    )
    return environment.get_template("report.html.j2").render(
        title=TITLE,
        honesty=honesty(run),
        tables=tables(run, verdicts),
        plots=plots(run),
        data=run.data,
    )


def write_reports(
    run: Run, verdicts: Sequence[Verdict], page: Path | None, text: Path | None
) -> None:
    """Write the HTML to `page` and the Markdown to `text`, where given."""
    for path, make in ((page, html), (text, markdown)):
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(make(run, verdicts), encoding="utf-8")


def _row(cells: Iterable[str]) -> str:
    told = [cell.replace("|", "\\|") for cell in cells]
    return f"| {' | '.join(told)} |"


def _style(row: Sequence[str]) -> str:
    return "bold red" if row and row[0] == "BROKEN" else ""
