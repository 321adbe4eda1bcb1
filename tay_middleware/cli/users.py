"""`tay users`: what a person may ask for: all that is kept of them, and that it be erased."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from tay_middleware.engine.identity import key_of
from tay_middleware.errors import InputError
from tay_middleware.private import write_private
from tay_middleware.settings import Settings, load_settings

if TYPE_CHECKING:
    from tay_middleware.storage.people import Archive, Erased, Kept

app = typer.Typer(help="Export or erase what is kept of a user.", no_args_is_help=True)

T = TypeVar("T")

UserId = Annotated[str, typer.Argument(help="the id that your app gives as user_id")]
Session = Annotated[
    bool, typer.Option("--session", help="the id is of a session whose user was not known")
]


@app.command("export")
def export_command(
    user_id: UserId,
    session: Session = False,
    output: Annotated[
        Path | None, typer.Option(help="file to write; default: standard output")
    ] = None,
) -> None:
    """Print, as JSON, all that is kept of a user: log, history, what waits in outbox and spool.

    The spool is the one of this machine; run it on each machine whose app has one.
    """
    from tay_middleware.cli.asking import existing, tell  # noqa: PLC0415 - imports SQL
    from tay_middleware.cli.noting import noted  # noqa: PLC0415 - imports SQL

    settings = load_settings()
    existing(settings)
    key = _key(settings, user_id, session=session)
    tell(settings, noted, "export", "user")

    async def ask(archive: "Archive") -> "Kept":
        return await archive.export(key, datetime.now(UTC))

    text = json.dumps(_run(settings, ask), ensure_ascii=False, indent=2)
    if output is None:
        typer.echo(text)
        return
    try:
        write_private(output, text + "\n")
    except OSError as error:
        raise InputError(f"{output}: cannot be written: {error.strerror}") from None


@app.command("erase")
def erase_command(
    user_id: UserId,
    session: Session = False,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
) -> None:
    """Erase a user from history, outbox, spool and log. It cannot be undone; it may be repeated.

    Rows stay and lead to nobody: what was decided still counts. Turns from before that arrive later
    are stored without the user too.
    """
    from tay_middleware.cli.asking import existing  # noqa: PLC0415 - imports SQL
    from tay_middleware.cli.noting import noted  # noqa: PLC0415 - imports SQL

    settings = load_settings()
    place = existing(settings)
    key = _key(settings, user_id, session=session)
    if not yes:
        typer.confirm("This cannot be undone. Erase?", abort=True)

    async def ask(archive: "Archive") -> "Erased":
        now = await archive.now(key, datetime.now(UTC))
        return await archive.erase(key, now, partial(noted, action="erase"))

    done = _run(settings, ask)
    typer.echo(
        f"erased: {done.rows} rows are anonymous now, {done.spooled} spooled calls are gone "
        f"(in {place})"
    )
    if not done.rows and not done.spooled:
        where = "in SQL; what Redis had is gone" if settings.redis_url else "here"
        typer.echo(f"nobody of this id is known {where}")


def _key(settings: Settings, identity: str, *, session: bool) -> str:
    """The key under which the engine keeps a user."""
    secret = settings.user_key_bytes(makes=False)
    found = key_of(secret, session_id=identity) if session else key_of(secret, user_id=identity)
    if found is None:
        raise InputError("an empty id is nobody's")
    return found


def _run(settings: Settings, ask: "Callable[[Archive], Awaitable[T]]") -> T:
    from tay_middleware.storage.people import Archive  # noqa: PLC0415 - imports Redis

    async def opened() -> T:
        archive = Archive.of(settings)
        try:
            await archive.open()
            return await ask(archive)
        finally:
            await archive.aclose()

    return asyncio.run(opened())
