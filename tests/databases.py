"""Migrated databases for tests that are about something else: a new file is a copy."""

import asyncio
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from tay_middleware.private import make_file, make_home
from tay_middleware.storage import Database, upgrade
from tay_middleware.storage.connection.location import file_of, is_file, read_url

T = TypeVar("T")
Scene = Callable[[Database], Awaitable[Any]]


def play(url: str, scene: Callable[[Database], Awaitable[T]]) -> T:
    """What a scene on a database comes to; the database is closed afterwards."""

    async def opened() -> T:
        database = Database(url)
        try:
            return await scene(database)
        finally:
            await database.aclose()

    return asyncio.run(opened())


def migrated(url: str) -> str:
    """Bring a database to the schema of this version, as `upgrade` does; the URL again."""
    parsed = read_url(url)
    if is_file(parsed) and not file_of(parsed).exists():
        migrated_file(file_of(parsed))
    else:
        upgrade(url)
    return url


def migrated_file(path: Path) -> Path:
    """A new file without rows, as `upgrade` would have made it."""
    make_home(path.parent)
    make_file(path)
    path.write_bytes(_template())
    return path


@lru_cache(maxsize=1)
def _template() -> bytes:
    """All that is in a migrated file, once for each process: a migration takes 0.1 s."""
    with tempfile.TemporaryDirectory(prefix="tay-t-") as directory:
        file = Path(directory) / "tay.db"
        upgrade(f"sqlite+aiosqlite:///{file}")
        with sqlite3.connect(file) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        return file.read_bytes()
