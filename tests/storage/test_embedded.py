import asyncio
import gc
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tay_middleware.errors import (
    ConfigurationError,
    SchemaMismatch,
    StorageError,
    StorageUnavailable,
)
from tay_middleware.storage import EmbeddedStore, TurnStore, open_store, read_latest
from tests.builders import NOON
from tests.databases import migrated
from tests.storage.contract import Handles, TurnStoreContract
from tests.storage.records import a_record, key, opened

MANY = """
import asyncio, sys
from tests.storage.records import a_record
from tay_middleware.storage import open_store

async def main(url, first, count):
    store = open_store(url, history_turns=10)
    await store.open()
    turns = range(first, first + count)
    verdicts = await asyncio.gather(*(store.commit(a_record(n)) for n in turns))
    await store.aclose()
    print(sum(verdict.granted for verdict in verdicts))

asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""

ENDLESS = """
import asyncio, sys
from tests.storage.records import a_record
from tay_middleware.storage import open_store

async def main(url):
    store = open_store(url, history_turns=10)
    await store.open()
    number = 0
    while True:
        number += 1
        await store.commit(a_record(number, user=f"u{number}"))
        print(number, flush=True)

asyncio.run(main(sys.argv[1]))
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'in' / 'tay.db'}"


class TestEmbeddedStore(TurnStoreContract):
    @pytest.fixture
    def handles(self, url: str) -> Handles:
        async def make() -> TurnStore:
            store = open_store(url, history_turns=10)
            await store.open()
            return store

        migrated(url)
        return make


def file_of(url: str) -> str:
    return url.removeprefix("sqlite+aiosqlite:///")


def failing(url: str, act: str = "commit") -> StorageError:
    """What a store on `url` raises when a turn is committed (or recalled)."""

    async def scene() -> None:
        store = open_store(url, history_turns=10)
        try:
            await store.open()
            if act == "commit":
                await store.commit(a_record(9, session="another"))
            else:
                await store.recall(key(), NOON)
        finally:
            await store.aclose()

    with pytest.raises(StorageError) as caught:
        asyncio.run(scene())
    return caught.value


def committed(url: str) -> None:
    async def scene() -> None:
        store = open_store(url, history_turns=10)
        await store.open()
        await store.commit(a_record())
        await store.aclose()

    asyncio.run(scene())


@pytest.mark.scale
def test_of_200_claims_from_four_processes_one_is_granted(url: str) -> None:
    command = [sys.executable, "-c", MANY, url]
    with ThreadPoolExecutor(4) as pool:
        runs = list(
            pool.map(
                lambda n: subprocess.run(
                    [*command, str(1 + 50 * n), "50"], capture_output=True, text=True, check=True
                ),
                range(4),
            )
        )
    assert sum(int(run.stdout) for run in runs) == 1
    rows = read_latest(url, 500)
    assert len(rows) == 200
    assert sum(row.shown for row in rows) == 1


def test_a_process_killed_in_the_middle_leaves_whole_turns(url: str) -> None:
    writer = subprocess.Popen([sys.executable, "-c", ENDLESS, url], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    with writer.stdout:
        acknowledged = 0
        while acknowledged < 50:
            acknowledged = int(writer.stdout.readline())
        writer.kill()
        writer.wait()
    connection = sqlite3.connect(file_of(url))
    questions = {row[0] for row in connection.execute("SELECT id FROM question_logs")}
    escalations = {row[0] for row in connection.execute("SELECT id FROM escalation_logs")}
    profiles = connection.execute("SELECT count(*) FROM user_profiles").fetchone()[0]
    connection.close()
    assert questions == escalations
    assert len(questions) == profiles >= acknowledged


def test_the_rows_can_be_read_by_any_sqlite_client(url: str) -> None:
    committed(url)
    connection = sqlite3.connect(file_of(url))
    connection.row_factory = sqlite3.Row
    row = dict(connection.execute("SELECT * FROM escalation_logs").fetchone())
    connection.close()
    assert (row["user_id"], row["session_id"], row["question"]) == ("ada", "s1", "q")
    assert (row["offer"], row["reason"], row["strength"], row["tier"]) == (
        "mentorship",
        "personalized_help",
        "gentle",
        "free",
    )
    assert (row["template"], row["converted"], row["converted_at"]) == (
        "mentorship.gentle.any.A",
        0,
        None,
    )
    assert json.loads(row["scores"]) == {"total": 3.0}
    assert row["created_at"].startswith("2026-03-02 12:00:00")
    assert len(row["id"]) == 36


def test_the_parts_of_an_escalation_row_are_those_of_the_brief(url: str) -> None:
    committed(url)
    connection = sqlite3.connect(file_of(url))
    columns = {row[1] for row in connection.execute("PRAGMA table_info(escalation_logs)")}
    connection.close()
    assert columns >= {
        *("id", "user_id", "session_id", "question", "offer", "reason", "scores", "template"),
        *("tier", "strength", "created_at", "converted", "converted_at"),
    }


def test_a_path_that_is_a_directory_is_unavailable(tmp_path: Path) -> None:
    error = failing(f"sqlite+aiosqlite:///{tmp_path}")
    assert isinstance(error, StorageUnavailable)
    assert "unable to open database file" in str(error)


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "tay.db").write_bytes(b"something else" * 1000)
    error = failing(f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}")
    assert not error.is_retryable
    assert "file is not a database" in str(error)


