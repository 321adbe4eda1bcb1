"""Redis refused, frozen, killed, full: what a store answers, and that nothing is lost."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tay_middleware.domain import Kind, ReplyStatus
from tay_middleware.errors import ConfigurationError
from tay_middleware.storage.outbox.breaker import FAILURES
from tay_middleware.storage.outbox.buckets import bucket_of, keys_of, meta_of, outbox_of
from tay_middleware.storage.outbox.link import make_client
from tay_middleware.storage.outbox.wire import PROFILE_SECONDS, erase_call
from tay_middleware.storage.redis import RedisStore
from tests.builders import NOON
from tests.servers import Valkey
from tests.storage.on_redis import Play, mended, on_redis, quiet, refused
from tests.storage.records import SECOND, a_record, key

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return on_redis(tmp_path)


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
