"""One way to ask a database, whichever it is: a plain function of a SQLAlchemy `Connection`.

`await database.read(function, *args)` and `await database.write(function, *args)` run
`function(connection, *args)` whole, in one transaction that is committed when it returns. On SQLite
that is a thread of ours, on PostgreSQL the async driver; the function cannot tell, so every query
is written once. It must not keep the connection, nor what it has read lazily from it.
"""

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.event import listen
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tay_middleware.errors import ConfigurationError
from tay_middleware.storage.connection.failures import translated
from tay_middleware.storage.connection.location import is_file, read_url
from tay_middleware.storage.connection.server_url import server_options
from tay_middleware.storage.connection.workers import Workers
from tay_middleware.storage.sql import to_json

T = TypeVar("T")
P = ParamSpec("P")

READERS = 3
"""Threads that read a SQLite file; more gain nothing on one file and one interpreter."""

BUSY_SECONDS = 5.0
"""Longest wait for another process that holds a SQLite file's write lock."""

CONNECT_SECONDS = 5.0
"""Longest wait for a connection to a server, where its URL says nothing of it."""

STATEMENT_SECONDS = 30.0
"""Longest run of one statement on a server."""

POOL = 8
"""Connections of one process to a server."""


class Database:
    """A database that a URL names, opened when it is first used; it lives on one event loop."""

    def __init__(self, url: str, *, statement_seconds: float = STATEMENT_SECONDS) -> None:
        """Make an unopened database.

        Args:
            url: `sqlite+aiosqlite:///…` or `postgresql+asyncpg://…`.
            statement_seconds: longest run of one statement on a server.

        Raises:
            ConfigurationError: the URL is of no database that is supported, or its driver is not
                installed.
        """
        self.url = url
        parsed = read_url(url)
        self.is_file = is_file(parsed)
        self._half: _File | _Server = (
            _File(parsed) if self.is_file else _Server(parsed, statement_seconds)
        )

    async def read(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a function that writes nothing.

        Raises:
            StorageError: see `failures.translated`.
        """
        return await self._half.run(lambda connection: function(connection, *args, **kwargs), False)

    async def write(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a function in one transaction: all of it is written, or nothing.

        Raises:
            StorageError: see `failures.translated`.
        """
        return await self._half.run(lambda connection: function(connection, *args, **kwargs), True)

    async def aclose(self) -> None:
        """Give back every connection. Idempotent."""
        await self._half.aclose()


class _File:
    """SQLite, on threads: one that writes, some that read."""

    def __init__(self, url: URL) -> None:
        # What was written here is taken off the outbox, or a provider is told so: it must be on
        # the disk by then, even if the machine loses its power.
        self._engine = file_engine(url, BUSY_SECONDS, synchronous="FULL")
        self._reading = Workers(READERS, "tay-read")
        self._writing = Workers(1, "tay-write")

    async def run(self, function: Callable[[Connection], T], writes: bool) -> T:
        workers = self._writing if writes else self._reading
        return await workers.run(self._run, function, writes)

    def _run(self, function: Callable[[Connection], T], writes: bool) -> T:
        with translated("asking the database"), self._engine.begin() as connection:
            if writes:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            return function(connection)

    async def aclose(self) -> None:
        await self._writing.close()
        await self._reading.close()
        self._engine.dispose()


class _Server:
    """PostgreSQL, by asyncpg."""

    def __init__(self, url: URL, statement_seconds: float) -> None:
        self._engine = server_engine(url, statement_seconds)

    async def run(self, function: Callable[[Connection], T], _writes: bool) -> T:
        with translated("asking the database"):
            async with self._engine.begin() as connection:
                return await connection.run_sync(function)

    async def aclose(self) -> None:
        await self._engine.dispose()


def file_engine(url: URL, busy_seconds: float, *, synchronous: str = "NORMAL") -> Engine:
    """An engine of a SQLite file whose connections begin transactions only when they are told to.

    The driver's own habit of beginning one before the first write would make it DEFERRED: two
    processes could then both read a free cool-down before either writes.
    """
    engine = create_engine(
        url.set(drivername="sqlite"),
        pool_size=READERS + 1,
        max_overflow=0,
        json_serializer=to_json,
        connect_args={"timeout": busy_seconds, "isolation_level": None},
    )

    def prepare(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA synchronous={synchronous}")
        cursor.close()

    listen(engine, "connect", prepare)
    return engine


def server_engine(url: URL, statement_seconds: float) -> AsyncEngine:
    """An engine of a PostgreSQL server.

    Raises:
        ConfigurationError: the driver is not installed, or the URL asks something that is not
            known.
    """
    place, options = server_options(url)
    options["timeout"] = options.get("timeout") or CONNECT_SECONDS
    try:
        return create_async_engine(
            place,
            pool_size=POOL,
            max_overflow=0,
            pool_pre_ping=False,
            json_serializer=to_json,
            connect_args={**options, "command_timeout": statement_seconds},
        )
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "TAY_DATABASE_URL is of PostgreSQL, and its driver is not installed: "
            "pip install 'tay-middleware[production]'"
        ) from error
