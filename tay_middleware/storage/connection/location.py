"""Where a database is: reading a URL without opening anything."""

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from tay_middleware.errors import ConfigurationError
from tay_middleware.storage.connection.server_url import server_options

EMBEDDED = "sqlite+aiosqlite:///path/to/tay.db"
SUPPORTED = f"{EMBEDDED} or postgresql+asyncpg://user:password@host/database"


def read_url(url: str) -> URL:
    """The URL of a database that can be used, its driver filled in.

    Raises:
        ConfigurationError: it is no URL, of a database that is not supported, or it asks something
            of a server's driver that is not known. The message never holds a password.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # a port that is no number, or `::1` without brackets
        raise ConfigurationError(
            f"TAY_DATABASE_URL is no database URL; write it like {SUPPORTED}, an IPv6 address in "
            "brackets, and of a password `@`, `:`, `/`, `#`, `?` and `%` as %40, %3A and so on"
        ) from None
    if parsed.drivername in {"postgresql", "postgres", "postgresql+asyncpg"}:
        server = parsed.set(drivername="postgresql+asyncpg")
        server_options(server)
        return server
    if parsed.drivername not in {"sqlite", "sqlite+aiosqlite"}:
        shown = parsed.render_as_string(hide_password=True)
        raise ConfigurationError(
            f"TAY_DATABASE_URL {shown!r}: this database is not supported; use {SUPPORTED}"
        )
    if not parsed.database or parsed.database == ":memory:":
        raise ConfigurationError(
            "TAY_DATABASE_URL names no file: a database in memory is forgotten at every start; "
            f"write it like {EMBEDDED}"
        )
    return parsed.set(drivername="sqlite+aiosqlite")


def spoken(url: str) -> str:
    """The URL as it may be shown: without a password, and without what else follows the name.

    Raises:
        ConfigurationError: as `read_url`.
    """
    return read_url(url).set(query={}).render_as_string(hide_password=True)


def place_of(url: str) -> str:
    """Where a database is, as it may be shown: a file's whole path, or a URL without a password.

    Raises:
        ConfigurationError: as `read_url`.
    """
    parsed = read_url(url)
    return str(file_of(parsed).absolute()) if is_file(parsed) else spoken(url)


def is_file(url: URL) -> bool:
    """Whether it is an embedded database, a file of this machine."""
    return url.drivername.startswith("sqlite")


def file_of(url: URL) -> Path:
    """The database's file, whether or not it is there."""
    return Path((url.database or "").removeprefix("file:"))
