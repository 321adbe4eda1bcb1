"""Which schema a database has, and bringing it to the one that this version needs."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files

from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from tay_middleware.errors import SchemaMismatch
from tay_middleware.storage.failures import translated
from tay_middleware.storage.location import file_of, read_url
from tay_middleware.storage.migrations import HEAD, VERSION_TABLE

WAIT_SECONDS = 30
"""Longest wait for another process that is migrating the same file."""


def current(url: str) -> str | None:
    """The schema version of the database, `None` where it has no tables of ours.

    Raises:
        StorageError: the database cannot be read.
    """
    parsed = read_url(url)
    if not file_of(parsed).exists():
        return None
    with translated("reading the schema version"), _connected(parsed) as connection:
        return version_of(connection)


def upgrade(url: str) -> str:
    """Bring the database to the schema of this version; returns that version. Safe to race.

    Raises:
        SchemaMismatch: the database is newer than this version of the package.
        StorageError: it cannot be read or written.
    """
    parsed = read_url(url)
    with translated("migrating the database"):
        file_of(parsed).parent.mkdir(parents=True, exist_ok=True)
        with _connected(parsed) as connection:
            if version_of(connection) == HEAD:
                return HEAD
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            connection.exec_driver_sql("BEGIN EXCLUSIVE")
            check_not_newer(version_of(connection))
            _migrate(connection)
            connection.exec_driver_sql("COMMIT")
    return HEAD


def version_of(connection: Connection) -> str | None:
    """The schema version that a connection sees."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - our own constant
    return None if found is None else str(found)


def check_not_newer(version: str | None) -> None:
    """Refuse a database that a later version of the package has migrated.

    Raises:
        SchemaMismatch: it is newer.
    """
    if version is not None and version > HEAD:
        raise SchemaMismatch(
            f"the database has schema {version}, this version of the package knows {HEAD}: "
            "install the newer tay-middleware"
        )


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
