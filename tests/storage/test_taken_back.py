"""A mention on Redis that is taken back: before it came, after it was forgotten, by anybody."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tay_middleware.domain import Kind, Suppression
from tay_middleware.storage.outbox.buckets import keys_of
from tay_middleware.storage.outbox.wire import retract_call
from tay_middleware.storage.redis import RedisStore
from tests.builders import NOON
from tests.servers import Valkey
from tests.storage.on_redis import Play, mended, on_redis, quiet, refused
from tests.storage.records import SECOND, a_record, key, repeated


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return on_redis(tmp_path)


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
    repeat = repeated()

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
    repeat = repeated()
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
            await store.commit(repeated(bits=bits))
        return await store.link.client.strlen(keys_of(key(), UUID(int=1)).turn)

    assert 50 * 37 < play(redis_url, scene, call_seconds=5) < 54 * 37


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
