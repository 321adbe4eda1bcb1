"""History, cool-down and log behind one protocol; a URL says which store it is."""

import asyncio
from collections.abc import Sequence

from tay_middleware.settings import Settings
from tay_middleware.storage.base import (
    Cap,
    Claim,
    LoggedTurn,
    TurnRecord,
    TurnStore,
    Verdict,
)
from tay_middleware.storage.database import Database
from tay_middleware.storage.embedded import MENTIONS_SECONDS, EmbeddedStore
from tay_middleware.storage.outbox.places import Outbox
from tay_middleware.storage.schema import current, maintain_now, upgrade

__all__ = [
    "Cap",
    "Claim",
    "Database",
    "EmbeddedStore",
    "LoggedTurn",
    "Outbox",
    "TurnRecord",
    "TurnStore",
    "Verdict",
    "current",
    "maintain_now",
    "open_store",
    "open_store_of",
    "read_latest",
    "upgrade",
]


def open_store(url: str, *, history_turns: int, outbox: Outbox | None = None) -> TurnStore:
    """The store that the URLs name, unopened.

    Args:
        url: of the database, `sqlite+aiosqlite:///path/to/tay.db` or `postgresql+asyncpg://…`.
        history_turns: turns of a user that history looks back on.
        outbox: Redis, which then holds history and cool-down, and brings the log to the database
            by way of `tay drain`; `None` for the embedded store.

    Raises:
        ConfigurationError: no store is known for the URLs.
    """
    if outbox is None:
        return EmbeddedStore(url, history_turns=history_turns)
    from tay_middleware.storage.redis import RedisStore  # noqa: PLC0415 - most do not need it

    return RedisStore.on(
        outbox, url, history_turns=history_turns, mentions_seconds=MENTIONS_SECONDS
    )


def open_store_of(settings: Settings) -> TurnStore:
    """The store that the settings describe, unopened.

    Raises:
        ConfigurationError: no store is known for their URLs.
    """
    return open_store(
        settings.resolved_database_url,
        history_turns=settings.history_turns,
        outbox=Outbox.of(settings),
    )


def read_latest(url: str, limit: int) -> Sequence[LoggedTurn]:
    """The newest `limit` turns logged in a file, newest first, for code that has no event loop.

    Raises:
        StorageError: the log cannot be read.
    """

    async def read() -> Sequence[LoggedTurn]:
        store = open_store(url, history_turns=1)
        try:
            await store.open()
            return await store.latest(limit)
        finally:
            await store.aclose()

    return asyncio.run(read())
