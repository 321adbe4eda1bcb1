"""How fast a drain brings events into PostgreSQL, beside single inserts in the same run.

The outbox is filled by the store's own script, then one drain empties it. Run it as
`python -m benchmarks.drain_rate`.
"""

import argparse
import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from redis.asyncio import Redis
from sqlalchemy import Connection, insert

from tay_middleware.domain import uuid7
from tay_middleware.storage import Database, upgrade
from tay_middleware.storage.drain import Drain
from tay_middleware.storage.ledger import apply
from tay_middleware.storage.outbox.buckets import bucket_of, outbox_of
from tay_middleware.storage.outbox.link import make_client
from tay_middleware.storage.outbox.wire import turn_event
from tay_middleware.storage.sql import question_logs, question_row
from tay_middleware.storage.turns.events import read_event
from tests.servers import Postgres, Valkey
from tests.storage.records import a_record, key

START = datetime.now(UTC) - timedelta(hours=1)
SINGLE_SECONDS = 2.0


def record(number: int, users: int) -> Any:
    at = START + timedelta(milliseconds=number)
    return a_record(number, at=at, user=f"u{number % users}", shown=number % 8 == 0)


async def fill(client: Redis, events: int, users: int) -> None:
    for first in range(1, events, 2000):
        pipeline = client.pipeline(transaction=False)
        for number in range(first, min(first + 2000, events + 1)):
            one = record(number, users)
            name = outbox_of(bucket_of(key(f"u{number % users}")))
            pipeline.xadd(name, {"turn": turn_event(one)})
        await pipeline.execute()


async def single(database: Database, first: int) -> float:
    """Rows a second: the same work, one event and one transaction each."""
    rows, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < SINGLE_SECONDS:
        event = read_event("turn", turn_event(record(first + rows, 1000)))
        await database.write(apply, [event], {rows % 64}, datetime.now(UTC))
        rows += 1
    return rows / (time.perf_counter() - begun)


async def bare(database: Database, first: int) -> float:
    """Rows a second: nothing but one INSERT of one row, one transaction each."""

    def write(connection: Connection, row: dict[str, Any]) -> None:
        connection.execute(insert(question_logs), row)

    rows, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < SINGLE_SECONDS:
        row = question_row(record(first + rows, 1000))
        await database.write(write, {**row, "id": uuid7(START, first + rows)})
        rows += 1
    return rows / (time.perf_counter() - begun)


async def measured(redis_url: str, database_url: str, events: int, users: int) -> None:
    client = make_client(redis_url, patience_seconds=60)
    database = Database(database_url)
    one_by_one, plain = await single(database, 50_000_000), await bare(database, 70_000_000)
    await fill(client, events, users)
    begun = time.perf_counter()
    counts = await Drain(client, database).run(once=True)
    rate = counts.rows / (time.perf_counter() - begun)
    again = await single(database, 60_000_000)
    print(f"event by event     {one_by_one:8.0f} rows/s before, {again:8.0f} after")
    print(f"one bare INSERT    {plain:8.0f} rows/s, without escalations, figures and look-ups")
    print(
        f"drain              {rate:8.0f} rows/s over {counts.rows} rows in {counts.batches} batches"
    )
    ratio = rate / max(one_by_one, again)
    print(f"ratio              {ratio:8.1f} (promised: at least 20), to bare {rate / plain:.1f}")
    await client.aclose()
    await database.aclose()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--users", type=int, default=20_000)
    options = parser.parse_args()
    redis = Valkey()
    # On a disk, and synced: single inserts would look better without, and nobody runs it so.
    postgres = Postgres(in_memory=False, fsync="on", max_wal_size="2GB", shared_buffers="256MB")
    try:
        upgrade(postgres.url())
        with TemporaryDirectory() as home:
            upgrade(f"sqlite:///{Path(home) / 'tay.db'}")
            asyncio.run(measured(redis.url, postgres.url(), options.events, options.users))
    finally:
        redis.stop()
        postgres.stop()


if __name__ == "__main__":
    main()
