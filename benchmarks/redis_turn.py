"""What a turn costs on Valkey: `recall` and `commit` beside a bare pair of SETs, in one run.

One process, open loop, 1,500 turns a second (`--rate`); turns of both kinds alternate in blocks, so
that a busy machine is as busy for the one as for the other. Run it as
`python -m benchmarks.redis_turn`.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from redis.asyncio import Redis

from tay_middleware.storage import Outbox
from tay_middleware.storage.redis import RedisStore
from tests.servers import Valkey
from tests.storage.records import a_record, key

BLOCKS, BLOCK_SECONDS = 6, 1.5
USERS = 5_000
PAYLOAD = "x" * 900
MOST_RATIO = 4.0


async def open_loop(turn: Callable[[int], Awaitable[None]], rate: float, first: int) -> list[float]:
    """Milliseconds from when each turn was due to when it was done."""
    loop = asyncio.get_running_loop()
    count = int(rate * BLOCK_SECONDS)
    begun = loop.time()
    took: list[float] = []
    line = asyncio.Semaphore(64)  # a bare client has no line of its own to stand in

    async def timed(number: int, due: float) -> None:
        async with line:
            await turn(first + number)
        took.append(1000 * (loop.time() - due))

    tasks = []
    for number in range(count):
        due = begun + number / rate
        await asyncio.sleep(max(0.0, due - loop.time()))
        tasks.append(loop.create_task(timed(number, max(due, loop.time()))))
    await asyncio.gather(*tasks)
    return took


def at(took: list[float], share: float) -> float:
    return sorted(took)[min(int(share * len(took)), len(took) - 1)]


async def measured(url: str, home: Path, rate: float) -> float:
    outbox = Outbox(url, home / "spool.db", call_seconds=5, most_events=10_000_000)
    store = RedisStore.on(
        outbox, f"sqlite:///{home / 'tay.db'}", history_turns=50, mentions_seconds=8 * 86400
    )
    await store.open()
    bare = Redis.from_url(url, protocol=2)

    async def ours(number: int) -> None:
        now = datetime.now(UTC)
        user = f"u{number % USERS}"
        await store.recall(key(user), now)
        await store.commit(a_record(number, at=now, user=user, shown=number % 8 == 0))

    async def sets(number: int) -> None:
        await bare.set(f"a{number % USERS}", PAYLOAD)
        await bare.set(f"b{number % USERS}", PAYLOAD)

    for number in range(1, 500):
        await ours(number)
        await sets(number)
    taken: dict[str, list[float]] = {"SET pair": [], "recall + commit": []}
    for block in range(BLOCKS):
        taken["SET pair"] += await open_loop(sets, rate, 1000 + block * 100_000)
        taken["recall + commit"] += await open_loop(ours, rate, 1000 + block * 100_000)
    await bare.aclose()
    await store.aclose()
    for name, took in taken.items():
        print(
            f"{name:<16} {len(took)} turns at {rate:.0f}/s: p50 {at(took, 0.5):6.2f} ms   "
            f"p99 {at(took, 0.99):6.2f} ms   max {max(took):7.2f} ms"
        )
    ratio = at(taken["recall + commit"], 0.5) / at(taken["SET pair"], 0.5)
    print(f"ratio at the median {ratio:.2f} (promised: at most {MOST_RATIO:.0f})")
    return ratio


async def costs(url: str, home: Path, calls: int = 2000) -> None:
    """The same one after another: what the calls themselves cost, without a crowd."""
    outbox = Outbox(url, home / "spool2.db", call_seconds=5, most_events=10_000_000)
    store = RedisStore.on(
        outbox, f"sqlite:///{home / 'tay.db'}", history_turns=50, mentions_seconds=8 * 86400
    )
    await store.open()
    took: dict[str, list[float]] = {"recall": [], "commit": [], "commit, claiming": []}
    for number in range(calls):
        now, user = datetime.now(UTC), f"w{number % 50}"
        marks = [time.perf_counter()]
        await store.recall(key(user), now)
        marks.append(time.perf_counter())
        record = a_record(10_000_000 + number, at=now, user=user, shown=number % 8 == 0)
        marks.append(time.perf_counter())
        await store.commit(record)
        marks.append(time.perf_counter())
        took["recall"].append(marks[1] - marks[0])
        claims = "commit, claiming" if record.claim else "commit"
        took[claims].append(marks[3] - marks[2])
    await store.aclose()
    for name, seconds in took.items():
        print(f"{name:<18} alone: median {1000 * statistics.median(seconds):.2f} ms")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float, default=1500)
    rate = parser.parse_args().rate
    server = Valkey()
    try:
        with tempfile.TemporaryDirectory() as home:
            asyncio.run(costs(server.url, Path(home)))
            asyncio.run(measured(server.url, Path(home), rate))
    finally:
        server.stop()


if __name__ == "__main__":
    main()
