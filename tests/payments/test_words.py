"""What deliveries said word for word goes after its time; to look for it holds no write lock."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.event import listen

from tay_middleware.storage import Database
from tay_middleware.storage.payments import inbox
from tests.databases import migrated, play
from tests.payments import deliveries as d
from tests.payments.test_settle import LATER, NUMBERS, a_delivery, handled, worker

PAST = LATER + timedelta(days=91)


class Counting(Database):
    """A database that counts how often it is asked to write."""

    writes = 0

    async def write(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        self.writes += 1
        return await super().write(function, *args, **kwargs)


def test_words_of_deliveries_go_after_their_time_and_amounts_stay(url: str) -> None:
    async def scene(database: Database) -> tuple[Any, ...]:
        await handled(database, d.ONE_TIME)
        await worker(database, PAST - timedelta(days=2)).upkeep()
        before = await database.read(inbox.named, "stripe", "evt_s1")
        await worker(database, PAST).upkeep()
        row = await database.read(inbox.named, "stripe", "evt_s1")
        again = await database.write(inbox.set_due, [row.id], LATER)
        return before.body is None, row.body, row.redacted_at, again

    assert play(url, scene) == (False, None, PAST, 0)


def test_what_still_waits_keeps_its_words_and_holds_up_no_other(url: str) -> None:
    async def scene(database: Database) -> list[bool]:
        waiting, done = (a_delivery(payload, next(NUMBERS)) for payload in d.ONE_TIME)
        await database.write(inbox.store, [waiting, done | {"due_at": None}])
        found = await database.read(inbox.wordy, PAST, 2)
        await database.write(inbox.redact, [waiting["id"], *found], PAST)
        kept = [await database.read(inbox.one, row["id"]) for row in (waiting, done)]
        return [row.body is not None for row in kept]

    assert play(url, scene) == [True, False]


def test_upkeep_writes_nothing_where_no_words_are_left(url: str) -> None:
    async def scene(_database: Database) -> list[int]:
        counting = Counting(url)
        await handled(counting, d.ONE_TIME)
        writes = []
        for _ in range(2):
            counting.writes = 0
            await worker(counting, PAST).upkeep()
            writes.append(counting.writes)
        await counting.aclose()
        return writes

    assert play(url, scene) == [1, 0]


def test_a_file_finds_them_without_a_look_at_those_that_have_none(tmp_path: Path) -> None:
    def plan(connection: Connection) -> str:
        asked: list[Any] = []
        listen(connection, "before_cursor_execute", lambda *args: asked.append(args[2:4]))
        inbox.wordy(connection, PAST, 1)
        statement, values = asked[0]
        return str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all())

    made = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    migrated(made)
    found = play(made, lambda database: database.read(plan))
    assert "USING INDEX ix_webhook_events_received_at (received_at<?)" in found
    assert "TEMP B-TREE" not in found
