"""`tay label`: questions of the log out to be labelled, and their labels in."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from tay_middleware.cli.asking import tell
from tay_middleware.cli.noting import noted
from tay_middleware.cli.reading import read_by
from tay_middleware.evals.labelling import take_in, to_label
from tay_middleware.evals.lines import text_lines
from tay_middleware.settings import MOST_DAYS, Settings, load_settings
from tay_middleware.storage.transaction import Transaction

app = typer.Typer(help="Label questions of your own log, for `tay train`.", no_args_is_help=True)

T = TypeVar("T")


@app.command("export")
def export(
    unsure: Annotated[
        bool, typer.Option("--unsure", help="those first that were the closest decisions")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="rows to write")] = 200,
    days: Annotated[int, typer.Option(min=1, max=MOST_DAYS, help="look back so far")] = 90,
    labelled: Annotated[
        bool,
        typer.Option("--labelled", help="those that were labelled in the dashboard, with labels"),
    ] = False,
) -> None:
    """Print questions of the log as rows to be labelled, one JSON object a line.

    Fill in "escalate" (true or false) and, where true, "offer"; leave null what you cannot say.
    Then: tay label import FILE --into own.jsonl. What was said in the dashboard is filled in.
    """
    from tay_middleware.storage.desk.verdicts import labelled as labelled_rows  # noqa: PLC0415 - heavy
    from tay_middleware.storage.desk.verdicts import questions_with_labels  # noqa: PLC0415 - heavy

    settings = load_settings()
    since = datetime.now(UTC) - timedelta(days=days)
    look_at = limit * 50 if unsure else limit
    read = labelled_rows if labelled else questions_with_labels
    threshold = _threshold(settings) if unsure else 0.0
    logged = tell(settings, _noted_rows, lambda rows: read(rows, since, limit=look_at))
    for row in to_label(logged, threshold, unsure_first=unsure)[:limit]:
        typer.echo(json.dumps(row, ensure_ascii=False))


def _threshold(settings: Settings) -> float:
    return read_by(settings, "which decisions were close").policy.cascade.encoder.threshold


def _noted_rows(transaction: Transaction, read: Callable[[Transaction], T]) -> T:
    noted(transaction, "export", "labels")
    return read(transaction)


@app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(help="labelled rows, JSON Lines")],
    into: Annotated[Path, typer.Option(help="the label file that they are merged into, by id")],
) -> None:
    """Take labelled rows into a label file; a row that is labelled again replaces the first."""
    offers = list(read_by(load_settings(), "which offers there are").offers)
    done = take_in(text_lines(file), into, offers, source=str(file))
    typer.echo(
        f"{into}: {done.added} labels added, {done.replaced} replaced; "
        f"{done.unlabelled} rows still without a label"
    )
