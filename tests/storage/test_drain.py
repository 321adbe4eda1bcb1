import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, func, select

from tay_middleware.domain import Kind, ReplyStatus, Suppression, uuid7
from tay_middleware.storage import Database, Outbox, TurnStore, open_store
from tay_middleware.storage.drain import Counts, Drain, Pace
from tay_middleware.storage.ledger import dead_letters
from tay_middleware.storage.outbox.buckets import bucket_of, keys_of, outbox_of
from tay_middleware.storage.outbox.link import make_client
from tay_middleware.storage.outbox.wire import Limits, commit_call, turn_event
from tay_middleware.storage.redis import REPLAY, RedisStore
from tay_middleware.storage.sql import escalation_logs, question_logs
from tay_middleware.storage.turns.figures import daily_users, hourly_stats
from tests.builders import NOON
from tests.databases import migrated
from tests.storage.records import SECOND, a_record, key, opened, repeated


class Bench:
    """A store, a database and drains on them, for one scene."""

    def __init__(self, redis_url: str, database_url: str, home: Path) -> None:
        self._outbox = Outbox(redis_url, home / "spool.db", call_seconds=5)
        self._database_url = database_url
        self.database = Database(database_url)
        self.client = make_client(redis_url, patience_seconds=10)
        self.store: TurnStore = open_store(database_url, history_turns=10, outbox=self._outbox)

    async def drain(self, **pace: Any) -> Counts:
        return await Drain(self.client, self.database, pace=Pace(**pace)).run(once=True)

    async def rows(self, table: Any = question_logs) -> list[Any]:
        def read(connection: Connection) -> list[Any]:
            return list(
                connection.execute(select(table).order_by(table.c[table.columns.keys()[0]]))
            )

        return await self.database.read(read)

    async def counted(self) -> tuple[int, int, int]:
        """Questions, escalations, and distinct days of users, as the figures have them."""

        def read(connection: Connection) -> tuple[int, int, int]:
            total = connection.execute(select(func.sum(hourly_stats.c.questions))).scalar() or 0
            shown = (
                connection.execute(
                    select(func.sum(hourly_stats.c.questions)).where(
                        hourly_stats.c.kind == "mention"
                    )
                ).scalar()
                or 0
            )
            users = connection.execute(select(func.count()).select_from(daily_users)).scalar_one()
            return int(total), int(shown), users

        return await self.database.read(read)

    async def aclose(self) -> None:
        await self.store.aclose()
        await self.database.aclose()
        await self.client.aclose()


Scene = Callable[[Bench], Awaitable[Any]]


@pytest.fixture(params=["sqlite", "postgres"])
def play(request: pytest.FixtureRequest, redis_url: str, tmp_path: Path) -> Callable[[Scene], Any]:
    """Runs a scene on each database."""
    if request.param == "postgres":
        url = str(request.getfixturevalue("postgres_url"))
    else:
        url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
        migrated(url)

    def run(scene: Scene) -> Any:
        async def played() -> Any:
            bench = Bench(redis_url, url, tmp_path)
            await opened(bench.store)
            try:
                return await scene(bench)
            finally:
                await bench.aclose()

        return asyncio.run(played())

    return run


def test_what_is_committed_is_drained_whole(play: Any) -> None:
    async def scene(bench: Bench) -> Any:
        await bench.store.commit(a_record(1))
        before = (await bench.store.latest(5))[0]
        counts = await bench.drain()
        (row,) = await bench.rows()
        (escalation,) = await bench.rows(escalation_logs)
        after = (await bench.store.latest(5))[0]
        return counts, row, escalation, before, after, await bench.counted()

    counts, row, escalation, before, after, counted = play(scene)
    assert (counts.events, counts.rows) == (1, 1)
    assert before == after
    assert (row.id, row.turn_id, row.user_id) == (uuid7(NOON, 1), UUID(int=1), "ada")
    assert (row.scores, row.notes) == ({"total": 3.0}, ["first session: gentle"])
    assert (row.created_at, escalation.created_at) == (NOON, NOON)
    assert (escalation.id, escalation.converted) == (row.id, False)
    assert counted == (1, 1, 1)


