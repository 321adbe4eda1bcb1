"""`tay review`: a week, a month or a quarter, for whoever decides on Friday."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from tay_middleware.analytics.calendar import Span, before, name_of, span_of
from tay_middleware.analytics.measures import terms_of
from tay_middleware.analytics.review import Review, Table, review
from tay_middleware.analytics.review.document import to_json
from tay_middleware.analytics.review.page import page
from tay_middleware.analytics.review.text import (
    SIMULATED,
    foretold,
    markdown,
    scores_table,
    subtitle,
    title,
)
from tay_middleware.cli.asking import on_database
from tay_middleware.cli.metrics import moment
from tay_middleware.cli.progress import bar
from tay_middleware.cli.reading import reading_by
from tay_middleware.cli.screen import screen
from tay_middleware.errors import ConfigurationError, InputError
from tay_middleware.settings import load_settings

LEFT_OUT = (
    "a review that is made now has no tests and no plan, tells of bad reactions on the days alone "
    "that were summed up before, and is not kept"
)
"""What is said by the playbook; a review that was given out is printed as it was."""

PLAIN_COLUMNS = 100
"""Width of a review that is written to a file, or piped, as plain text."""


class Format(StrEnum):
    """How a review is given out."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


def _as_json(found: Review) -> str:
    return json.dumps(to_json(found), indent=2, ensure_ascii=False) + "\n"


def _as_plain(found: Review) -> str:
    """What a terminal shows, without its colours."""
    words = StringIO()
    plain = Console(file=words, width=PLAIN_COLUMNS, color_system=None, markup=False)
    plain.print(Group(*_terminal(found)))
    return words.getvalue()


_WRITTEN: dict[Format, Callable[[Review], str]] = {
    Format.TERMINAL: _as_plain,
    Format.MARKDOWN: markdown,
    Format.HTML: page,
    Format.JSON: _as_json,
}
_ENDINGS = {".md": Format.MARKDOWN, ".html": Format.HTML, ".json": Format.JSON}


def review_command(
    week: Annotated[str | None, typer.Option(help="2026-W47; without any: last week")] = None,
    month: Annotated[str | None, typer.Option(help="2026-11")] = None,
    quarter: Annotated[str | None, typer.Option(help="2026-Q4")] = None,
    as_of: Annotated[str | None, typer.Option(help="what was known on a day (UTC)")] = None,
    form: Annotated[Format | None, typer.Option("--format", help="by the ending of --out")] = None,
    out: Annotated[Path | None, typer.Option(help="a file: .html prints well")] = None,
    *,
    anew: Annotated[
        bool, typer.Option("--anew", help="not the one that was given out, but one from now")
    ] = False,
) -> None:
    """The review: what happened, what is sure and what is not, what to do on Friday.

    The first review of a period that is over is kept, and printed again word for word.

    Try: tay review --week 2026-W47 --out review.html
    """
    wanted = _form(form, out)
    found = _made(_name(week, month, quarter, as_of), as_of, anew=anew)
    if out is None and wanted is Format.TERMINAL:
        screen(PLAIN_COLUMNS).print(Group(*_terminal(found)))
        return
    words = _WRITTEN[wanted](found)
    if out is None:
        typer.echo(words, nl=False)
        return
    try:
        out.write_text(words, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{out}: cannot be written: {error.strerror}") from error
    typer.echo(f"{title(found)}: {out}")


def _form(said: Format | None, out: Path | None) -> Format:
    """What is given out: what `--format` says, else what the file's ending means.

    Raises:
        InputError: the two contradict each other, or nothing says what the file is to be.
    """
    if out is None:
        return said or Format.TERMINAL
    meant = _ENDINGS.get(out.suffix.casefold())
    if said is not None and meant not in {said, None}:
        raise InputError(f"--out {out}: {out.suffix} is not --format {said}; leave one of them out")
    wanted = said or meant
    if wanted is None:
        raise InputError(f"--out {out}: write .md, .html or .json, or say --format")
    return wanted


def _name(week: str | None, month: str | None, quarter: str | None, as_of: str | None) -> str:
    given = [
        (span, name)
        for span, name in ((Span.WEEK, week), (Span.MONTH, month), (Span.QUARTER, quarter))
        if name is not None
    ]
    if len(given) > 1:
        raise InputError("one of --week, --month and --quarter")
    if not given:
        return before(name_of(Span.WEEK, moment(as_of).date()))
    span, name = given[0]
    if span_of(name) is not span:
        raise InputError(f"--{span.value} {name}: this names a {span_of(name).value}")
    return name


def _made(name: str, as_of: str | None, *, anew: bool) -> Review:
    settings = load_settings()
    playbook = reading_by(settings, LEFT_OUT).playbook
    terms = terms_of(settings, playbook)
    with bar(quiet=False) as progress:
        task = progress.add_task("reading", total=None)
        return on_database(
            settings,
            lambda database: review(
                database,
                playbook,
                terms,
                name,
                prompts=settings.prompts_dir,
                now=datetime.now(UTC),
                as_of=moment(as_of) if as_of is not None else None,
                anew=anew,
                step=lambda done, total: progress.update(task, completed=done, total=total or 1),
            ),
        )


def _terminal(found: Review) -> Iterator[RenderableType]:
    yield Text(title(found), style="bold")
    yield Text(subtitle(found))
    if found.simulated:
        yield Text(SIMULATED, style="bold yellow")
    for heading, lines in (
        ("What happened", found.happened),
        ("What is sure", found.sure or ("Nothing yet.",)),
        ("What is not", found.unsure or ("Nothing is open.",)),
    ):
        yield Text(f"\n{heading}", style="bold")
        yield from (Text(f"- {line}") for line in lines)
    yield Text("\nWhat to do on Friday", style="bold")
    yield from _steps(found)
    yield from (Text(f"\n{foretold(forecast)}") for forecast in found.forecasts)
    if found.scores:
        yield _grid(scores_table(found))
    for section in found.sections:
        yield Text(f"\n{section.title}", style="bold")
        yield from (Text(line) for line in section.lines)
        yield from (_grid(table) for table in section.tables if table.rows)


def _steps(found: Review) -> Iterator[RenderableType]:
    for number, one in enumerate(found.actions, 1):
        yield Text(f"{number}. {one.what}: {one.why}")
        yield Text(f"   how: {one.how}", style="cyan")
        yield Text(f"   expected: {one.expected}; take it back: {one.taken_back}", style="dim")
        yield from (Text(f"   {line}", style="green") for line in one.diff.splitlines())


def _grid(table: Table) -> Grid:
    grid = Grid(title=table.title, title_justify="left", box=None, pad_edge=False)
    for name in table.columns:
        is_figure = name.startswith("#")
        grid.add_column(
            name.lstrip("#"), justify="right" if is_figure else "left", no_wrap=is_figure
        )
    for row in table.rows:
        grid.add_row(*row)
    return grid
