"""What is PostgreSQL's alone: migrations, partitions, upkeep."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, func, select, text

from tay_middleware.domain import uuid7
from tay_middleware.errors import SchemaMismatch, StorageError, StorageUnavailable
from tay_middleware.storage import Database, current, maintain_now, upgrade
from tay_middleware.storage.drain import Drain
from tay_middleware.storage.migrations import HEAD, VERSION_TABLE
from tay_middleware.storage.outbox.link import make_client
from tay_middleware.storage.partitions import maintain
from tay_middleware.storage.reading.day_sheets import day_sheets
from tay_middleware.storage.reading.reviews import reviews
from tay_middleware.storage.simulations import simulations
from tay_middleware.storage.sql import question_logs, question_row
from tay_middleware.storage.turns.bulk import insert_turns
from tests.databases import play
from tests.storage.records import a_record

T = TypeVar("T")
(metadata,) = {table.metadata for table in (day_sheets, reviews, simulations)}
"""The tables of every module; these are imported by no other."""

MARCH = datetime(2026, 3, 15, tzinfo=UTC)


def on(url: str, function: Callable[..., T], *args: Any) -> T:
    return play(url, lambda database: database.write(function, *args))


def row_at(at: datetime, number: int) -> dict[str, Any]:
    return question_row(a_record(number, at=at))


def parts(connection: Connection) -> dict[str, int]:
    """Rows by partition of `question_logs`."""
    counted = connection.execute(
        text(
            "SELECT tableoid::regclass::text AS part, count(*) AS rows "
            "FROM question_logs GROUP BY 1"
        )
    )
    return {row.part: row.rows for row in counted}


def test_an_empty_server_has_no_version_and_then_the_newest(empty_postgres_url: str) -> None:
    assert current(empty_postgres_url) is None
    assert upgrade(empty_postgres_url) == HEAD
    assert upgrade(empty_postgres_url) == HEAD
    assert current(empty_postgres_url) == HEAD


def test_a_server_is_never_migrated_by_a_drain(empty_postgres_url: str, redis_url: str) -> None:
    async def scene() -> None:
        client = make_client(redis_url, patience_seconds=5)
        database = Database(empty_postgres_url)
        try:
            await Drain(client, database).run()
        finally:
            await database.aclose()
            await client.aclose()

    with pytest.raises(SchemaMismatch, match="run `tay db upgrade`"):
        asyncio.run(scene())


def test_the_migrations_make_the_tables_of_the_code(postgres_url: str) -> None:
    only_sqlite = {
        index.name
        for table in metadata.tables.values()
        for index in table.indexes
        if index._ddl_if is not None
    }
    assert len(only_sqlite) == 6

    def differences(connection: Connection) -> list[Any]:
        def ours(_object: Any, name: str | None, kind: str, _is_read: bool, _other: Any) -> bool:
            # A turn's own id is unique by an index on SQLite only; partitions are no tables.
            partition = kind == "table" and ("_logs_y" in str(name) or "_default" in str(name))
            return not partition and "logs_turn_id" not in str(name) and name not in only_sqlite

        options = {"version_table": VERSION_TABLE, "include_object": ours}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))

    assert on(postgres_url, differences) == []


def test_four_processes_may_upgrade_at_once(empty_postgres_url: str) -> None:
    code = "import sys; from tay_middleware.storage import upgrade; print(upgrade(sys.argv[1]))"
    command = [sys.executable, "-c", code, empty_postgres_url]
    with ThreadPoolExecutor(4) as pool:
        runs = list(
            pool.map(
                lambda _: subprocess.run(command, capture_output=True, text=True, check=False),
                range(4),
            )
        )
    assert [(run.returncode, run.stdout, run.stderr) for run in runs] == [(0, f"{HEAD}\n", "")] * 4


def test_a_month_is_a_partition_and_what_came_before_it_is_moved(postgres_url: str) -> None:
    def scene(connection: Connection) -> Any:
        rows = [row_at(MARCH + timedelta(days=10 * n), n + 1) for n in range(6)]
        insert_turns(connection, rows)
        before = parts(connection)
        done = maintain(connection, MARCH, None)
        return before, done, parts(connection)

    before, done, after = on(postgres_url, scene)
    assert before == {"question_logs_default": 6}
    assert after == {
        "question_logs_y2026m03": 2,
        "question_logs_y2026m04": 3,
        "question_logs_y2026m05": 1,
    }
    assert (len(done.made), done.moved) == (6, 12)


def test_the_first_and_the_last_moment_of_a_month_are_in_it(postgres_url: str) -> None:
    def scene(connection: Connection) -> Any:
        maintain(connection, MARCH, None)
        first = datetime(2026, 4, 1, tzinfo=UTC)
        last = datetime(2026, 5, 1, tzinfo=UTC) - timedelta(milliseconds=1)
        bits = (1 << 74) - 1
        rows = [row_at(first, 1), {**row_at(last, 2), "id": uuid7(last, bits)}]
        insert_turns(connection, rows)
        return parts(connection)

    assert on(postgres_url, scene) == {"question_logs_y2026m04": 2}


def test_months_past_their_retention_are_dropped_whole(postgres_url: str) -> None:
    def scene(connection: Connection) -> Any:
        maintain(connection, MARCH, None)
        rows = [row_at(MARCH + timedelta(days=31 * n), n + 1) for n in range(3)]
        stray = row_at(datetime(2025, 1, 1, tzinfo=UTC), 9)
        insert_turns(connection, [*rows, stray])
        done = maintain(connection, datetime(2026, 6, 1, tzinfo=UTC), 30)
        return done, parts(connection)

    done, left = on(postgres_url, scene)
    assert done.dropped == (
        *("question_logs_y2026m03", "question_logs_y2026m04"),
        *("escalation_logs_y2026m03", "escalation_logs_y2026m04"),
    )
    assert left == {"question_logs_y2026m05": 1}
    assert done.deleted == 2


def test_months_that_were_missed_are_made_later_and_their_rows_moved(postgres_url: str) -> None:
    def scene(connection: Connection) -> Any:
        days = (0, 1, 140)  # March and August; in September the upkeep runs again
        insert_turns(connection, [row_at(MARCH + timedelta(days=d), d + 1) for d in days])
        september = MARCH + timedelta(days=180)
        done = maintain(connection, september, None)
        again = maintain(connection, september, None)
        return done, again, parts(connection)

    done, again, after = on(postgres_url, scene)
    assert done.made[6:] == (
        *("question_logs_y2026m03", "question_logs_y2026m08"),
        *("escalation_logs_y2026m03", "escalation_logs_y2026m08"),
    )
    assert (len(done.made), done.moved) == (10, 6)
    assert (again.made, again.moved) == ((), 0)
    assert after == {"question_logs_y2026m03": 2, "question_logs_y2026m08": 1}


def test_what_is_past_its_retention_is_not_moved_but_deleted(postgres_url: str) -> None:
    def scene(connection: Connection) -> Any:
        insert_turns(connection, [row_at(MARCH + timedelta(days=d), d + 1) for d in (0, 100)])
        return maintain(connection, MARCH + timedelta(days=130), 60), parts(connection)

    done, after = on(postgres_url, scene)
    assert (done.moved, done.deleted) == (2, 2)
    assert after == {"question_logs_y2026m06": 1}


def test_upkeep_may_be_repeated(postgres_url: str) -> None:
    maintain_now(postgres_url, None)
    again = maintain_now(postgres_url, 400)
    assert (again.made, again.dropped, again.moved, again.deleted) == ((), (), 0, 0)


def test_the_same_row_again_is_not_inserted(postgres_url: str) -> None:
    def scene(connection: Connection) -> Any:
        row = row_at(MARCH, 1)
        first = insert_turns(connection, [row])
        second = insert_turns(connection, [row, row_at(MARCH, 2)])
        count = connection.execute(select(func.count()).select_from(question_logs)).scalar()
        return first, second, count

    assert on(postgres_url, scene) == ({uuid7(MARCH, 1)}, {uuid7(MARCH, 2)}, 2)


def test_text_with_a_zero_byte_is_stored(postgres_url: str) -> None:
    def scene(connection: Connection) -> Any:
        row = {**row_at(MARCH, 1), "user_id": "a\x00b", "notes": ["n\x00"]}
        insert_turns(connection, [row])
        return connection.execute(select(question_logs.c.user_id, question_logs.c.notes)).one()

    assert tuple(on(postgres_url, scene)) == ("a\ufffdb", ["n\ufffd"])


@pytest.mark.parametrize(
    ("url", "kind", "said"),
    [
        ("postgresql+asyncpg://u:secret@127.0.0.1:1/tay", StorageUnavailable, "Connect"),
        (
            "postgresql+asyncpg://tay@/nowhere?host={directory}",
            StorageError,
            "CREATE DATABASE.*3D000",
        ),
        ("postgresql+asyncpg://who@/tay?host={directory}", StorageError, "refuses the user"),
    ],
)
def test_a_server_that_is_not_there_is_said_plainly(
    postgres: Any, url: str, kind: type[StorageError], said: str
) -> None:
    with pytest.raises(kind, match=said) as caught:
        current(url.format(directory=postgres.directory))
    assert "secret" not in str(caught.value)
    assert UUID(int=0) not in caught.value.args
