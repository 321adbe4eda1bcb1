"""A copy of a SQLite file, to try things on: chats go on writing the file itself."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.engine import URL

from tay_middleware.errors import StorageUnavailable
from tay_middleware.storage.connection.location import file_of, is_file, read_url
from tay_middleware.storage.database import BUSY_SECONDS


@contextmanager
def copied(url: str) -> Iterator[str]:
    """The URL of a copy that lasts as long as the block; that of a server is given as it is.

    The copy lies where temporary files do, and nobody else may read it.

    Raises:
        ConfigurationError: the URL is of no database.
        StorageUnavailable: the file cannot be copied: no room, or it is locked.
    """
    parsed = read_url(url)
    if not is_file(parsed):
        yield url
        return
    with TemporaryDirectory(prefix="tay-") as directory:
        copy = Path(directory) / "copy.db"
        if file_of(parsed).exists():
            _copy(file_of(parsed), copy)
        made = URL.create("sqlite+aiosqlite", database=str(copy))
        yield made.render_as_string(hide_password=False)


def _copy(file: Path, copy: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(file, timeout=BUSY_SECONDS)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
    except (sqlite3.Error, OSError) as error:
        raise StorageUnavailable(f"{file} cannot be copied to try things out: {error}") from error
