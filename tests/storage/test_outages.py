"""Redis refused, frozen, killed, full: what a store answers, and that nothing is lost."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tay_middleware.domain import Kind, ReplyStatus, Suppression, uuid7
from tay_middleware.errors import ConfigurationError, StorageError
from tay_middleware.storage import Outbox, TurnRecord
from tay_middleware.storage.outbox.breaker import FAILURES
from tay_middleware.storage.outbox.buckets import bucket_of, keys_of, meta_of, outbox_of
from tay_middleware.storage.outbox.link import make_client
from tay_middleware.storage.outbox.wire import PROFILE_SECONDS, erase_call, retract_call
from tay_middleware.storage.redis import RedisStore
from tests.builders import NOON
from tests.servers import Valkey
from tests.storage.records import SECOND, a_record, key

NOWHERE = "redis://127.0.0.1:1/0"


Scene = Callable[[RedisStore], Awaitable[Any]]
Play = Callable[..., Any]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Runs a scene with a store on some Redis."""

    def run(url: str, scene: Scene, *, call_seconds: float = 0.1, **options: Any) -> Any:
        async def opened() -> Any:
            outbox = Outbox(url, tmp_path / "spool.db", call_seconds=call_seconds, **options)
            database_url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
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


def test_a_store_opens_without_redis_and_keeps_what_claims_nothing(
    play: Play, own_valkey: Valkey
) -> None:
    async def away(store: RedisStore) -> Any:
        verdict = await store.commit(quiet(1))
        recalled = await refused(store.recall(key(), NOON))
        claimed = await refused(store.commit(a_record(2)))
        return (
            verdict.granted,
            recalled.is_retryable,
            claimed.is_retryable,
            await store.spool.count(),
        )

    assert play(NOWHERE, away) == (True, True, True, 1)

    async def back(store: RedisStore) -> Any:
        await mended(store)
        return [row.turn_id for row in await store.latest(5)], await store.recall(key(), NOON)

    rows, history = play(own_valkey.url, back, call_seconds=5)
    assert rows == [UUID(int=1)]
    assert [turn.turn_id for turn in history.turns] == [UUID(int=1)]


def test_a_mention_without_a_claim_is_granted_from_the_spool(play: Play) -> None:
    async def scene(store: RedisStore) -> Any:
        record = a_record(1, claim=None)
        verdict = await store.commit(record)
        return verdict.granted, verdict.addition == record.decision.addition

    assert play(NOWHERE, scene) == (True, True)


def test_a_frozen_server_costs_two_deadlines_and_then_nothing(
    play: Play, own_valkey: Valkey
) -> None:
    async def scene(store: RedisStore) -> Any:
        await store.commit(quiet(1))
        own_valkey.freeze()
        loop = asyncio.get_running_loop()
        waits = []
        for number in range(2, 30):
            begun = loop.time()
            await store.commit(quiet(number))
            waits.append(loop.time() - begun)
        opened = store.link.open_buckets
        own_valkey.thaw()
        await mended(store)
        return sum(wait > 0.09 for wait in waits), opened, await store.latest(50)

    slow, opened, rows = play(own_valkey.url, scene)
    assert slow == FAILURES
    assert opened == [0]
    assert sorted(row.turn_id.int for row in rows) == list(range(1, 30))


def test_a_killed_server_that_comes_back_has_everything(play: Play, own_valkey: Valkey) -> None:
    async def scene(store: RedisStore) -> Any:
        await store.commit(a_record(1))
        own_valkey.kill()
        for number in range(2, 12):
            await store.commit(quiet(number))
        await refused(store.commit(a_record(12, session="s2", at=NOON + 20 * SECOND)))
        own_valkey.start()
        await mended(store)
        again = await store.commit(a_record(12, session="s2", at=NOON + 20 * SECOND))
        return again.granted, sorted(row.turn_id.int for row in await store.latest(50))

    granted, turns = play(own_valkey.url, scene)
    assert granted
    assert turns == list(range(1, 13))


def test_a_commit_of_unknown_outcome_that_is_undone_counts_as_not_shown(
    play: Play, own_valkey: Valkey
) -> None:
    """What the engine does when a commit did not answer: retract, then commit as degraded."""

    async def scene(store: RedisStore) -> Any:
        await store.recall(key(), NOON)
        own_valkey.freeze()
        record = a_record(1)
        await refused(store.commit(record))
        await store.retract(record)
        await store.commit(record.denied(Suppression.DEGRADED))
        own_valkey.thaw()
        await mended(store)
        history = await store.recall(key(), NOON)
        return await store.latest(9), history, await store.commit(a_record(2, at=NOON + SECOND))

    rows, history, next_one = play(own_valkey.url, scene)
    assert [(row.turn_id.int, row.shown, row.suppressed) for row in rows] == [
        (1, False, "degraded")
    ]
    assert [turn.kind for turn in history.turns] == [Kind.NONE]
    assert next_one.granted


