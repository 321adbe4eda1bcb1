"""Brings a database to the schema that this version needs; which it has, `versions` knows."""

import asyncio
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.resources import as_file, files
from typing import TypeVar

from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from tay_middleware.errors import SchemaMismatch
from tay_middleware.private import make_file, make_home
from tay_middleware.storage.connection.failures import translated
from tay_middleware.storage.connection.location import file_of, is_file, read_url
from tay_middleware.storage.database import Database, server_engine
from tay_middleware.storage.locks import MIGRATION_LOCK, hold
from tay_middleware.storage.migrations import HEAD
from tay_middleware.storage.partitions import Upkeep, maintain, maintain_database
from tay_middleware.storage.versions import (
    check_current,
    check_may_write,
    is_behind,
    say_who_may_write,
    version_of,
)

WAIT_SECONDS = 30
"""Longest wait for another process that is migrating the same file."""

MIGRATION_SECONDS = 3600.0
"""Longest run of one statement of a migration on a server: it may have to read a large table."""

T = TypeVar("T")


def current(url: str) -> str | None:
    """The schema version of the database, `None` where it has no tables of ours.

    Raises:
        StorageError: the database cannot be read.
    """
    parsed = read_url(url)
    if not is_file(parsed):
        with translated("reading the schema version"):
            return asyncio.run(_on_server(parsed, version_of))
    if not file_of(parsed).exists():
        return None
    with translated("reading the schema version"), _connected(parsed) as connection:
        return version_of(connection)


def upgrade(url: str) -> str:
    """Bring the database to the schema of this version; returns the one it has. Safe to race.

    A newer one that this version may write stays as it is.

    Raises:
        SchemaTooNew: the database is newer, and this version must not write it.
        StorageError: it cannot be read or written.
    """
    parsed = read_url(url)
    with translated("migrating the database"):
        if not is_file(parsed):
            return asyncio.run(_on_server(parsed, _upgrade_server))
        make_home(file_of(parsed).parent)
        make_file(file_of(parsed))
        with _connected(parsed) as connection:
            version = check_may_write(connection)
            if version is not None and not is_behind(version):
                return version
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            connection.exec_driver_sql("BEGIN EXCLUSIVE")
            if is_behind(check_may_write(connection)):
                _migrate(connection)
            connection.exec_driver_sql("COMMIT")
    return HEAD


def _upgrade_server(connection: Connection) -> str:
    hold(connection, MIGRATION_LOCK)
    version = check_may_write(connection)
    if version is not None and not is_behind(version):
        return version
    _migrate(connection)
    maintain(connection, datetime.now(UTC), keep_days=None)
    return HEAD


def maintain_now(url: str, keep_days: int | None, *, open_tests: Collection[str] = ()) -> Upkeep:
    """Make the months to come, drop those past `keep_days`; see `partitions.maintain_database`.

    Raises:
        SchemaMismatch: the database needs `tay db upgrade` first.
        StorageError: it cannot be read or written.
    """

    async def run() -> Upkeep:
        database = Database(url, statement_seconds=MIGRATION_SECONDS)
        try:
            await database.read(check_current)
            return await maintain_database(
                database, datetime.now(UTC), keep_days, open_tests=open_tests
            )
        finally:
            await database.aclose()

    return asyncio.run(run())


def _migrate(connection: Connection) -> None:
    """Run the scripts. Alembic is imported here: it costs more than a start of ours may.

    Raises:
        SchemaMismatch: no script leads on from the version that the database says it has.
    """
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above
    from alembic.util import CommandError  # noqa: PLC0415 - see above

    with as_file(files("tay_middleware.storage") / "migrations") as directory:
        config = Config()
        config.set_main_option("script_location", str(directory).replace("%", "%%"))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise SchemaMismatch(
                f"the database cannot be migrated: {error}; "
                "restore it from a backup, or use another"
            ) from error
    say_who_may_write(connection)


async def _on_server(url: URL, function: Callable[[Connection], T]) -> T:
    """Run a function in one transaction on a server."""
    engine = server_engine(url, MIGRATION_SECONDS)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(function)
    finally:
        await engine.dispose()


@contextmanager
def _connected(url: URL) -> Iterator[Connection]:
    """A plain connection that begins and ends transactions only when it is told to."""
    engine = create_engine(
        url.set(drivername="sqlite"),
        poolclass=NullPool,
        connect_args={"timeout": WAIT_SECONDS, "isolation_level": None},
    )
    try:
        with engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")
    finally:
        engine.dispose()
