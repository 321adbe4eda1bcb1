"""`tay db`: the schema of the database."""

import typer

from tay_middleware.settings import load_settings
from tay_middleware.storage import current, upgrade

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
