import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, text

from tay_middleware.domain import ClosedGate, History
from tay_middleware.errors import StorageUnavailable
from tay_middleware.storage import Claim, Database, Outbox, open_store
from tay_middleware.storage.drain import Drain, Pace
from tay_middleware.storage.ledger import apply, dead_letters
from tay_middleware.storage.outbox.buckets import bucket_of
from tay_middleware.storage.outbox.wire import erase_call, turn_event
from tay_middleware.storage.people import EXPORTED, Archive, Erased, Kept
from tay_middleware.storage.redis import RedisStore
from tay_middleware.storage.sql import question_logs
from tay_middleware.storage.turns.events import read_event
from tests.builders import NOON
from tests.databases import migrated
from tests.storage.records import DAY, KEY_OF, RULE, SECOND, a_record, key

AFTER = NOON + DAY


class Places:
    """A store, the database behind it, and the archive of both."""

    def __init__(self, store: Any, database: Database) -> None:
        self.store, self.database = store, database
        self.archive = Archive(database, store if isinstance(store, RedisStore) else None, KEY_OF)

    async def drain(self) -> None:
        if isinstance(self.store, RedisStore):
            await Drain(self.store.link.client, self.database).run(once=True)

    async def questions(self) -> list[Any]:
        def read(connection: Connection) -> list[Any]:
            return list(connection.execute(select(question_logs).order_by(question_logs.c.id)))

        return await self.database.read(read)

    async def aclose(self) -> None:
        await self.store.aclose()
        await self.database.aclose()


Scene = Callable[[Places], Awaitable[Any]]


