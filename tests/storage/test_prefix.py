"""Environments that share a Redis: each under a prefix of its own, and none reads another's."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio.cluster import RedisCluster

from tay_middleware.errors import ConfigurationError
from tay_middleware.settings import load_settings
from tay_middleware.storage import Database, Outbox, open_store, read_latest
from tay_middleware.storage.drain import Drain
from tay_middleware.storage.outbox.link import close_client, make_client
from tay_middleware.storage.outbox.pause_board import publish_by
from tay_middleware.storage.outbox.refusals import RedisRefusals
from tay_middleware.storage.outbox.worker import Places, health_of
from tay_middleware.storage.people import Archive
from tay_middleware.storage.redis import RedisStore
from tests.builders import NOON
from tests.databases import migrated
from tests.storage.records import KEY_OF, SECOND, a_record, key, opened
from tests.storage.test_pause_board import paused

MARK = "0123456789abcdef"


@pytest.fixture(params=["redis", "cluster"])
def outbox(request: pytest.FixtureRequest, tmp_path: Path) -> Outbox:
    url = str(request.getfixturevalue(f"{request.param}_url"))
    return Outbox(url, tmp_path / "spool.db", call_seconds=5, prefix="staging:", secret_mark=MARK)


async def keys_at(client: Any) -> set[str]:
    where = {"target_nodes": RedisCluster.PRIMARIES} if isinstance(client, RedisCluster) else {}
    return {found.decode() for found in await client.keys("*", **where)}


def store_at(outbox: Outbox, url: str) -> RedisStore:
    store = open_store(url, history_turns=10, outbox=outbox)
    assert isinstance(store, RedisStore)
    return store


def test_every_key_stands_under_the_prefix(outbox: Outbox, tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    migrated(url)

    async def scene() -> tuple[set[str], set[str], int]:
        client, database = make_client(outbox.redis_url, patience_seconds=30), Database(url)
        store, refusals = store_at(outbox, url), RedisRefusals(outbox, KEY_OF)
        before = await keys_at(client)
        try:
            await opened(store)
            await store.commit(a_record(1))
            await store.retract(a_record(1))
            await store.commit(a_record(2, at=NOON + SECOND, shown=False, opts_out=True))
            await refusals.note(key(), "s1", NOON + SECOND, for_good=False)
            await paused(database, "course", 1)
            await publish_by(client, database, NOON, outbox.prefix)
            assert await store.paused(NOON) == {"course"}
            turns = len((await store.recall(key(), NOON)).turns) + len(await store.latest(5))
            drained = await Drain(client, database, prefix=outbox.prefix).run(once=True)
            archive = Archive(database, store, KEY_OF)
            await archive.erase(key(), await archive.now(key(), NOON))
            owed = await health_of(Places(outbox, url))
            new = await keys_at(client) - before
            return (
                {one for one in new if not one.startswith("staging:")},
                new,
                (turns + drained.events + owed.events),
            )
        finally:
            await refusals.aclose()
            await store.aclose()
            await database.aclose()
            await close_client(client)

    strange, new, counted = asyncio.run(scene())
    assert strange == set()
    assert {"staging:meta", "staging:secret", "staging:paused"} <= new
    assert counted == 4 + 3 + 1  # two turns, recalled and read; three events; one erasing waits


def test_the_drain_of_one_leaves_the_events_of_the_other(outbox: Outbox, tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    migrated(url)
    production = replace(outbox, prefix="tay:", spool_path=tmp_path / "other.db")

    async def scene() -> list[int]:
        client, database = make_client(outbox.redis_url, patience_seconds=30), Database(url)
        mine, theirs = store_at(outbox, url), store_at(production, url)
        try:
            for number, store in enumerate((mine, theirs), 1):
                await opened(store)
                await store.commit(a_record(number, at=NOON + number * SECOND))
            found = [len((await one.recall(key(), NOON)).turns) for one in (mine, theirs)]
            counts = await Drain(client, database, prefix=outbox.prefix).run(once=True)
            return [*found, counts.events]
        finally:
            await mine.aclose()
            await theirs.aclose()
            await database.aclose()
            await close_client(client)

    assert asyncio.run(scene()) == [1, 1, 1]
    assert [row.turn_id.int for row in read_latest(url, 5)] == [1]


def test_another_secret_is_told_at_the_start(
    outbox: Outbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"

    async def scene() -> list[int]:
        told = []
        for mark in (MARK, MARK, None, "another"):
            store = store_at(replace(outbox, secret_mark=mark), url)
            await opened(store)
            await store.aclose()
            told.append(len(caplog.records))
        return told

    assert asyncio.run(scene()) == [0, 0, 0, 1]
    assert "delete the key staging:secret" in caplog.text


def test_the_mark_is_of_the_secret_and_does_not_tell_it() -> None:
    marks = [
        Outbox.of(load_settings(redis_url="redis://x", user_key_secret=secret * 32))
        for secret in ("a", "a", "b")
    ]
    one, again, other = [mark.secret_mark if mark is not None else "" for mark in marks]
    assert one == again != other
    drain = Places.of(load_settings(redis_url="redis://x", user_key_secret="a" * 32))
    assert drain is not None
    assert drain.outbox.secret_mark is None  # it needs no secret, and may have any
    assert len(one or "") == 16


@pytest.mark.parametrize("prefix", ["{staging}:", "", "a b:"])
def test_a_prefix_that_would_choose_the_slot_is_refused(prefix: str) -> None:
    with pytest.raises(ConfigurationError, match="TAY_REDIS_PREFIX"):
        load_settings(redis_prefix=prefix)
