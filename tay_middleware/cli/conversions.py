"""`tay conversions`: purchases that come by no webhook."""

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tay_middleware.cli.asking import tell
from tay_middleware.domain import uuid7
from tay_middleware.errors import InputError
from tay_middleware.payments.imports import import_lines, kept_or_not, read_file
from tay_middleware.payments.terms import terms_of
from tay_middleware.playbook import load_playbook
from tay_middleware.settings import load_settings

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
) -> None:
    """Import purchases, and say what they are matched to.

    Columns: purchase_id, amount, currency, occurred_at; and any of type, payment_id, offer,
    product, user_id, email, reference, escalation_id, customer_id. A line that was imported before
    changes nothing. Exit code 1 if a line cannot be read; the others are imported.
    """
    settings = load_settings()
    terms = terms_of(settings, load_playbook(settings.prompts_dir))
    now = datetime.now(UTC)
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            lines, problems = read_file(text)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read: {error}") from None
    report = kept_or_not(
        lambda: tell(
            settings,
            import_lines,
            lines,
            terms,
            now,
            lambda: uuid7(now, secrets.randbits(74)),
            keep=not dry_run,
        )
    )
    typer.echo("dry run: nothing is kept" if dry_run else "imported")
    typer.echo(f"lines: {report.lines}, new: {report.new}, known before: {report.repeated}")
    for kind, count in sorted(report.kinds.items()):
        typer.echo(f"{kind}: {count}")
    bad = [*problems, *report.problems]
    for problem in bad:
        typer.echo(problem, err=True)
    if bad:
        raise typer.Exit(1)
