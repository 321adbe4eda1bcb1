"""A version of ours beside a database that a later one has migrated: nothing is lost."""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import func, select

from tay_middleware.domain import ClosedGate, History, Kind
from tay_middleware.errors import SchemaTooNew
from tay_middleware.storage import Database, EmbeddedStore, Verdict, read_latest, upgrade
from tay_middleware.storage.drain import Drain, Pace
from tay_middleware.storage.migrations import HEAD, VERSION_TABLE
from tay_middleware.storage.outbox.buckets import keys_of, outbox_of
from tay_middleware.storage.outbox.link import make_client
from tay_middleware.storage.outbox.waiting import Waiting
from tay_middleware.storage.people import Archive
from tay_middleware.storage.turns.figures import hourly_stats
from tests.builders import NOON
from tests.databases import play
from tests.storage.records import KEY_OF, SECOND, a_record, key

LATER = "9999"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "tay.db"
    upgrade(url(path))
    return path


def url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


def migrated(path: Path, version: str = LATER, *, compatible_from: str = LATER) -> None:
    """As a later version leaves a file."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = ?", (version,))  # noqa: S608 - our own name
        connection.execute(
            "UPDATE schema_compatibility SET compatible_from = ?", (compatible_from,)
        )


def on_store(path: Path, scene: Callable[[EmbeddedStore], Awaitable[Any]]) -> Any:
    async def play() -> Any:
        store = EmbeddedStore(url(path), history_turns=10)
        await store.open()
        try:
            return await scene(store)
        finally:
            await store.aclose()

    return asyncio.run(play())


async def recalled(store: EmbeddedStore) -> History:
    return await store.recall(key(), NOON)


def waiting(path: Path) -> Sequence[Any]:
    return Waiting(path).oldest()


async def three_turns(store: EmbeddedStore) -> list[Verdict]:
    """A stop, a mention that she asked for and one of them that nobody saw."""
    gate = ClosedGate("distress", NOON, "s1")
    records = [
        a_record(1, shown=False, opts_out=True, closed=(gate,)),
        a_record(2, at=NOON + SECOND, claim=None),
        a_record(3, at=NOON + 2 * SECOND, claim=None),
    ]
    verdicts = [await store.commit(record) for record in records]
    await store.retract(records[-1])
    return verdicts


def test_a_schema_that_admits_older_code_is_written_as_ever(path: Path) -> None:
    migrated(path, compatible_from=HEAD)
    assert upgrade(url(path)) == LATER
    assert on_store(path, lambda store: store.commit(a_record())) == Verdict(
        granted=True, addition="\n\nabout turn 1"
    )
    assert len(read_latest(url(path), 5)) == 1
    assert waiting(path) == []


def test_turns_that_must_not_be_written_wait_for_the_version_that_may(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    migrated(path)
    verdicts = on_store(path, three_turns)
    assert [(one.granted, one.addition) for one in verdicts] == [
        (True, None),
        (True, "\n\nabout turn 2"),
        (True, "\n\nabout turn 3"),
    ]
    assert [one.levelno for one in caplog.records] == [logging.ERROR]
    assert "install the newer tay-middleware" in caplog.text
    migrated(path, HEAD)
    history = on_store(path, recalled)
    assert (history.opted_out_at, history.closed) == (NOON, (ClosedGate("distress", NOON, "s1"),))
    assert [turn.kind for turn in history.turns] == [Kind.NONE, Kind.MENTION, Kind.NONE]
    assert history.mentions == (NOON + SECOND,)
    assert waiting(path) == []


def test_what_is_made_up_for_twice_counts_once(path: Path) -> None:
    migrated(path)
    on_store(path, three_turns)
    kept = Waiting(path).path.read_bytes()
    migrated(path, HEAD)
    for _ in range(2):
        on_store(path, recalled)
        Waiting(path).path.write_bytes(kept)

    async def counted(database: Database) -> Any:
        return await database.read(
            lambda connection: connection.execute(
                select(func.sum(hourly_stats.c.questions))
            ).scalar()
        )

    assert (len(read_latest(url(path), 9)), play(url(path), counted)) == (3, 3)


def test_meanwhile_no_claim_is_granted_and_no_history_known(path: Path) -> None:
    migrated(path)

    async def scene(store: EmbeddedStore) -> None:
        with pytest.raises(SchemaTooNew):
            await store.commit(a_record())
        with pytest.raises(SchemaTooNew):
            await recalled(store)

    on_store(path, scene)
    assert waiting(path) == []


def test_a_store_that_runs_meanwhile_keeps_what_the_new_tables_refuse(path: Path) -> None:
    async def scene(store: EmbeddedStore) -> Verdict:
        await store.commit(a_record(1, shown=False))
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("ALTER TABLE question_logs RENAME COLUMN status TO state")
        migrated(path)
        return await store.commit(a_record(2, shown=False))

    assert on_store(path, scene).granted
    assert len(waiting(path)) == 1


def test_a_running_store_learns_of_it_beside_the_turns(path: Path) -> None:
    async def scene(store: EmbeddedStore) -> list[int]:
        migrated(path)
        await store.paused(NOON)
        await store.commit(a_record(1, shown=False))
        before = len(waiting(path))
        migrated(path, HEAD)
        await store.paused(NOON)
        await store.commit(a_record(2, shown=False))
        return [before, len(waiting(path)), len(await store.latest(5))]

    assert on_store(path, scene) == [1, 0, 2]


def test_erasing_takes_those_that_wait(path: Path) -> None:
    migrated(path)
    on_store(path, three_turns)
    migrated(path, HEAD)

    async def erased() -> tuple[int, int]:
        archive = Archive(Database(url(path)), None, KEY_OF)
        try:
            kept = await archive.export(key(), NOON)
            done = await archive.erase(key(), NOON + 9 * SECOND)
            return len(kept["question_logs"]), done.rows
        finally:
            await archive.aclose()

    assert asyncio.run(erased()) == (3, 4)
    assert [row.user_id for row in read_latest(url(path), 5)] == [None] * 3


def test_what_nobody_can_read_stays_and_holds_nothing_up(path: Path) -> None:
    migrated(path)
    on_store(path, three_turns)
    with closing(sqlite3.connect(Waiting(path).path)) as connection, connection:
        connection.execute("UPDATE waiting SET event = '{}' WHERE id = 1")
    migrated(path, HEAD)
    on_store(path, recalled)
    assert len(read_latest(url(path), 5)) == 2
    with closing(sqlite3.connect(Waiting(path).path)) as connection:
        left = connection.execute("SELECT id, error FROM waiting").fetchall()
    assert left == [(1, "it cannot be read")]


def test_a_file_that_is_damaged_stops_no_chat(path: Path) -> None:
    Waiting(path).path.write_bytes(b"nothing of ours" * 99)
    assert on_store(path, lambda store: store.commit(a_record())).granted


def test_no_drain_buries_what_a_later_schema_refuses(redis_url: str, path: Path) -> None:
    turn = a_record(1).turn
    with closing(Redis.from_url(redis_url)) as client:
        client.xadd(keys_of(turn.user_key, turn.turn_id).outbox, {"turn": json.dumps({"id": 1})})

    async def scene() -> int:
        database, client = Database(url(path)), make_client(redis_url, patience_seconds=10)
        drain = Drain(client, database, pace=Pace(most_deliveries=1))
        drain._database.read = admitted_once(database.read)  # type: ignore[method-assign]  # a newer one comes after the start
        try:
            with pytest.raises(SchemaTooNew):
                await drain.run(once=True)
            return int(await client.xlen(outbox_of(keys_of(turn.user_key, turn.turn_id).bucket)))
        finally:
            await database.aclose()
            await client.aclose()

    def admitted_once(read: Any) -> Any:
        async def looked(function: Any, *args: Any) -> Any:
            found = await read(function, *args)
            migrated(path)
            return found

        return looked

    assert asyncio.run(scene()) == 1


def test_times_of_a_profile_are_kept_to_the_microsecond(path: Path) -> None:
    at = datetime.fromisoformat("2026-03-02T12:00:00.000001+00:00")
    migrated(path)
    on_store(path, lambda store: store.commit(a_record(1, at=at, shown=False, declines=True)))
    migrated(path, HEAD)
    assert on_store(path, recalled).declined_at == at