def test_a_mention_that_arrives_after_it_was_taken_back_is_held_back(
    play: Play, redis_url: str
) -> None:
    async def scene(store: RedisStore) -> Any:
        await store.run(retract_call(a_record(1)))
        verdict = await store.commit(a_record(1))
        history = await store.recall(key(), NOON)
        return verdict.granted, history.mentions, await store.latest(9)

    granted, mentions, rows = play(redis_url, scene, call_seconds=5)
    assert (granted, mentions) == (False, ())
    assert [row.shown for row in rows] == [False]


def test_one_that_was_taken_back_before_it_came_holds_no_other_back(
    play: Play, redis_url: str
) -> None:
    repeat = replace(a_record(1), id=uuid7(NOON, 99))

    async def scene(store: RedisStore) -> Any:
        await store.retract(a_record(1))
        verdicts = [await store.commit(record) for record in (repeat, a_record(1))]
        await store.retract(a_record(1))
        return verdicts, await store.latest(9)

    (granted, late), rows = play(redis_url, scene, call_seconds=5)
    assert (granted.granted, granted.duplicate, late.duplicate) == (True, False, True)
    assert [(row.id, row.shown) for row in rows] == [(repeat.id, True)]


@pytest.mark.parametrize("told", [1, 2])
@pytest.mark.parametrize("forgotten", [True, False])
def test_a_spooled_call_of_an_earlier_version_takes_back_whatever_stands(
    play: Play, redis_url: str, told: int, forgotten: bool
) -> None:
    repeat = replace(a_record(1), id=uuid7(NOON, 99))
    event = json.dumps({"turn_id": str(UUID(int=1))})
    now = retract_call(repeat)
    before = replace(now, args=(*now.args[:2], event))

    async def scene(store: RedisStore) -> Any:
        for record in (a_record(1), repeat)[:told]:
            await store.commit(record)
        if forgotten:
            await store.link.client.delete(keys_of(key(), UUID(int=1)).turn)
        await store.run(before)
        late = await store.commit(repeat)
        history = await store.recall(key(), NOON)
        return late.granted, history.mentions, [row.shown for row in await store.latest(9)]

    granted, mentions, shown = play(redis_url, scene, call_seconds=5)
    assert (granted, mentions, shown) == (False, (), [False])


def test_of_a_turn_that_is_asked_again_and_again_only_so_many_are_remembered(
    play: Play, redis_url: str
) -> None:
    async def scene(store: RedisStore) -> Any:
        for bits in range(1, 70):
            await store.commit(replace(a_record(1), id=uuid7(NOON, bits)))
        return await store.link.client.strlen(keys_of(key(), UUID(int=1)).turn)

    assert 50 * 37 < play(redis_url, scene, call_seconds=5) < 54 * 37


def test_a_full_outbox_sends_events_to_the_spool_and_mentions_nothing(
    play: Play, redis_url: str
) -> None:
    async def scene(store: RedisStore) -> Any:
        for number in range(1, 6):
            await store.commit(quiet(number))
        length = await store.link.client.xlen(outbox_of(bucket_of(key())))
        error = await refused(store.commit(a_record(6, session="s2", at=NOON + 60 * SECOND)))
        waiting = await store.spool.count()
        await store.link.client.xtrim(outbox_of(bucket_of(key())), maxlen=0)
        await mended(store)
        return length, waiting, str(error)

    length, waiting, said = play(redis_url, scene, call_seconds=5, most_events=3 * 64)
    assert (length, waiting) == (3, 2)
    assert "is `tay drain` running?" in said


def test_a_server_that_is_out_of_memory_loses_nothing(play: Play, own_valkey: Valkey) -> None:
    async def scene(store: RedisStore) -> Any:
        client = store.link.client
        await store.commit(quiet(1))
        await client.config_set("maxmemory", "1mb")
        for number in range(2, 6):
            await store.commit(quiet(number))
        waiting = await store.spool.count()
        await client.config_set("maxmemory", "0")
        await mended(store)
        return waiting, len(await store.latest(9))

    assert play(own_valkey.url, scene, call_seconds=5) == (4, 5)


