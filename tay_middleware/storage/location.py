"""Where a database is: reading a URL without opening anything."""

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from tay_middleware.errors import ConfigurationError

SUPPORTED = "sqlite+aiosqlite:///path/to/tay.db"


def read_url(url: str) -> URL:
    """The URL of an embedded database, its driver filled in.

    Raises:
        ConfigurationError: it is no URL, or of a database that is not supported. The message never
            holds a password.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationError(
            f"TAY_DATABASE_URL is no database URL; write it like {SUPPORTED}"
        ) from None
    if parsed.drivername not in {"sqlite", "sqlite+aiosqlite"}:
        shown = parsed.render_as_string(hide_password=True)
        raise ConfigurationError(
            f"TAY_DATABASE_URL {shown!r}: this database is not supported; use {SUPPORTED}"
        )
    if not parsed.database or parsed.database == ":memory:":
        raise ConfigurationError(
            "TAY_DATABASE_URL names no file: a database in memory is forgotten at every start; "
            f"write it like {SUPPORTED}"
        )
    return parsed.set(drivername="sqlite+aiosqlite")


def file_of(url: URL) -> Path:
    """The database's file, whether or not it is there."""
    return Path((url.database or "").removeprefix("file:"))