def test_draining_again_changes_nothing(play: Any) -> None:
    async def scene(bench: Bench) -> Any:
        for number in range(1, 30):
            await bench.store.commit(a_record(number, user=f"u{number}"))
        streams = {
            name: await bench.client.xrange(name) for name in await bench.client.keys("*outbox")
        }
        await bench.drain()
        first = await bench.rows(), await bench.counted()
        for name, entries in streams.items():
            for _, fields in entries * 2:
                await bench.client.xadd(name, fields)
        again = await bench.drain()
        return first, again.rows, (await bench.rows(), await bench.counted())

    first, new, second = play(scene)
    assert new == 0
    assert len(first[0]) == 29
    assert first == second


@pytest.mark.parametrize("drained_between", [True, False])
def test_a_retracted_mention_leaves_no_escalation(play: Any, drained_between: bool) -> None:
    async def scene(bench: Bench) -> Any:
        await bench.store.commit(a_record(1))
        if drained_between:
            await bench.drain()
        await bench.store.retract(a_record(1))
        await bench.drain()
        (row,) = await bench.rows()
        return row, await bench.rows(escalation_logs), await bench.counted()

    row, escalations, counted = play(scene)
    assert (row.shown, row.suppressed, row.addition) == (False, "degraded", None)
    assert escalations == []
    assert counted == (1, 0, 1)


def test_a_mention_is_taken_back_though_redis_forgot_its_turn(play: Any) -> None:
    """Redis was away for longer than it knows a turn; what stands in SQL must not stay shown."""

    async def scene(bench: Bench) -> Any:
        await bench.store.commit(a_record(1))
        await bench.drain()
        await bench.client.delete(keys_of(key(), UUID(int=1)).turn)
        await bench.store.retract(a_record(1))
        await bench.drain()
        (row,) = await bench.rows()
        return row.shown, await bench.counted(), await bench.store.recall(key(), NOON)

    shown, counted, history = play(scene)
    assert (shown, counted) == (False, (1, 0, 1))
    assert (history.mentions, [turn.kind for turn in history.turns]) == ((), [Kind.NONE])


def test_of_a_repeat_that_redis_forgot_only_the_repeat_is_taken_back(play: Any) -> None:
    async def scene(bench: Bench) -> Any:
        await bench.store.commit(a_record(1))
        await bench.drain()
        await bench.client.delete(keys_of(key(), UUID(int=1)).turn)
        later = a_record(1, at=NOON + SECOND)
        await bench.store.retract(later)
        await bench.store.commit(later.denied(Suppression.DEGRADED))
        await bench.drain()
        (row,) = await bench.rows()
        return row.shown, await bench.counted(), await bench.store.recall(key(), NOON)

    shown, counted, history = play(scene)
    assert (shown, counted) == (True, (1, 1, 1))
    assert history.mentions == (NOON,)


@pytest.mark.parametrize("drained_between", [True, False])
def test_a_row_goes_back_when_the_last_who_was_told_of_it_is_another(
    play: Any, drained_between: bool
) -> None:
    repeat = repeated()

    async def scene(bench: Bench) -> Any:
        for record in (a_record(1), repeat):
            await bench.store.commit(record)
        if drained_between:
            await bench.drain()
        shown = []
        for record in (a_record(1), repeat):
            await bench.store.retract(record)
            await bench.drain()
            shown += [row.shown for row in await bench.rows()]
        return shown, await bench.rows(escalation_logs), await bench.counted()

    assert play(scene) == ([True, False], [], (1, 0, 1))