@pytest.fixture(params=["embedded", "redis and sqlite", "redis and postgres"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Scene], Any]:
    """Runs a scene on each combination of places."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    outbox = None
    if request.param != "embedded":
        redis_url = request.getfixturevalue("redis_url")
        outbox = Outbox(redis_url, tmp_path / "spool.db", call_seconds=5)
    if request.param == "redis and postgres":
        url = request.getfixturevalue("postgres_url")
    else:
        migrated(url)

    def run(scene: Scene) -> Any:
        async def opened() -> Any:
            places = Places(open_store(url, history_turns=10, outbox=outbox), Database(url))
            await places.store.open()
            try:
                return await scene(places)
            finally:
                await places.aclose()

        return asyncio.run(opened())

    return run


async def some_turns(places: Places) -> None:
    closed = (ClosedGate("minor", NOON),)
    await places.store.commit(a_record(1, declines=True, closed=closed))
    await places.store.commit(a_record(2, user="bea"))
    await places.drain()
    await places.store.commit(a_record(3, at=NOON + SECOND, shown=False))


def test_all_that_is_kept_of_a_user_is_handed_out_and_nothing_of_others(play: Any) -> None:
    async def scene(places: Places) -> tuple[Kept, bool]:
        await some_turns(places)
        kept = await places.archive.export(key(), AFTER)
        return kept, isinstance(places.store, RedisStore)

    kept, has_redis = play(scene)
    text = json.dumps(kept)
    assert "bea" not in text
    assert key("bea") not in text
    questions = len(kept["question_logs"])
    if has_redis:
        assert (questions, len(kept["outbox"])) == (1, 1)
        assert len(kept["history"][0]["turns"]) == 2
    else:
        assert questions == 2
    profile = kept["history"][0]["closed"] if has_redis else kept["user_profiles"]
    assert "minor" in json.dumps(profile)
    assert kept["question_logs"][0]["user_id"] == "ada"
    assert kept["escalation_logs"][0]["offer"] == "mentorship"
    assert kept["daily_users"] == [{"day": "2026-03-02", "user_key": key()}]


def test_what_is_erased_leads_to_nobody_and_still_counts(play: Any) -> None:
    async def scene(places: Places) -> Any:
        await some_turns(places)
        done = await places.archive.erase(key(), AFTER)
        await places.drain()
        kept = await places.archive.export(key(), AFTER)
        history = await places.store.recall(key(), AFTER)
        return done, kept, history, await places.questions()

    done, kept, history, rows = play(scene)
    assert isinstance(done, Erased)
    assert history == History()
    for table in EXPORTED:
        assert kept[table.name] == []
    assert len(rows) == 3
    mine = [row for row in rows if row.turn_id.int != 2]
    assert [(row.user_id, row.user_key, row.session_id, row.question) for row in mine] == [
        (None, None, None, None)
    ] * 2
    assert [row.offer for row in rows] == ["mentorship", "mentorship", None]


def test_erasing_again_is_fine_and_the_user_may_come_back(play: Any) -> None:
    async def scene(places: Places) -> Any:
        await some_turns(places)
        await places.archive.erase(key(), AFTER)
        again = await places.archive.erase(key(), AFTER)
        await places.store.commit(a_record(4, session="s4", at=AFTER + SECOND))
        await places.drain()
        history = await places.store.recall(key(), AFTER + DAY)
        return again.spooled, history, [row.user_id for row in await places.questions()]

    spooled, history, users = play(scene)
    assert spooled == 0
    assert [turn.turn_id.int for turn in history.turns] == [4]
    assert sorted(users, key=str) == [None, None, "ada", "bea"]


@pytest.mark.parametrize("claim", [RULE, None])
def test_a_reply_under_way_while_its_user_is_erased_is_stored_without_the_person(
    play: Any, claim: Claim | None
) -> None:
    async def scene(places: Places) -> Any:
        await places.archive.erase(key(), AFTER)
        verdict = await places.store.commit(a_record(1, claim=claim))
        await places.drain()
        kept = await places.archive.export(key(), AFTER)
        return verdict.granted, kept, await places.questions()

    granted, kept, (row,) = play(scene)
    assert granted is (claim is None)
    assert row.shown is granted
    assert (row.user_id, row.user_key, row.session_id, row.question) == (None,) * 4
    for table in EXPORTED:
        assert kept[table.name] == []


@pytest.fixture
def redis_play(redis_url: str, postgres_url: str, tmp_path: Path) -> Callable[[Scene], Any]:
    def run(scene: Scene) -> Any:
        async def opened() -> Any:
            outbox = Outbox(redis_url, tmp_path / "spool.db", call_seconds=5)
            store = open_store(postgres_url, history_turns=10, outbox=outbox)
            places = Places(store, Database(postgres_url))
            await store.open()
            try:
                return await scene(places)
            finally:
                await places.aclose()

        return asyncio.run(opened())

    return run


def test_a_redelivery_after_the_erasing_brings_nobody_back(redis_play: Any) -> None:
    async def scene(places: Places) -> Any:
        client = places.store.link.client
        await places.store.commit(a_record(1))
        (name,) = await client.keys("*outbox")
        ((_, fields),) = await client.xrange(name)
        await client.xtrim(name, maxlen=0)
        await places.archive.erase(key(), AFTER)
        await places.drain()
        await client.xadd(name, fields)
        await places.drain()
        await client.xadd(name, fields)
        await places.drain()
        return await places.questions()

    (row,) = redis_play(scene)
    assert (row.user_id, row.user_key, row.question) == (None, None, None)


def test_a_batch_that_is_being_written_while_a_user_is_erased_leads_to_nobody(
    postgres_url: str,
) -> None:
    async def scene() -> Any:
        drain, archive = Database(postgres_url), Archive(Database(postgres_url), None, KEY_OF)
        looked = asyncio.Event()

        def write(connection: Connection) -> None:
            turn = read_event("turn", turn_event(a_record(1, shown=False)))
            apply(connection, [turn], {bucket_of(key())}, AFTER)
            looked.set()
            connection.execute(text("SELECT pg_sleep(0.5)"))

        writing = asyncio.ensure_future(drain.write(write))
        await looked.wait()
        await archive.erase(key(), AFTER)
        await writing
        rows = await drain.read(lambda on: on.execute(select(question_logs)).all())
        await archive.aclose()
        await drain.aclose()
        return rows

    (row,) = asyncio.run(scene())
    assert (row.user_id, row.user_key, row.question) == (None, None, None)


def test_what_an_older_turn_of_an_erased_user_claims_is_not_granted(redis_play: Any) -> None:
    async def scene(places: Places) -> list[bool]:
        await places.store.run(erase_call(key(), NOON + SECOND))
        claiming = [a_record(n, at=NOON + n * SECOND / 10) for n in range(1, 5)]
        wished = a_record(5, at=NOON, claim=None)
        nobody = a_record(6, at=NOON, user=None, session=None)
        return [(await places.store.commit(one)).granted for one in (*claiming, wished, nobody)]

    assert redis_play(scene) == [False] * 4 + [True] * 2


def test_an_erasing_from_a_machine_whose_clock_is_ahead_forgets_nothing_said_after_it(
    redis_play: Any,
) -> None:
    async def scene(places: Places) -> Any:
        now = datetime.now(UTC)
        await places.store.run(erase_call(key(), now + 100 * SECOND))
        asked = now + 50 * SECOND
        await places.store.commit(a_record(1, at=asked, shown=False, opts_out=True))
        return (await places.store.recall(key(), asked)).opted_out_at == asked

    assert redis_play(scene)


def test_dead_letters_of_a_user_go_too(redis_play: Any) -> None:
    async def scene(places: Places) -> Any:
        client = places.store.link.client
        await places.store.commit(a_record(1))
        (name,) = await client.keys("*outbox")
        ((_, fields),) = await client.xrange(name)
        broken = {b"turn": fields[b"turn"].replace(b'"free"', b'"none"')}
        await client.xtrim(name, maxlen=0)
        await client.xadd(name, broken)
        for _ in range(6):
            pace = Pace(claim_idle_seconds=0)
            await Drain(client, places.database, pace=pace).run(once=True)

        def letters(connection: Connection) -> int:
            return len(connection.execute(select(dead_letters)).all())

        before = await places.database.read(letters)
        kept = await places.archive.export(key(), AFTER)
        await places.archive.erase(key(), AFTER)
        return before, len(kept["dead_letters"]), await places.database.read(letters)

    assert redis_play(scene) == (1, 1, 0)


def test_erasing_while_redis_is_away_fails_and_says_so(tmp_path: Path) -> None:
    async def scene() -> None:
        url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
        outbox = Outbox("redis://127.0.0.1:1/0", tmp_path / "spool.db")
        store = RedisStore.on(outbox, url, history_turns=1, mentions_seconds=1)
        archive = Archive(Database(url), store, KEY_OF)
        try:
            await archive.open()
            await archive.erase(key(), NOON + timedelta(days=1))
        finally:
            await archive.aclose()

    with pytest.raises(StorageUnavailable):
        asyncio.run(scene())
