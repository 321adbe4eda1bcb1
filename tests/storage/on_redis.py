"""Scenes with a store on some Redis, which may be away, and what is asked of it there."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tay_middleware.errors import StorageError
from tay_middleware.storage import Outbox, TurnRecord
from tay_middleware.storage.redis import RedisStore
from tests.builders import NOON
from tests.storage.records import SECOND, a_record

Scene = Callable[[RedisStore], Awaitable[Any]]
Play = Callable[..., Any]


def on_redis(home: Path) -> Play:
    """Runs a scene with a store on some Redis, its spool and its log at `home`."""

    def run(url: str, scene: Scene, *, call_seconds: float = 0.1, **options: Any) -> Any:
        async def opened() -> Any:
            outbox = Outbox(url, home / "spool.db", call_seconds=call_seconds, **options)
            database_url = f"sqlite+aiosqlite:///{home / 'tay.db'}"
            store = RedisStore.on(
                outbox, database_url, history_turns=10, mentions_seconds=8 * 86400
            )
            try:
                await store.open()
                return await scene(store)
            finally:
                await store.aclose()

        return asyncio.run(opened())

    return run


async def refused(call: Awaitable[Any]) -> StorageError:
    with pytest.raises(StorageError) as caught:
        await call
    return caught.value


async def mended(store: RedisStore) -> None:
    """Wait until the store has made up for everything."""
    async with asyncio.timeout(20):
        while await store.spool.count() or store.link.open_buckets:  # noqa: ASYNC110 - a background task of the store
            await asyncio.sleep(0.01)


def quiet(number: int, user: str = "ada") -> TurnRecord:
    return a_record(number, user=user, at=NOON + number * SECOND, shown=False)