def test_a_full_bucket_holds_up_no_other_in_the_spool(play: Any) -> None:
    async def scene(bench: Bench) -> Any:
        store = bench.store
        assert isinstance(store, RedisStore)
        full, free = Limits(10, 0), Limits(10, 99)
        other = next(name for name in "bcdefg" if bucket_of(key(name)) != bucket_of(key()))
        for number in range(REPLAY + 5):
            await store.spool.put(commit_call(a_record(number, shown=False), full))
        await store.spool.put(commit_call(a_record(900, user=other, shown=False), free))
        await store.replay()
        await bench.drain()
        return [row.turn_id.int for row in await bench.rows()], await store.spool.count()

    assert play(scene) == ([900], REPLAY + 5)


@pytest.mark.parametrize("drained_between", [True, False])
def test_a_retry_that_worked_takes_the_place_of_the_turn(play: Any, drained_between: bool) -> None:
    async def scene(bench: Bench) -> Any:
        await bench.store.commit(a_record(1, shown=False, status=ReplyStatus.FAILED))
        before = None
        if drained_between:
            await bench.drain()
            before = await bench.counted()
        await bench.store.commit(repeated())
        await bench.drain()
        return before, await bench.rows(), await bench.counted()

    before, (row,), counted = play(scene)
    assert before in {None, (0, 0, 1)}  # she was there, and a call that failed is no question
    assert (row.id, row.shown, row.status) == (uuid7(NOON, 99), True, "replied")
    assert counted == (1, 1, 1)


def test_a_poison_event_dies_after_five_deliveries_and_holds_up_nobody(play: Any) -> None:
    async def scene(bench: Bench) -> Any:
        await bench.store.commit(a_record(1))
        (name,) = await bench.client.keys("*outbox")
        ((_, fields),) = await bench.client.xrange(name)
        row = json.loads(fields[b"turn"])
        refused = {
            **row,
            "id": str(uuid7(NOON, 700)),
            "turn_id": str(UUID(int=700)),
            "tier": "none",
        }
        await bench.client.xadd(name, {"turn": json.dumps(refused)})
        await bench.client.xadd(outbox_of(3), {"turn": "{no json"})
        await bench.client.xadd(outbox_of(4), {"riddle": "{}"})
        for number in range(2, 40):
            await bench.store.commit(a_record(number, user=f"u{number}", at=NOON + SECOND))
        counts = [await bench.drain(claim_idle_seconds=0.0) for _ in range(5)]
        left = sum([await bench.client.xlen(key) for key in await bench.client.keys("*outbox")])
        return counts, await bench.rows(), await bench.rows(dead_letters), left

    counts, rows, letters, left = play(scene)
    assert len(rows) == 39
    assert sum(count.dead for count in counts) == 3
    assert {letter.deliveries for letter in letters} == {5}
    assert {letter.kind for letter in letters} == {"turn", "riddle"}
    assert left == 0


ODD: tuple[Any, ...] = (None, [], {"a": []}, 2**70, -1, True, "\x00", "0001-01-01T00:00:00+14:00")


def test_whatever_stands_in_an_event_is_a_row_or_a_dead_letter(play: Any) -> None:
    """A drain that one event could end would end again at each start, for all events behind it."""

    async def scene(bench: Bench) -> Any:
        row = json.loads(turn_event(a_record(1)))
        oddities = [*zip(row, ODD * len(row), strict=False), ("user_key", []), ("shown", {})]
        for number, (name, odd) in enumerate(oddities, start=100):
            ids = {"id": str(uuid7(NOON, number)), "turn_id": str(UUID(int=number))}
            body = json.dumps(row | ids | {name: odd})
            await bench.client.xadd(outbox_of(number % 64), {"turn": body})
        for odd in ODD:
            for kind in ("turn", "retract", "erase"):
                body = json.dumps({"turn_id": odd, "user_key": "k", "at": odd})
                await bench.client.xadd(outbox_of(9), {kind: body})
        events = dead = 0
        for _ in range(5):
            counts = await bench.drain(claim_idle_seconds=0.0)
            events, dead = events + counts.events, dead + counts.dead
        return len(oddities) + 3 * len(ODD), events, dead, len(await bench.rows(dead_letters))

    sent, events, dead, letters = play(scene)
    assert events + dead == sent
    assert events > 0
    assert dead == letters
