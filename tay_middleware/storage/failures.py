"""Driver errors become ours once, here; nobody above knows which database it was."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from tay_middleware.errors import SchemaMismatch, StorageError, StorageUnavailable

_SCHEMA_SIGNS = ("no such table", "no such column", "has no column named")
_LASTING_SIGNS = ("file is not a database", "malformed")


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Run a block of database work; `doing` names it in the message.

    Raises:
        StorageUnavailable: locked, refused, full, read-only or out of reach: may pass by itself.
        SchemaMismatch: tables or columns are missing.
        StorageError: anything else the database said; never with values of a statement in it.
    """
    try:
        yield
    except DBAPIError as error:
        raise _ours(doing, str(error.orig)) from error
    except SQLAlchemyError as error:
        raise StorageUnavailable(f"{doing}: {type(error).__name__}") from error
    except (OSError, TimeoutError) as error:
        raise StorageUnavailable(f"{doing}: {error.strerror or type(error).__name__}") from error


def _ours(doing: str, said: str) -> StorageError:
    if any(sign in said for sign in _SCHEMA_SIGNS):
        return SchemaMismatch(f"{doing}: {said}; run `tay db upgrade`")
    if any(sign in said for sign in _LASTING_SIGNS):
        return StorageError(f"{doing}: {said}; it is not a database of ours, or it is damaged")
    return StorageUnavailable(f"{doing}: {said}")
