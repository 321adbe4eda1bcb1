"""Driver errors become ours once, here; nobody above knows which database it was."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tay_middleware.errors import SchemaMismatch, StorageError, StorageUnavailable

_SCHEMA_SIGNS = ("no such table", "no such column", "has no column named")
_FOREIGN_SIGNS = ("already exists",)
_LASTING_SIGNS = ("file is not a database", "malformed")


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Run a block of database work; `doing` names it in the message.

    Raises:
        StorageUnavailable: locked, refused, full, read-only or out of reach: may pass by itself.
        SchemaMismatch: tables or columns are missing, or of somebody else.
        StorageError: a value that the database cannot take, a row that cannot be read back, or
            anything else that trying again will not mend. No message holds a value of a statement.
    """
    try:
        yield
    except DBAPIError as error:
        raise _ours(doing, error) from error
    except PoolTimeout as error:
        raise StorageUnavailable(f"{doing}: every connection is busy") from error
    except StatementError as error:
        what = type(error.orig).__name__
        raise StorageError(f"{doing}: a value does not fit ({what})") from error
    except SQLAlchemyError as error:
        raise StorageError(f"{doing}: {type(error).__name__}") from error
    except OSError as error:
        raise StorageUnavailable(f"{doing}: {error.strerror or type(error).__name__}") from error
    except (ValueError, OverflowError) as error:
        # Raised between driver and statement, hence wrapped by neither; its text may quote a value.
        raise StorageError(f"{doing}: a value does not fit ({type(error).__name__})") from error


def _ours(doing: str, error: DBAPIError) -> StorageError:
    said = str(error.orig)
    if any(sign in said for sign in _SCHEMA_SIGNS):
        return SchemaMismatch(f"{doing}: {said}; run `tay db upgrade`")
    if any(sign in said for sign in _FOREIGN_SIGNS):
        return SchemaMismatch(f"{doing}: {said}, and it is not of our making; use another database")
    if any(sign in said for sign in _LASTING_SIGNS):
        return StorageError(f"{doing}: {said}; it is not a database of ours, or it is damaged")
    if isinstance(error, OperationalError):
        return StorageUnavailable(f"{doing}: {said}")
    return StorageError(f"{doing}: {said}")
