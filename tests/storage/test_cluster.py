"""A master of a cluster that is away: what concerns its own users alone, and what is said of it."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from redis.crc import key_slot

from tay_middleware.errors import StorageError
from tay_middleware.storage import Outbox
from tay_middleware.storage.outbox.buckets import BUCKETS, keys_of, meta_of, outbox_of
from tay_middleware.storage.outbox.link import PATIENT_SECONDS, close_client, make_client
from tay_middleware.storage.outbox.stream import Streams
from tay_middleware.storage.outbox.worker import Places, health
from tay_middleware.storage.redis import RedisStore
from tests.builders import NOON
from tests.databases import migrated
from tests.fixtures_servers import started
from tests.servers import ValkeyCluster, wait_until
from tests.storage.records import key

FIRST_SLOTS = (0, 5461, 10922)


@pytest.fixture(scope="module")
def masters() -> Iterator[ValkeyCluster]:
    """Three of our own, which know after a restart what they knew."""
    yield from started(lambda: ValkeyCluster(appendonly="yes"), "nothing")


@pytest.fixture
def killed(masters: ValkeyCluster) -> Iterator[ValkeyCluster]:
    """A cluster whose master of the layout is away; it is back after the test."""
    assert masters.nodes[of_slot(meta_of())].ask("DEL", meta_of())
    masters.nodes[of_slot(meta_of())].kill()
    yield masters
    bring_back(masters)


def of_slot(name: str) -> int:
    return sum(key_slot(name.encode()) >= first for first in FIRST_SLOTS) - 1


def bring_back(masters: ValkeyCluster) -> None:
    node = masters.nodes[of_slot(meta_of())]
    if node.process is None or node.process.poll() is not None:
        node.start()
    wait_until(lambda: b"cluster_state:ok" in node.ask("CLUSTER", "INFO"), "it does not come back")


def store_on(masters: ValkeyCluster, home: Path) -> RedisStore:
    outbox = Outbox(masters.url, home / "spool.db", call_seconds=2)
    url = f"sqlite+aiosqlite:///{home / 'tay.db'}"
    return RedisStore.on(outbox, url, history_turns=10, mentions_seconds=86400)


def test_a_client_that_has_just_come_sees_every_bucket(masters: ValkeyCluster) -> None:
    async def scene() -> list[list[int]]:
        found = []
        for _ in range(5):
            client = make_client(masters.url, patience_seconds=PATIENT_SECONDS)
            found.append((await Streams(client, "one").backlog(time.time()))[1])
            await close_client(client)
        return found

    assert asyncio.run(scene()) == [[]] * 5


def test_buckets_that_give_no_answer_are_told(killed: ValkeyCluster, tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    migrated(url)
    found = health(Places(Outbox(killed.url, tmp_path / "spool.db"), url))
    away = [at for at in range(BUCKETS) if of_slot(outbox_of(at)) == of_slot(meta_of())]
    assert found.silent == len(away)
    assert not found.is_well(60)


def test_users_of_the_other_masters_are_known_to_a_process_that_starts(
    killed: ValkeyCluster, tmp_path: Path
) -> None:
    users = [f"u{number}" for number in range(40)]

    async def scene() -> set[str]:
        store = store_on(killed, tmp_path)
        await store.open()
        async with asyncio.timeout(20):
            while not store._checked:  # noqa: ASYNC110 - a background task of the store
                await asyncio.sleep(0.01)
        known = set()
        for user in users:
            try:
                await store.recall(key(user), NOON)
                known.add(user)
            except StorageError:
                continue
        await store.aclose()
        return known

    def master_of(user: str) -> int:
        return of_slot(outbox_of(keys_of(key(user), UUID(int=0)).bucket))

    alive = {user for user in users if master_of(user) != of_slot(meta_of())}
    assert 0 < len(alive) < len(users)
    assert asyncio.run(scene()) == alive


def test_another_layout_is_refused_once_the_master_that_knows_it_is_back(
    masters: ValkeyCluster, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    node = masters.nodes[of_slot(meta_of())]
    assert node.ask("SET", meta_of(), "buckets=1 layout=1").startswith(b"+OK")
    node.kill()

    async def becomes(store: RedisStore, wanted: bool) -> None:
        while store._checked is not wanted:  # noqa: ASYNC110 - a background task of the store
            await asyncio.sleep(0.01)

    async def scene() -> None:
        store = store_on(masters, tmp_path)
        await store.open()
        async with asyncio.timeout(30):
            await becomes(store, True)
            await asyncio.to_thread(bring_back, masters)
            await becomes(store, False)
        await store.aclose()

    asyncio.run(scene())
    assert "was laid out with buckets=1" in caplog.text
    assert node.ask("DEL", meta_of())