def test_a_read_only_database_is_read_and_not_written(url: str) -> None:
    committed(url)
    frozen = f"sqlite+aiosqlite:///file:{file_of(url)}?mode=ro&uri=true"
    error = failing(frozen)
    assert isinstance(error, StorageUnavailable)
    assert "readonly database" in str(error)


def test_missing_tables_are_a_mismatch_that_names_the_mend(url: str) -> None:
    committed(url)
    connection = sqlite3.connect(file_of(url))
    connection.execute("DROP TABLE user_profiles")
    connection.commit()
    connection.close()
    error = failing(url, "recall")
    assert isinstance(error, SchemaMismatch)
    assert "run `tay db upgrade`" in str(error)


def test_a_locked_database_is_unavailable_after_the_wait(url: str) -> None:
    committed(url)
    holder = sqlite3.connect(file_of(url), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    async def scene() -> None:
        store = EmbeddedStore(url, history_turns=10, busy_seconds=0.05)
        await store.open()
        try:
            await store.commit(a_record(2))
        finally:
            await store.aclose()

    with pytest.raises(StorageUnavailable, match="locked"):
        asyncio.run(scene())
    holder.close()


def test_a_mention_whose_commit_is_cancelled_while_it_waits_counts_as_not_shown(url: str) -> None:
    async def scene() -> Any:
        store = await opened(open_store(migrated(url), history_turns=10))
        with closing(sqlite3.connect(file_of(url), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            committing = asyncio.ensure_future(store.commit(a_record(1)))
            await asyncio.sleep(0.1)
            committing.cancel()
            await asyncio.gather(committing, return_exceptions=True)
            other.execute("ROLLBACK")
        again = await store.commit(a_record(2))
        rows = [(row.turn_id.int, row.shown, row.suppressed) for row in await store.latest(9)]
        await store.aclose()
        return again.granted, rows

    assert asyncio.run(scene()) == (True, [(2, True, None), (1, False, "degraded")])


def test_a_mention_is_taken_back_also_where_that_is_cancelled_before_its_turn(url: str) -> None:
    async def scene() -> Any:
        store = await opened(open_store(migrated(url), history_turns=10))
        await store.commit(a_record(1))
        with closing(sqlite3.connect(file_of(url), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            writing = asyncio.ensure_future(store.commit(a_record(2, shown=False)))
            retracting = asyncio.ensure_future(store.retract(a_record(1)))
            await asyncio.sleep(0.1)
            retracting.cancel()
            await asyncio.gather(retracting, return_exceptions=True)
            other.execute("ROLLBACK")
        await writing
        await store.aclose()

    asyncio.run(scene())
    rows = read_latest(url, 9)
    assert [(row.turn_id.int, row.shown) for row in rows] == [(2, False), (1, False)]


def test_readers_are_not_held_up_by_a_writer(url: str) -> None:
    committed(url)
    holder = sqlite3.connect(file_of(url), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    async def scene() -> Any:
        store = EmbeddedStore(url, history_turns=10, busy_seconds=0.05)
        await store.open()
        try:
            return await store.recall(key(), NOON)
        finally:
            await store.aclose()

    assert len(asyncio.run(scene()).turns) == 1
    holder.close()


def test_a_path_that_is_mended_heals(tmp_path: Path) -> None:
    path = tmp_path / "tay.db"
    path.mkdir()

    async def scene() -> bool:
        store = open_store(f"sqlite+aiosqlite:///{path}", history_turns=10)
        with pytest.raises(StorageUnavailable):
            await store.open()
        path.rmdir()
        await store.open()
        verdict = await store.commit(a_record())
        await store.aclose()
        return verdict.granted

    assert asyncio.run(scene())


def test_a_message_of_an_error_holds_no_values(url: str) -> None:
    committed(url)
    frozen = f"sqlite+aiosqlite:///file:{file_of(url)}?mode=ro&uri=true"
    assert "ada" not in str(failing(frozen))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("not a url", "is no database URL"),
        ("mysql://u:secret@h/db", "this database is not supported"),
        ("sqlite+aiosqlite://", "names no file"),
        ("sqlite+aiosqlite:///:memory:", "names no file"),
    ],
)
def test_a_url_of_no_store_is_refused_without_its_password(wrong: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        open_store(wrong, history_turns=10)
    assert "secret" not in str(caught.value)


def test_the_short_form_of_the_url_works(tmp_path: Path) -> None:
    committed(f"sqlite:///{tmp_path / 'tay.db'}")
    assert (tmp_path / "tay.db").is_file()


@pytest.fixture(autouse=True)
def _nothing_is_left_open() -> Iterator[None]:
    """A connection that nobody closed is reported when it is collected, and that is a failure."""
    yield
    gc.collect()
