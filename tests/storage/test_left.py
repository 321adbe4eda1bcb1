"""Whoever commits to a file and leaves: what of it is taken back, and what is told."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tay_middleware.errors import StorageUnavailable
from tay_middleware.storage import EmbeddedStore, TurnRecord, TurnStore
from tests.builders import NOON
from tests.databases import migrated
from tests.storage.records import SECOND, a_record, repeated

REPEAT = repeated()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    migrated(f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}")
    return tmp_path / "tay.db"


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Somebody else writes the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def begun(store: TurnStore, record: TurnRecord) -> "asyncio.Task[Any]":
    return asyncio.ensure_future(store.commit(record))


async def left(task: "asyncio.Task[Any]") -> None:
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def play(
    path: Path,
    scene: Callable[[EmbeddedStore], Awaitable[Any]],
    kind: type[EmbeddedStore] = EmbeddedStore,
    busy_seconds: float = 20.0,
) -> Any:
    async def playing() -> Any:
        url = f"sqlite+aiosqlite:///{path}"
        store = kind(url, history_turns=10, busy_seconds=busy_seconds)
        await store.open()
        try:
            return await scene(store)
        finally:
            await store.aclose()

    return asyncio.run(playing())


async def logged(store: EmbeddedStore) -> list[Any]:
    """The log, once all that was begun is done."""
    await store.commit(a_record(9, user="bea", shown=False, at=NOON + SECOND))
    return [(row.turn_id.int, row.shown, row.suppressed) for row in await store.latest(9)][1:]


def test_a_mention_that_was_seen_stays_when_a_repeat_of_its_turn_is_cancelled(path: Path) -> None:
    async def scene(store: EmbeddedStore) -> Any:
        await store.commit(a_record(1))
        with held(path):
            await left(begun(store, REPEAT))
        rows = await logged(store)
        return rows, await store.commit(a_record(2, at=NOON + 2 * SECOND))

    rows, following = play(path, scene)
    assert rows == [(1, True, None)]
    assert not following.granted


@pytest.mark.parametrize("busy", [True, False])
def test_who_asked_second_keeps_what_was_granted_when_the_first_one_leaves(
    path: Path, busy: bool
) -> None:
    """The first is cancelled while it waits for the thread, or for the file."""

    async def scene(store: EmbeddedStore) -> Any:
        with held(path):
            before = [begun(store, a_record(7, user="bea", shown=False))] if busy else []
            await asyncio.sleep(0.05)
            first, second = begun(store, a_record(1)), begun(store, REPEAT)
            await left(first)
        await asyncio.gather(*before)
        return await second, await logged(store)

    verdict, rows = play(path, scene)
    assert (verdict.granted, verdict.duplicate) == (True, not busy)
    assert (1, True, None) in rows


def test_a_cancelled_commit_that_cannot_be_made_up_for_is_told_of_once(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(store: EmbeddedStore) -> Any:
        with held(path):
            await left(begun(store, a_record(1)))
            while not caplog.messages:  # noqa: ASYNC110 - nothing tells but the log
                await asyncio.sleep(0.05)
        return await logged(store)

    with caplog.at_level(logging.WARNING, "tay_middleware"):
        assert play(path, scene, busy_seconds=0.2) == []
    (told,) = caplog.messages
    assert "a call that was cancelled cannot be made up for (StorageUnavailable" in told


class Stuck(EmbeddedStore):
    """Nothing can be taken back."""

    def _retract(self, record: TurnRecord) -> None:
        raise StorageUnavailable("retracting a mention: the disk is full")


@pytest.mark.parametrize("busy", [True, False])
def test_what_cannot_be_taken_back_is_told_of_where_it_was_committed_and_else_written(
    path: Path, caplog: pytest.LogCaptureFixture, busy: bool
) -> None:
    async def scene(store: EmbeddedStore) -> Any:
        with held(path):
            before = [begun(store, a_record(7, user="bea", shown=False))] if busy else []
            await asyncio.sleep(0.05)
            await left(begun(store, a_record(1)))
        await asyncio.gather(*before)
        return await logged(store)

    with caplog.at_level(logging.WARNING, "tay_middleware"):
        rows = play(path, scene, Stuck)
    if busy:  # cancelled before its turn came: nothing had to be taken back
        assert (1, False, "degraded") in rows
        assert caplog.messages == []
    else:
        assert (1, True, None) in rows
        assert len(caplog.messages) == 1
