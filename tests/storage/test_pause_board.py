"""What stands in Redis is what is paused, whoever writes it last."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from tay_middleware.domain import uuid7
from tay_middleware.errors import StorageError
from tay_middleware.storage import Database
from tay_middleware.storage.pause_board import paused_key, publish_by, read_board
from tay_middleware.storage.pauses import Subject, pause
from tests.builders import NOON
from tests.databases import migrated


class Slow:
    """A client whose first write is overtaken by something else."""

    def __init__(self, client: Any, overtaken_by: Callable[[], Awaitable[object]]) -> None:
        self._client = client
        self._overtaken_by: Callable[[], Awaitable[object]] | None = overtaken_by
        self.writes = 0

    async def get(self, key: str) -> Any:
        return await self._client.get(key)

    async def set(self, key: str, value: bytes) -> None:
        overtaking, self._overtaken_by = self._overtaken_by, None
        if overtaking is not None:
            await overtaking()
        self.writes += 1
        await self._client.set(key, value)


async def paused(database: Database, name: str, number: int) -> None:
    await database.write(
        pause,
        pause_id=uuid7(NOON, number),
        subject=Subject.OFFER,
        name=name,
        now=NOON,
        by="a",
        reason="r",
        figures={},
    )


def test_a_write_that_comes_late_unpauses_nothing(redis_url: str, tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    migrated(url)

    async def scene() -> tuple[frozenset[str], frozenset[str], int]:
        database = Database(url)
        client: Any
        async with Redis.from_url(redis_url) as client:

            async def another_pauses() -> None:
                await paused(database, "course", 2)
                await publish_by(client, database, NOON)

            slow = Slow(client, another_pauses)
            await paused(database, "mentorship", 1)
            told = await publish_by(slow, database, NOON)
            board = read_board(await client.get(paused_key()))
            await publish_by(slow, database, NOON)
        await database.aclose()
        return told, board, slow.writes

    both = frozenset({"course", "mentorship"})
    assert asyncio.run(scene()) == (both, both, 2)


@pytest.mark.parametrize("value", [b"{", b"5", b'"course"', b"[1]", b"\xff"])
def test_what_is_no_list_of_names_is_an_error_of_storage_and_is_written_over(
    redis_url: str, tmp_path: Path, value: bytes
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    migrated(url)

    async def scene() -> Any:
        database = Database(url)
        client: Any
        async with Redis.from_url(redis_url) as client:
            await client.set(paused_key(), value)
            await paused(database, "course", 1)
            await publish_by(client, database, NOON)
            found = await client.get(paused_key())
        await database.aclose()
        return found

    with pytest.raises(StorageError):
        read_board(value)
    assert read_board(asyncio.run(scene())) == {"course"}