def test_a_cancelled_commit_is_made_up_for_as_one_that_nobody_saw(
    play: Play, own_valkey: Valkey
) -> None:
    async def scene(store: RedisStore) -> Any:
        own_valkey.freeze()
        tasks = [asyncio.ensure_future(store.commit(record)) for record in (quiet(1), a_record(2))]
        await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        own_valkey.thaw()
        await mended(store)
        return sorted((row.turn_id.int, row.shown) for row in await store.latest(9))

    assert play(own_valkey.url, scene, call_seconds=5) == [(1, False), (2, False)]


def test_another_process_may_take_a_mention_back(play: Play, redis_url: str) -> None:
    async def first(store: RedisStore) -> None:
        await store.commit(a_record(1))

    async def second(store: RedisStore) -> Any:
        await store.retract(a_record(1))
        history = await store.recall(key(), NOON)
        return history.mentions, [row.shown for row in await store.latest(3)]

    play(redis_url, first, call_seconds=5)
    assert play(redis_url, second, call_seconds=5) == ((), [False])


def test_an_erased_user_is_not_remembered_by_an_older_turn(play: Play, redis_url: str) -> None:
    async def scene(store: RedisStore) -> Any:
        await store.commit(a_record(1))
        await store.run(erase_call(key(), NOON + SECOND))
        forgotten = await store.recall(key(), NOON)
        await store.commit(a_record(2, session="s2", at=NOON + SECOND / 2))
        still = await store.recall(key(), NOON)
        await store.commit(a_record(3, session="s3", at=NOON + 5 * SECOND))
        return forgotten, still, await store.recall(key(), NOON + DAY)

    forgotten, still, anew = play(redis_url, scene, call_seconds=5)
    assert forgotten == still
    assert forgotten.turns == ()
    assert [turn.turn_id.int for turn in anew.turns] == [3]


DAY = timedelta(days=1)


def test_keys_of_one_turn_share_a_slot_and_expire(play: Play, redis_url: str) -> None:
    async def scene(store: RedisStore) -> Any:
        await store.commit(a_record(1))
        keys = keys_of(key(), UUID(int=1))
        client = store.link.client
        kept = (keys.history, keys.profile, keys.cooldown, keys.turn)
        return [await client.ttl(name) for name in kept], await client.ttl(keys.outbox)

    lives, outbox = play(redis_url, scene, call_seconds=5)
    assert all(3000 < life <= PROFILE_SECONDS for life in lives)
    assert outbox == -1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://h/0", "is not understood"),
        ("redis+cluster://host", "is not understood"),
        ("nonsense", "is not understood"),
    ],
)
def test_a_wrong_url_is_refused(play: Play, url: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        play(url, lambda store: store.open())


def test_a_redis_that_throws_keys_away_is_refused(play: Play, own_valkey: Valkey) -> None:
    own_valkey.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    with pytest.raises(ConfigurationError, match="CONFIG SET maxmemory-policy noeviction"):
        play(own_valkey.url, lambda store: store.open(), call_seconds=5)


def test_another_number_of_buckets_is_refused(play: Play, redis_url: str) -> None:
    async def lay_out() -> None:
        client = make_client(redis_url, patience_seconds=5)
        await client.set(meta_of(), "buckets=32 layout=1")
        await client.aclose()

    asyncio.run(lay_out())
    with pytest.raises(ConfigurationError, match="laid out with buckets=32"):
        play(redis_url, lambda store: store.open(), call_seconds=5)


def test_a_wrong_password_is_said_plainly_and_loses_nothing(play: Play, own_valkey: Valkey) -> None:
    own_valkey.ask("CONFIG", "SET", "requirepass", "secret")

    async def scene(store: RedisStore) -> Any:
        await store.commit(quiet(1))
        return await store.spool.count()

    assert play(own_valkey.url, scene) == 1


def test_the_spool_of_a_dead_process_is_made_up_for(play: Play, own_valkey: Valkey) -> None:
    async def scene(store: RedisStore) -> None:
        for number in range(1, 300):
            await store.commit(quiet(number, user=f"u{number}"))

    play(NOWHERE, scene)

    async def other(store: RedisStore) -> int:
        await mended(store)
        return len(await store.latest(500))

    assert play(own_valkey.url, other, call_seconds=5) == 299


def test_a_replaced_turn_is_replaced_in_history_too(play: Play, redis_url: str) -> None:
    async def scene(store: RedisStore) -> Any:
        failed = replace(quiet(1), status=ReplyStatus.FAILED)
        await store.commit(failed)
        await store.commit(a_record(1, at=NOON + SECOND))
        return (await store.recall(key(), NOON)).turns

    (turn,) = play(redis_url, scene, call_seconds=5)
    assert turn.kind is Kind.MENTION
