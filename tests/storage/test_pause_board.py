"""What stands in Redis is what is paused, whoever writes it last."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from tay_middleware.domain import uuid7
from tay_middleware.errors import StorageError
from tay_middleware.playbook import Playbook
from tay_middleware.storage import Database
from tay_middleware.storage.desk.pauses import Subject, pause, paused_names
from tay_middleware.storage.outbox.pause_board import (
    paused_key,
    publish_by,
    read_board,
    standing,
    write_board,
)
from tests.builders import NOON
from tests.databases import migrated

LATER = NOON + timedelta(hours=3)


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


async def paused(database: Database, name: str, number: int, until: datetime | None = None) -> None:
    await database.write(
        pause,
        pause_id=uuid7(NOON, number),
        subject=Subject.OFFER,
        name=name,
        now=NOON,
        by="a",
        reason="r",
        figures={},
        until=until,
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
            board = frozenset(read_board(await client.get(paused_key())))
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
    assert read_board(asyncio.run(scene())) == {"course": None}


BOARDS = st.dictionaries(st.text(), st.none() | st.datetimes(timezones=st.just(UTC)))


@given(BOARDS)
def test_what_is_told_is_read(board: dict[str, datetime | None]) -> None:
    assert read_board(write_board(board)) == board


def read_by_a_version_without_ends(value: bytes) -> frozenset[str]:
    """Word for word what the versions before ends stood in Redis do with it."""
    found = json.loads(value) if value else []
    assert isinstance(found, list)
    assert all(isinstance(name, str) for name in found)
    return frozenset(found)


def written_by_a_version_without_ends(names: frozenset[str]) -> bytes:
    """The same of what they write."""
    return json.dumps(sorted(names)).encode()


def test_a_version_without_ends_reads_every_name_and_one_more_that_is_nothing_s(
    playbook: Playbook,
) -> None:
    wording = min(playbook.by_id)
    board = {"course": None, "mentorship": LATER, wording: LATER}
    found = read_by_a_version_without_ends(write_board(board))
    assert found >= set(board)
    known = {*playbook.offers, *playbook.by_id}
    assert found & known == set(board)


def test_what_a_version_without_ends_writes_lasts_until_it_is_told_again() -> None:
    """Its list takes the place of the ends too: none of an earlier pause of that name is left."""
    ended = write_board({"course": LATER})
    found = read_board(written_by_a_version_without_ends(frozenset({"course"})))
    assert standing(read_board(ended), LATER) == frozenset()
    assert standing(found, LATER) == {"course"}


@pytest.mark.parametrize("name", ["until", "until then", "until 2027-05-01T00:00:00 course"])
def test_a_name_that_looks_like_an_end_is_a_name(name: str) -> None:
    assert read_board(write_board({name: None, "course": LATER})) == {name: None, "course": LATER}


def test_versions_that_tell_by_turns_end_no_pause_and_leave_none(
    redis_url: str, tmp_path: Path
) -> None:
    """Of a rolling upgrade: both look once a minute, and each writes it its own way."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    migrated(url)

    async def scene() -> list[tuple[frozenset[str], frozenset[str]]]:
        database, found = Database(url), []
        client: Any
        async with Redis.from_url(redis_url) as client:
            await paused(database, "course", 1, until=LATER)
            for now in (NOON, LATER):
                names = await database.read(paused_names, now)
                old = written_by_a_version_without_ends(names)
                for tell in (
                    partial(publish_by, client, database, now),
                    partial(client.set, paused_key(), old),
                ) * 2:
                    await tell()
                    value = await client.get(paused_key())
                    by_old = read_by_a_version_without_ends(value) & {"course"}
                    found.append((standing(read_board(value), now), by_old))
        await database.aclose()
        return found

    during, after = frozenset({"course"}), frozenset[str]()
    assert asyncio.run(scene()) == [(during, during)] * 4 + [(after, after)] * 4
