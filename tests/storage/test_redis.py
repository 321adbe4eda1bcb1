import asyncio
from pathlib import Path
from uuid import UUID

import pytest
from annotated_types import Le
from pydantic import BaseModel

from tay_middleware.playbook.evidence import Gate
from tay_middleware.playbook.schema import CapRule, Policy
from tay_middleware.storage import Cap, Claim, Outbox, TurnStore, open_store
from tay_middleware.storage.outbox.buckets import keys_of
from tay_middleware.storage.outbox.wire import PROFILE_SECONDS
from tay_middleware.storage.redis import RedisStore
from tests.builders import NOON
from tests.databases import migrated
from tests.storage.contract import Handles, TurnStoreContract
from tests.storage.records import SECOND, a_record, key, opened


def handles_on(redis_url: str, database_url: str, home: Path) -> Handles:
    async def make() -> TurnStore:
        outbox = Outbox(redis_url, home / "spool.db", call_seconds=5)
        return await opened(open_store(database_url, history_turns=10, outbox=outbox))

    return make


def longest(model: type[BaseModel], name: str) -> float:
    """The most that the playbook's schema allows."""
    (most,) = [one.le for one in model.model_fields[name].metadata if isinstance(one, Le)]
    assert isinstance(most, int | float)
    return most


def test_a_profile_outlives_every_gate_that_may_stay_closed() -> None:
    assert longest(Gate, "sticky_seconds") < PROFILE_SECONDS


def test_redis_keeps_a_no_and_mentions_as_long_as_the_longest_policy(
    redis_url: str, tmp_path: Path
) -> None:
    keys = keys_of(key(), UUID(int=0))

    async def scene() -> tuple[int, int, int]:
        outbox = Outbox(redis_url, tmp_path / "spool.db", call_seconds=5)
        url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
        store = await opened(open_store(url, history_turns=10, outbox=outbox))
        assert isinstance(store, RedisStore)
        client = store.link.client
        await store.commit(a_record(1, shown=False, declines=True))
        declined = await client.ttl(keys.profile)
        await store.commit(a_record(2))
        await store.commit(a_record(3, shown=False, opts_out=True))
        opted_out, mentions = await client.ttl(keys.profile), await client.ttl(keys.cooldown)
        await store.aclose()
        return declined, opted_out, mentions

    declined, opted_out, mentions = asyncio.run(scene())
    assert declined > longest(Policy, "declined_days") * 86400
    assert opted_out > longest(Policy, "opted_out_days") * 86400
    assert mentions > longest(CapRule, "hours") * 3600


def test_what_is_closed_while_a_call_is_made_up_for_is_closed_whole(
    redis_url: str, tmp_path: Path
) -> None:
    """Also where whoever closes is cancelled before that has ended."""

    async def slowly() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            await asyncio.sleep(30)

    async def scene() -> bool:
        outbox = Outbox(redis_url, tmp_path / "spool.db", call_seconds=5)
        url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
        store = await opened(open_store(url, history_turns=10, outbox=outbox))
        assert isinstance(store, RedisStore)
        await store.commit(a_record(1))
        pool = store.link.client.connection_pool
        connections = [*pool._available_connections, *pool._in_use_connections]
        assert any(one.is_connected for one in connections)
        store._mending = asyncio.create_task(slowly())
        closing = asyncio.create_task(store.aclose())
        await asyncio.sleep(0.05)
        closing.cancel()
        await asyncio.gather(closing, return_exceptions=True)
        return any(one.is_connected for one in connections)

    assert not asyncio.run(scene())


def test_redis_counts_as_many_mentions_as_a_cap_may_allow(redis_url: str, tmp_path: Path) -> None:
    most = int(longest(CapRule, "most"))
    claim = Claim(session_turns=0, caps=(Cap(86400.0, most),))

    async def scene() -> int:
        outbox = Outbox(redis_url, tmp_path / "spool.db", call_seconds=5)
        url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
        store = await opened(open_store(url, history_turns=10, outbox=outbox))
        records = [a_record(n, at=NOON + n * SECOND, claim=claim) for n in range(1, most + 6)]
        granted = sum([(await store.commit(record)).granted for record in records])
        await store.aclose()
        return granted

    assert asyncio.run(scene()) == most


class TestRedisStore(TurnStoreContract):
    @pytest.fixture
    def handles(self, redis_url: str, tmp_path: Path) -> Handles:
        url = migrated(f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}")
        return handles_on(redis_url, url, tmp_path)


class TestRedisStoreBesidePostgres(TurnStoreContract):
    @pytest.fixture
    def handles(self, redis_url: str, postgres_url: str, tmp_path: Path) -> Handles:
        return handles_on(redis_url, postgres_url, tmp_path)


class TestRedisStoreOnACluster(TurnStoreContract):
    @pytest.fixture
    def handles(self, cluster_url: str, tmp_path: Path) -> Handles:
        url = migrated(f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}")
        return handles_on(cluster_url, url, tmp_path)
