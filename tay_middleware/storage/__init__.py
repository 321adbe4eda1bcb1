"""History, cool-down and log behind one protocol; a URL says which store it is."""

import asyncio
from collections.abc import Sequence

from tay_middleware.storage.base import (
    Cap,
    Claim,
    LoggedTurn,
    TurnRecord,
    TurnStore,
    Verdict,
)
from tay_middleware.storage.embedded import MENTIONS_SECONDS, EmbeddedStore
from tay_middleware.storage.redact import keep, redact
from tay_middleware.storage.schema import current, upgrade

__all__ = [
    "Cap",
    "Claim",
    "EmbeddedStore",
    "LoggedTurn",
    "TurnRecord",
    "TurnStore",
    "Verdict",
    "current",
    "keep",
    "open_store",
    "read_latest",
    "redact",
    "upgrade",
]


def open_store(
    url: str, *, history_turns: int, mentions_seconds: float = MENTIONS_SECONDS
) -> TurnStore:
    """The store that a URL names, unopened.

    Args:
        url: `sqlite+aiosqlite:///path/to/tay.db`.
        history_turns: turns of a user that history looks back on.
        mentions_seconds: how far back mentions are recalled; at least the longest cap.

    Raises:
        ConfigurationError: no store is known for the URL.
    """
    return EmbeddedStore(url, history_turns=history_turns, mentions_seconds=mentions_seconds)


def read_latest(url: str, limit: int) -> Sequence[LoggedTurn]:
    """The newest `limit` logged turns, newest first, for code that has no event loop.

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
