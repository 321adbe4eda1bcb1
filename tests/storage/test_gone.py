"""Consumers of drains that were killed: taken out when they owe nothing, and never before."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tay_middleware.storage import Database
from tay_middleware.storage.drain import Drain, Pace
from tay_middleware.storage.outbox.buckets import outbox_of
from tay_middleware.storage.outbox.link import close_client, make_client
from tay_middleware.storage.outbox.stream import GROUP, Streams
from tests.databases import migrated

AT_ONCE = -1.0
"""Silent for longer than this is everybody."""


@pytest.fixture(params=["redis", "cluster"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


async def consumers(client: Any, bucket: int) -> set[str]:
    found = await client.xinfo_consumers(outbox_of(bucket), GROUP)
    return {one["name"].decode() for one in found}


def test_only_who_owes_nothing_goes_and_only_after_the_time(url: str) -> None:
    async def scene() -> list[set[str]]:
        client = make_client(url, patience_seconds=30)
        mine, killed, quiet = (Streams(client, name) for name in ("mine", "killed", "quiet"))
        await mine.prepare()
        await client.xadd(outbox_of(3), {"turn": b"{}"})
        found = []
        try:
            assert len(await killed.fresh(3, 1)) == 1
            for one in (quiet, mine):
                await one.fresh(3, 1)
            for silent_seconds in (3600.0, AT_ONCE):
                await mine.remove_gone(silent_seconds)
                found.append(await consumers(client, 3))
            assert len(await mine.claimed(3, 10, 0)) == 1
            await mine.remove_gone(AT_ONCE)
            return [*found, await consumers(client, 3)]
        finally:
            await close_client(client)

    everybody = {"mine", "killed", "quiet"}
    assert asyncio.run(scene()) == [everybody, {"mine", "killed"}, {"mine"}]


def test_a_drain_takes_them_out_beside_its_work(redis_url: str, tmp_path: Path) -> None:
    database_url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    migrated(database_url)

    async def scene() -> set[str]:
        client, database = make_client(redis_url, patience_seconds=30), Database(database_url)
        killed = Streams(client, "killed")
        await killed.prepare()
        await killed.fresh(3, 1)
        try:
            await Drain(client, database, pace=Pace(gone_seconds=AT_ONCE)).run(once=True)
            return await consumers(client, 3)
        finally:
            await database.aclose()
            await close_client(client)

    assert asyncio.run(scene()) == set()
