"""A Redis that has no room left: what it holds can be taken out, and that makes room."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tay_middleware.storage import Database, Outbox, open_store
from tay_middleware.storage.drain import Drain
from tay_middleware.storage.outbox.checks import check
from tay_middleware.storage.outbox.link import close_client, make_client
from tests.databases import migrated
from tests.fixtures_servers import started
from tests.servers import Valkey
from tests.storage.records import a_record, opened


@pytest.fixture
def valkey_alone() -> Iterator[Valkey]:
    """A server of our own: what it may hold is changed."""
    yield from started(Valkey, "nothing")


@pytest.mark.parametrize("drained_before", [True, False])
def test_a_drain_starts_and_works_on_a_redis_that_is_full(
    tmp_path: Path, valkey_alone: Valkey, drained_before: bool
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    migrated(url)

    async def scene() -> tuple[int, int]:
        outbox = Outbox(valkey_alone.url, tmp_path / "spool.db", call_seconds=5)
        store = await opened(open_store(url, history_turns=10, outbox=outbox))
        client = make_client(valkey_alone.url, patience_seconds=10)
        database = Database(url)
        if drained_before:
            await Drain(client, database).run(once=True)
        for number in range(1, 11):
            await store.commit(a_record(number, user=f"u{number}", shown=False))
        valkey_alone.ask("CONFIG", "SET", "maxmemory", "1")
        await check(client, 10)
        counts = await Drain(client, database).run(once=True)
        left = len(await store.latest(20))
        await store.aclose()
        await database.aclose()
        await close_client(client)
        return counts.events, left

    assert asyncio.run(scene()) == (10, 10)
