"""One question to the database, from a command that has no event loop.

It begins no database: TAY_HOME is relative to where a command runs, and an empty file elsewhere
would answer that there is nothing, and nobody, as if it were so.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Concatenate, ParamSpec, TypeVar

import typer

from tay_middleware.errors import ConfigurationError, StorageError
from tay_middleware.settings import Settings
from tay_middleware.storage import Database, upgrade
from tay_middleware.storage.connection.location import file_of, is_file, place_of, read_url
from tay_middleware.storage.simulations import every as every_simulation
from tay_middleware.storage.transaction import Transaction
from tay_middleware.storage.versions import check_current

T = TypeVar("T")
P = ParamSpec("P")

SIMULATED_ROWS = "this database holds simulated rows: of people who do not exist"
"""Said on stderr by every command that looks into such a database; stdout is for programs."""


def existing(settings: Settings) -> str:
    """Where the database is, as it may be shown.

    Raises:
        ConfigurationError: it is a file that is not there.
    """
    url = settings.resolved_database_url
    parsed, place = read_url(url), place_of(url)
    if is_file(parsed) and not file_of(parsed).is_file():
        name = "TAY_DATABASE_URL" if settings.database_url else "TAY_HOME"
        raise ConfigurationError(
            f"no database at {place}: set {name} to that of your app, with its whole path. On a "
            "new machine `tay chat` begins one, and `tay db upgrade` makes an empty one"
        )
    return place


def begun(settings: Settings) -> None:
    """Make the database's file where there is none, and say so on stderr."""
    url = settings.resolved_database_url
    parsed = read_url(url)
    if is_file(parsed) and not file_of(parsed).is_file():
        upgrade(url)
        typer.echo(f"a new database: {place_of(url)}", err=True)


def ask(
    settings: Settings,
    function: Callable[Concatenate[Transaction, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run a function that only reads; a file is migrated first.

    Raises:
        ConfigurationError: the database is a file that is not there.
        StorageError: the database does not answer, or needs `tay db upgrade`.
    """
    return on_database(settings, lambda database: database.read(function, *args, **kwargs))


def tell(
    settings: Settings,
    function: Callable[Concatenate[Transaction, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run a function in one transaction that is written; as `ask`."""
    return on_database(settings, lambda database: database.write(function, *args, **kwargs))


def on_database(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    """Run work of several steps on a database that is opened for it; as `ask`."""
    place = existing(settings)

    async def run() -> T:
        database = Database(settings.resolved_database_url)
        try:
            with _at(place):
                if database.is_file:
                    await asyncio.to_thread(upgrade, database.url)
                await database.read(check_current)
            if await database.read(every_simulation):
                typer.echo(SIMULATED_ROWS, err=True)
            return await work(database)
        finally:
            await database.aclose()

    return asyncio.run(run())


@contextmanager
def _at(place: str) -> Iterator[None]:
    """Say of a database that does not answer where it was looked for.

    Raises:
        StorageError: it does not; of the same kind as before.
    """
    try:
        yield
    except StorageError as error:
        raise type(error)(f"{error} ({place})") from error


def tell_each(settings: Settings, functions: Iterable[Callable[[Transaction], T]]) -> list[T]:
    """Run functions one after the other, each in a transaction of its own; as `tell`."""

    async def each(database: Database) -> list[T]:
        return [await database.write(function) for function in functions]

    return on_database(settings, each)
