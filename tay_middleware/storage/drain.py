"""Brings the outbox into SQL: any number of drains at once, on the same buckets.

An event is delivered at least once and taken out of the stream only after the transaction that
wrote it; `ledger.apply` makes a second delivery no second row. A drain that dies leaves its events
to the others, who claim them after a while. When SQL is away a drain holds one batch, waits and
tries again; meanwhile the stream grows, and above its mark the spools of the apps do.
"""

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from tay_middleware.errors import RowRefused, SchemaMismatch, StorageError
from tay_middleware.storage.database import Database
from tay_middleware.storage.ledger import apply, bury
from tay_middleware.storage.outbox.buckets import PREFIX
from tay_middleware.storage.outbox.stream import Delivery, Streams
from tay_middleware.storage.rounds import backoff, wait_for
from tay_middleware.storage.turns.events import Event, read_event
from tay_middleware.storage.versions import check_current

BATCH = 2_000
"""Events in one transaction: more gain little and make a retry dear."""

IDLE_SECONDS = 0.1
"""Between two looks at empty streams."""

CLAIM_EVERY_SECONDS = 5.0
"""Between two looks for events that a dead drain has left."""

CLAIM_IDLE_SECONDS = 30.0
"""How long a drain may be silent about its events before another one takes them: longer than the
longest statement of a healthy one should be; a second delivery costs time, never a second row."""

GONE_SECONDS = 86_400.0
"""How long a consumer that owes nothing is silent before it is taken for one of a killed drain. One
that lives and is taken out all the same is made anew by its next look."""

GONE_EVERY_SECONDS = 3_600.0
"""Between two looks for those."""

MOST_DELIVERIES = 5
"""How often an event that SQL refuses is tried before it goes among the dead letters."""

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.05, 10.0
"""The wait between two tries while SQL or Redis is away; it doubles from the one to the other."""

_log = logging.getLogger("tay_middleware.drain")


@dataclass(slots=True)
class Counts:
    """What a drain has done so far."""

    events: int = 0
    rows: int = 0
    batches: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """How a drain works; see the constants of this module for each default."""

    batch: int = BATCH
    idle_seconds: float = IDLE_SECONDS
    claim_every_seconds: float = CLAIM_EVERY_SECONDS
    claim_idle_seconds: float = CLAIM_IDLE_SECONDS
    most_deliveries: int = MOST_DELIVERIES
    gone_seconds: float = GONE_SECONDS


_Work = list[tuple[Delivery, Event]]


@dataclass(slots=True)
class _Batch:
    """Deliveries of some buckets, read; `broken` are those that cannot be."""

    deliveries: list[Delivery] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    broken: list[tuple[Delivery, str]] = field(default_factory=list)


