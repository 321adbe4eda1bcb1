"""`tay conversions`: purchases that come by no webhook."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from tay_middleware.cli.asking import ask, existing, tell, tell_each
from tay_middleware.cli.noting import new_id, noted
from tay_middleware.cli.reading import read_by
from tay_middleware.errors import InputError
from tay_middleware.payments.imports import PIECE, Report, take, tried, try_out
from tay_middleware.payments.imports import report as summed
from tay_middleware.payments.lines import SAVE_AS, Line, read_file, zone_named
from tay_middleware.payments.terms import Terms, terms_of
from tay_middleware.settings import Settings, load_settings
from tay_middleware.storage.connection.copies import copied
from tay_middleware.storage.transaction import parts

app = typer.Typer(help="Import purchases from a file.", no_args_is_help=True)


@app.callback()
def conversions() -> None:
    """Import purchases from a file."""


@app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(help="CSV in UTF-8; its first line names the columns")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="say what would match, and leave nothing behind")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="write a CSV that says of each line what it was matched to")
    ] = None,
    timezone: Annotated[
        str, typer.Option(help="of times that name no zone, such as America/New_York")
    ] = "UTC",
) -> None:
    """Import purchases, and say what they are matched to.

    Columns: purchase_id, amount, currency, occurred_at; and any of type, payment_id, offer,
    product, user_id, email, reference, escalation_id, customer_id. A bare date is the end of that
    day. A line that was imported before changes nothing. Exit code 1 if a line cannot be read, or
    says another amount of a payment than one that was imported; the others are imported.
    """
    settings = load_settings()
    place = existing(settings)
    settings.user_key_bytes(makes=False)
    terms = terms_of(settings, read_by(settings, "which products are of which offer"))
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            lines, problems = read_file(text, zone_named(timezone))
    except UnicodeDecodeError:
        raise InputError(f"{file}: it is not UTF-8: {SAVE_AS}") from None
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error}") from None
    found = _imported(settings, lines, terms, keep=not dry_run)
    typer.echo(f"dry run: nothing is kept in {place}" if dry_run else f"imported into {place}")
    if not terms.live:
        typer.echo("TAY_PAYMENT_MODE is test: purchases of a file are live ones, none counts")
    _say(found, timezone)
    if report is not None:
        _write(report, found)
    bad = [*problems, *found.problems]
    for problem in bad:
        typer.echo(problem, err=True)
    if bad:
        raise typer.Exit(1)


def _say(found: Report, timezone: str) -> None:
    typer.echo(f"lines: {found.lines}, new: {found.new}, known before: {found.repeated}")
    if found.zoneless:
        typer.echo(f"without a time zone: {found.zoneless}, read as of {timezone} (--timezone)")
    for kind, count in sorted(found.kinds.items()):
        typer.echo(f"{kind}: {count}")


def _imported(settings: Settings, lines: Sequence[Line], terms: Terms, *, keep: bool) -> Report:
    now = datetime.now(UTC)
    fresh = partial(new_id, now)
    if not keep:
        with copied(settings.resolved_database_url) as url:
            there = settings.model_copy(update={"database_url": url})
            return tried(lambda: tell(there, try_out, lines, terms, now, fresh))
    tell(settings, noted, "import", None, lines=len(lines))
    taken = tell_each(
        settings,
        (
            partial(take, lines=piece, terms=terms, now=now, new_id=fresh)
            for piece in parts(lines, PIECE)
        ),
    )
    return ask(settings, summed, [one for some in taken for one in some])


def _write(path: Path, found: Report) -> None:
    """Write a line for each line of the import: what it was matched to, how, and how surely."""
    from tay_middleware.web.sheets import csv_head, csv_line  # noqa: PLC0415 - an extra

    names = ("purchase_key", "status", "kind", "offer", "method", "confidence", "escalation_id")
    try:
        with path.open("w", encoding="utf-8", newline="") as text:
            text.write(csv_head(["line", "new", *names]))
            for fate in found.fates:
                cells = [getattr(fate.purchase, name) for name in names]
                text.write(csv_line([fate.line, fate.new, *cells]))
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error}") from None
