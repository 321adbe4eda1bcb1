"""Driver errors become ours once, here; nobody above knows which database it was."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    OperationalError,
    SQLAlchemyError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tay_middleware.errors import RowRefused, SchemaMismatch, StorageError, StorageUnavailable

_SCHEMA_SIGNS = ("no such table", "no such column", "has no column named")
_FOREIGN_SIGNS = ("already exists",)
_LASTING_SIGNS = ("file is not a database", "malformed")


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Run a block of database work; `doing` names it in the message.

    Raises:
        StorageUnavailable: locked, refused, full, read-only or out of reach: may pass by itself.
        SchemaMismatch: tables or columns are missing, or of somebody else.
        RowRefused: a value that the database cannot take, or a row that cannot be read back.
        StorageError: anything else that trying again will not mend. No message holds a value of a
            statement.
    """
    try:
        yield
    except DBAPIError as error:
        raise _ours(doing, error) from error
    except PoolTimeout as error:
        raise StorageUnavailable(f"{doing}: every connection is busy") from error
    except StatementError as error:
        what = type(error.orig).__name__
        raise RowRefused(f"{doing}: a value does not fit ({what})") from error
    except SQLAlchemyError as error:
        raise StorageError(f"{doing}: {type(error).__name__}") from error
    except OSError as error:
        raise StorageUnavailable(f"{doing}: {error.strerror or type(error).__name__}") from error
    except _server_errors() as error:
        raise _of_server(doing, error, getattr(error, "sqlstate", None) or "08000") from error
    except (ValueError, OverflowError) as error:
        # Raised between driver and statement, hence wrapped by neither; its text may quote a value.
        raise _of_a_value(doing, error) from error


_PASSING_CLASSES = ("08", "25", "40", "53", "55", "57", "58")
"""Classes of SQLSTATE that may pass by themselves: connection, read-only, deadlock, no room, lock,
shut down or timed out, disk."""

_POOLED_STATES = ("26000", "42P05")
"""A statement that is not known, or known already: the session was another one a moment ago, behind
a pooler that the URL says nothing of (docs/operate.md)."""

_ROW_CLASSES = ("22", "23", "54")
"""Classes that are the fault of a row: its data, a constraint, a size."""

_DOORS = {
    "28P01": "the server refuses the user or the password of TAY_DATABASE_URL",
    "28000": "the server refuses the user, or lets nobody in by this way",
    "3D000": "the server has no database of this name: CREATE DATABASE makes it",
}
"""States in which no session begins, and what to look at; nothing of the URL stands in them."""

_SCHEMA_STATES = ("42P01", "42703")
_FOREIGN_STATES = ("42P07", "42701", "42710")


def _ours(doing: str, error: DBAPIError) -> StorageError:
    state = getattr(error.orig, "sqlstate", None)
    if state is not None or error.connection_invalidated:
        cause = error.orig.__cause__ if error.orig is not None else None
        return _of_server(doing, cause or error, state or "08000")
    said = str(error.orig)
    if any(sign in said for sign in _SCHEMA_SIGNS):
        return SchemaMismatch(f"{doing}: {said}; run `tay db upgrade`")
    if any(sign in said for sign in _FOREIGN_SIGNS):
        return SchemaMismatch(f"{doing}: {said}, and it is not of our making; use another database")
    if any(sign in said for sign in _LASTING_SIGNS):
        return StorageError(f"{doing}: {said}; it is not a database of ours, or it is damaged")
    if isinstance(error, OperationalError):
        return StorageUnavailable(f"{doing}: {said}")
    kind = RowRefused if isinstance(error, IntegrityError | DataError) else StorageError
    return kind(f"{doing}: {said}")


def _server_errors() -> tuple[type[BaseException], ...]:
    """What the server's driver raises while it connects, which SQLAlchemy lets through as it is."""
    driver = sys.modules.get("asyncpg")
    return (driver.PostgresError, driver.InternalClientError) if driver else ()


def _of_a_value(doing: str, error: ValueError | OverflowError) -> StorageError:
    driver = sys.modules.get("asyncpg")
    if driver is not None and isinstance(error, driver.ClientConfigurationError):
        # Of the URL; its words name parameters and files, no password.
        return StorageError(f"{doing}: TAY_DATABASE_URL does not fit: {error}")
    return RowRefused(f"{doing}: a value does not fit ({type(error).__name__})")


def _of_server(doing: str, error: BaseException, state: str) -> StorageError:
    """A server says what happened by a code; its words may quote a value."""
    what = f"{type(error).__name__}, SQLSTATE {state}"
    if state in _DOORS:
        what = f"{_DOORS[state]} ({what})"
    if state in _SCHEMA_STATES:
        return SchemaMismatch(f"{doing}: tables or columns are missing; run `tay db upgrade`")
    if state in _FOREIGN_STATES:
        return SchemaMismatch(
            f"{doing}: a table already exists, and it is not of our making; use another database"
        )
    if state in _POOLED_STATES:
        return StorageUnavailable(
            f"{doing}: {what}; a pooler hands out sessions by transaction: put "
            "?statement_cache_size=0 behind TAY_DATABASE_URL"
        )
    if state[:2] in _PASSING_CLASSES:
        return StorageUnavailable(f"{doing}: {what}")
    kind = RowRefused if state[:2] in _ROW_CLASSES else StorageError
    return kind(f"{doing}: {what}")