class Drain:
    """One worker; it lives on one event loop."""

    def __init__(
        self,
        client: Any,
        database: Database,
        *,
        pace: Pace | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        random: Random | None = None,
        prefix: str = PREFIX,
    ) -> None:
        """Make a worker.

        Args:
            client: of Redis, with a patient deadline.
            database: where the log is.
            pace: how it works.
            clock: the time now, aware.
            random: for the order of buckets and the length of pauses.
            prefix: before every key in Redis.
        """
        self.name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self.counts = Counts()
        self._streams = Streams(client, self.name, prefix)
        self._database = database
        self._pace = pace or Pace()
        self._clock = clock
        self._random = random or Random()  # noqa: S311 - spreads load, hides nothing
        self._stop = asyncio.Event()
        self._claim_at = 0.0
        self._gone_at = 0.0
        self._writing: asyncio.Task[int] | None = None
        self._done = 0

    def stop(self) -> None:
        """End after the batch that is under way."""
        self._stop.set()

    async def run(self, *, once: bool = False) -> Counts:
        """Work until told to stop, or, with `once`, until nothing is left that can be done now.

        Raises:
            StorageError: at the start, or at any time with `once`: Redis or SQL does not answer.
        """
        failures = 0
        ready = False
        while not self._stop.is_set():
            try:
                if not ready:
                    await self._begin()
                    ready = True
                done = await self._round()
                failures = 0
            except StorageError as error:
                if once or isinstance(error, SchemaMismatch):
                    raise
                # A Redis that was restored may have lost the groups: begin again.
                failures, ready = failures + 1, False
                await self._wait(error, failures)
                continue
            if once and not done:
                break
            if not done:
                await wait_for(self._stop, self._pace.idle_seconds)
        with suppress(StorageError):
            await self._streams.leave()
        return self.counts

    async def _begin(self) -> None:
        await self._database.read(check_current)
        await self._streams.prepare()

    async def _round(self) -> int:
        """One look at all buckets; how many events were done."""
        await self._remove_gone()
        lengths = await self._streams.lengths()
        buckets = list(lengths)
        self._random.shuffle(buckets)
        claims = self._is_time_to_claim()
        batch: list[Delivery] = []
        try:
            for bucket in buckets:
                batch += await self._taken(bucket, self._pace.batch - len(batch), claims=claims)
                if len(batch) >= self._pace.batch:
                    await self._hand_over(batch)
                    batch = []
                if self._stop.is_set():
                    break
            if batch:
                await self._hand_over(batch)
        finally:
            await self._written()
        done, self._done = self._done, 0
        return done

    async def _remove_gone(self) -> None:
        """Once an hour; what fails is done the next time, for nothing is lost meanwhile."""
        now = asyncio.get_running_loop().time()
        if now >= self._gone_at:
            self._gone_at = now + GONE_EVERY_SECONDS
            with suppress(StorageError):
                await self._streams.remove_gone(self._pace.gone_seconds)

    async def _taken(self, bucket: int, room: int, *, claims: bool) -> list[Delivery]:
        """Events of a bucket: first those that a dead drain has left, then fresh ones."""
        found: list[Delivery] = []
        if claims:
            idle = self._pace.claim_idle_seconds
            found = await self._streams.claimed(bucket, room, idle)
        if room > len(found):
            found += await self._streams.fresh(bucket, room - len(found))
        return found

    async def _hand_over(self, deliveries: Sequence[Delivery]) -> None:
        """Read a batch while the one before is being written, then have it written too."""
        batch = _read(deliveries)
        await self._written()
        self._writing = asyncio.create_task(self._deliver(batch))

    async def _written(self) -> None:
        """Wait for the batch under way.

        Raises:
            StorageError: it could not be written; its events are delivered again, later.
        """
        writing, self._writing = self._writing, None
        if writing is not None:
            self._done += await writing

    def _is_time_to_claim(self) -> bool:
        now = asyncio.get_running_loop().time()
        if now < self._claim_at:
            return False
        self._claim_at = now + self._pace.claim_every_seconds
        return True

    async def _deliver(self, batch: _Batch) -> int:
        """Write a batch, with patience while SQL is away; how many events were done."""
        failures = 0
        while True:
            try:
                return await self._write(batch)
            except StorageError as error:
                if not error.is_retryable or self._stop.is_set():
                    raise
                failures += 1
                await self._wait(error, failures)

    async def _write(self, batch: _Batch) -> int:
        refused = list(batch.broken)
        done = await self._apply(list(zip(batch.deliveries, batch.events, strict=True)), refused)
        return done + (await self._refused(refused) if refused else 0)

    async def _apply(self, work: _Work, refused: list[tuple[Delivery, str]]) -> int:
        """Write events, in halves and halves of halves where one of them is refused."""
        if not work:
            return 0
        deliveries = [delivery for delivery, _ in work]
        buckets = {delivery.bucket for delivery in deliveries}
        try:
            events = [event for _, event in work]
            rows = await self._database.write(apply, events, buckets, self._clock())
        except RowRefused as error:
            if len(work) == 1:
                refused.append((deliveries[0], str(error)))
                return 0
            middle = len(work) // 2
            first = await self._apply(work[:middle], refused)
            return first + await self._apply(work[middle:], refused)
        await self._streams.done(deliveries)
        self.counts.rows += rows
        self.counts.events += len(work)
        self.counts.batches += 1
        return len(work)

    async def _refused(self, refused: Sequence[tuple[Delivery, str]]) -> int:
        """Bury what was tried often enough; the rest is delivered again, later. How many died."""
        counts = await self._streams.times_delivered([delivery for delivery, _ in refused])
        dead = [
            (delivery, error)
            for delivery, error in refused
            if counts[delivery.stream_id] >= self._pace.most_deliveries
        ]
        if not dead:
            return 0
        # A later version may have changed the tables meanwhile: then they are not to blame.
        await self._database.read(check_current)
        now = self._clock()
        letters = [_letter(one, error, counts[one.stream_id], now) for one, error in dead]
        await self._database.write(bury, letters)
        await self._streams.done([delivery for delivery, _ in dead])
        self.counts.dead += len(dead)
        _log.error("%d events cannot be written and are among the dead letters", len(dead))
        return len(dead)

    async def _wait(self, error: StorageError, failures: int) -> None:
        _log.warning("the drain waits: %s", error)
        pause = backoff(self._random, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, failures)
        await wait_for(self._stop, pause)


def _read(deliveries: Sequence[Delivery]) -> _Batch:
    batch = _Batch()
    for delivery in deliveries:
        try:
            batch.events.append(read_event(delivery.kind, delivery.body))
            batch.deliveries.append(delivery)
        except StorageError as error:
            batch.broken.append((delivery, str(error)))
    return batch


def _letter(delivery: Delivery, error: str, deliveries: int, now: datetime) -> dict[str, Any]:
    return {
        "stream_id": delivery.stream_id.decode(),
        "bucket": delivery.bucket,
        "kind": delivery.kind[:32],
        "body": delivery.body.decode("utf-8", "replace").replace("\x00", "\ufffd"),
        "error": error,
        "deliveries": deliveries,
        "died_at": now,
    }
