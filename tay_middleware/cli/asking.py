"""One question to the database, from a command that has no event loop."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Concatenate, ParamSpec, TypeVar

from tay_middleware.settings import Settings
from tay_middleware.storage import Database, upgrade
from tay_middleware.storage.purchases import Transaction
from tay_middleware.storage.schema import check_current

T = TypeVar("T")
P = ParamSpec("P")


def ask(
    settings: Settings,
    function: Callable[Concatenate[Transaction, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run a function that only reads; a file is migrated first.

    Raises:
        StorageError: the database does not answer, or needs `tay db upgrade`.
    """
    return asyncio.run(_ask(settings, lambda connection: function(connection, *args, **kwargs)))


def tell(
    settings: Settings,
    function: Callable[Concatenate[Transaction, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run a function in one transaction that is written; as `ask`."""

    def whole(connection: Transaction) -> T:
        return function(connection, *args, **kwargs)

    return asyncio.run(_ask(settings, whole, writes=True))


def tell_each(settings: Settings, functions: Iterable[Callable[[Transaction], T]]) -> list[T]:
    """Run functions one after the other, each in a transaction of its own; as `tell`."""

    async def each(database: Database) -> list[T]:
        return [await database.write(function) for function in functions]

    return asyncio.run(_with(settings, each))


async def _ask(
    settings: Settings, function: Callable[[Transaction], T], *, writes: bool = False
) -> T:
    async def once(database: Database) -> T:
        return await (database.write(function) if writes else database.read(function))

    return await _with(settings, once)


async def _with(settings: Settings, use: Callable[[Database], Awaitable[T]]) -> T:
    database = Database(settings.resolved_database_url)
    try:
        if database.is_file:
            await asyncio.to_thread(upgrade, database.url)
        await database.read(check_current)
        return await use(database)
    finally:
        await database.aclose()
