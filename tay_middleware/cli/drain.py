"""`tay drain`: from Redis into SQL."""

import json
import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from tay_middleware.errors import ConfigurationError
from tay_middleware.settings import Settings, load_settings

if TYPE_CHECKING:
    from tay_middleware.storage.outbox.worker import Places

UNWELL = 1
"""Exit code of `--status` when something is late or has died, or cannot be seen."""


def drain(
    once: Annotated[
        bool, typer.Option("--once", help="end when nothing is left to do, for cron and tests")
    ] = False,
    status: Annotated[
        bool,
        typer.Option(
            "--status",
            help="do nothing but print what waits, as JSON; exit code 1 if it is late, has died "
            "or cannot be seen",
        ),
    ] = False,
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="events in one transaction")] = 2000,
    claim_after_seconds: Annotated[
        float, typer.Option(min=0, help="take over events of a drain that is silent for so long")
    ] = 30.0,
    max_lag_seconds: Annotated[
        float, typer.Option(min=0, help="with --status: how old the oldest event may be")
    ] = 60.0,
) -> None:
    """Bring decisions from the outbox in Redis into the database; run as many as you like.

    Reads TAY_REDIS_URL and TAY_DATABASE_URL, which both must be set. Ends after the batch under way
    on SIGTERM or Ctrl-C. What is killed in the middle is taken over by the others; nothing is
    written twice.
    """
    from tay_middleware.storage.connection.location import spoken  # noqa: PLC0415 - imports SQL
    from tay_middleware.storage.drain import Pace  # noqa: PLC0415 - imports Redis
    from tay_middleware.storage.outbox.worker import health, run_drain  # noqa: PLC0415 - the same

    places = _places(load_settings())
    if status:
        found = health(places)
        typer.echo(json.dumps(asdict(found)))
        if not found.is_well(max_lag_seconds):
            raise typer.Exit(UNWELL)
        return
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    typer.echo(f"from Redis into {spoken(places.database_url)}", err=True)
    pace = Pace(
        batch=batch,
        claim_idle_seconds=claim_after_seconds,
        claim_every_seconds=min(5.0, max(0.2, claim_after_seconds / 2)),
    )
    typer.echo(json.dumps(asdict(run_drain(places, pace, once=once))))


def _places(settings: Settings) -> "Places":
    """From where to where, both said by name.

    Raises:
        ConfigurationError: one of them is not.
    """
    from tay_middleware.storage.outbox.worker import Places  # noqa: PLC0415 - imports Redis

    places = Places.of(settings)
    if places is None:
        raise ConfigurationError(
            "TAY_REDIS_URL is not set: the embedded store writes its own log and needs no drain"
        )
    if not settings.database_url:
        # What is drained is gone from Redis: the default is a file wherever the command was run.
        raise ConfigurationError(
            "TAY_DATABASE_URL is not set: say where the outbox goes, postgresql+asyncpg://… or one "
            "file, sqlite+aiosqlite:////path/to/tay.db"
        )
    return places
