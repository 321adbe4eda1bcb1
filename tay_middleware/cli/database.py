"""`tay db`: the schema of the database."""

from typing import Annotated

import typer

from tay_middleware.settings import load_settings
from tay_middleware.storage import current, maintain_now, upgrade

app = typer.Typer(help="Migrate the database.", no_args_is_help=True)


@app.command("upgrade")
def upgrade_command() -> None:
    """Bring the database of TAY_DATABASE_URL to the schema of this version.

    Safe to run again and from several machines at once. The embedded default does it by itself.
    """
    typer.echo(f"the schema is at {upgrade(load_settings().resolved_database_url)}")


@app.command("current")
def current_command() -> None:
    """Print the schema version of the database, or `none` for one without tables."""
    typer.echo(current(load_settings().resolved_database_url) or "none")


@app.command("maintain")
def maintain_command(
    keep_days: Annotated[
        int | None,
        typer.Option(min=1, help="remove rows older than this; default: TAY_RETENTION_DAYS"),
    ] = None,
) -> None:
    """Make the partitions of the months to come, and remove rows that are past their retention.

    Run it daily, from cron say. On PostgreSQL whole months are dropped; figures are kept for ever.
    """
    settings = load_settings()
    done = maintain_now(settings.resolved_database_url, keep_days or settings.retention_days)
    typer.echo(
        f"made {len(done.made)} partitions, dropped {len(done.dropped)}, "
        f"moved {done.moved} rows, deleted {done.deleted} rows"
    )
