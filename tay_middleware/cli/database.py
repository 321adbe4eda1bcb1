"""`tay db`: the schema of the database."""

from datetime import UTC, datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Annotated

import typer

from tay_middleware.errors import ConfigurationError
from tay_middleware.settings import MOST_DAYS, Settings, load_settings
from tay_middleware.storage import current, maintain_now, upgrade

if TYPE_CHECKING:
    from tay_middleware.playbook import Playbook

NO_ROWS = "no rows were removed, for the playbook says which still count"
"""Those of mentions that a cap counts, and of tests that are open."""

app = typer.Typer(help="Migrate the database, and maintain its rows.", no_args_is_help=True)


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
        typer.Option(
            min=1, max=MOST_DAYS, help="remove rows older than this; default: TAY_RETENTION_DAYS"
        ),
    ] = None,
) -> None:
    """Make the partitions of the months to come, and remove rows that are past their retention.

    Run it daily, from cron say. On PostgreSQL whole months are dropped. Figures are kept for ever:
    what needs the rows of a day is summed up before they go. Who is in a test is kept until what
    its users buy counts no more. A playbook that is wrong holds up no partitions; rows then go by
    the last good one, as chats do, and stay where none is known.
    """
    from tay_middleware.cli.asking import existing  # noqa: PLC0415 - `upgrade` needs none
    from tay_middleware.cli.reading import reading_by  # noqa: PLC0415 - the same

    settings = load_settings()
    place = existing(settings)
    days, open_tests = keep_days or settings.retention_days, frozenset[str]()
    rules = reading_by(settings, NO_ROWS) if days is not None else None
    playbook = rules.playbook if rules is not None else None
    if days is not None and playbook is not None:
        _refuse_to_forget_mentions(settings, playbook, days)
        _sum_up(settings, playbook, days)
        open_tests = playbook.open_tests(datetime.now(UTC))
    removes = days if playbook is not None else None
    done = maintain_now(settings.resolved_database_url, removes, open_tests=open_tests)
    typer.echo(
        f"made {len(done.made)} partitions, dropped {len(done.dropped)}, "
        f"moved {done.moved} rows, deleted {done.deleted} rows (in {place})"
    )
    if rules is not None and playbook is None:
        raise typer.Exit(1)


def _refuse_to_forget_mentions(settings: Settings, playbook: "Playbook", keep_days: int) -> None:
    """Without Redis the log is what caps count mentions in: rows that go would lift them."""
    caps = playbook.policy.cooldown.caps
    longest = max((cap.hours for cap in caps), default=0.0)
    if settings.is_embedded and keep_days * 24 < longest:
        raise ConfigurationError(
            f"rows cannot be kept for {keep_days} days only: a cap of policy.yaml counts the "
            f"mentions of {longest:g} hours, in these very rows. Keep {ceil(longest / 24)} days "
            "(TAY_RETENTION_DAYS, --keep-days), or shorten cooldown.caps"
        )


def _sum_up(settings: Settings, playbook: "Playbook", keep_days: int) -> None:
    """Make the sheets of the days whose rows are about to go."""
    from tay_middleware.analytics.days import sheets_before_removal  # noqa: PLC0415 - `upgrade` needs no figures
    from tay_middleware.analytics.measures import reactions_of  # noqa: PLC0415 - `upgrade` needs no figures
    from tay_middleware.cli.asking import on_database  # noqa: PLC0415 - `upgrade` needs no figures

    reactions = reactions_of(playbook)
    now = datetime.now(UTC)
    until = now - timedelta(days=keep_days)
    on_database(
        settings,
        lambda database: sheets_before_removal(database, until, now=now, reactions=reactions),
    )
