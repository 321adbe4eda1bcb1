"""The worker of the inbox: claims deliveries, applies them, retries, gives up aloud.

No error ends it but a schema that is not ours: payments that wait unseen are found too late.

Run as many as you like. A batch is one transaction: what a killed worker had begun is begun anew.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tay_middleware.errors import PayloadError, SchemaMismatch, StorageError
from tay_middleware.payments.facts import Fact
from tay_middleware.payments.late import joinable
from tay_middleware.payments.outcomes import forget_erased, understood
from tay_middleware.payments.settle import reconsider, settle, would_change
from tay_middleware.payments.terms import Terms
from tay_middleware.storage import Database
from tay_middleware.storage.payments import awaited
from tay_middleware.storage.payments import inbox as sql
from tay_middleware.storage.payments.credits import lock
from tay_middleware.storage.rounds import backoff, wait_for
from tay_middleware.storage.transaction import Transaction, parts

BATCH = 10
"""Deliveries in one transaction: few, for on SQLite the chat waits for the same write lock."""

IDLE_SECONDS = 0.5
"""Between two looks into an empty inbox; in `tay serve` a delivery wakes the worker at once."""

MOST_ATTEMPTS = 8
"""How often a delivery that SQL refuses is tried: with doubling pauses, for about two hours."""

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 3600.0
"""The pause before another try; it doubles from the one to the other."""

UPKEEP_SECONDS = 60.0
"""Between two looks at purchases whose mention had not reached the log, and at what to redact."""

MOST_REDACTED = 500
"""Deliveries whose words go in one upkeep: of a heap of years the rest waits, payments do not."""

_log = logging.getLogger("tay_middleware.payments")


@dataclass(slots=True)
class Counts:
    """What a worker has done so far."""

    handled: int = 0
    failed: int = 0


class InboxWorker:
    """One worker; it lives on one event loop."""

    def __init__(
        self,
        database: Database,
        terms: Terms,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        random: Random | None = None,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """Make a worker.

        Args:
            database: where inbox and log are.
            terms: how deliveries are read and credited.
            clock: the time now, aware.
            random: for the length of pauses.
            idle_seconds: between two looks into an empty inbox.
        """
        self.counts = Counts()
        self.is_running = False
        self.is_well = True
        self._database = database
        self._terms = terms
        self._clock = clock
        self._random = random or Random()  # noqa: S311 - spreads load, hides nothing
        self._idle_seconds = idle_seconds
        self._wake = asyncio.Event()
        self._stopped = False
        self._upkeep_at = self._clock()

    def wake(self) -> None:
        """There is something in the inbox."""
        self._wake.set()

    def go_by(self, terms: Terms) -> None:
        """Read and credit by these terms, from the next batch on."""
        self._terms = terms

    def stop(self) -> None:
        """End after the batch that is under way."""
        self._stopped = True
        self._wake.set()

    async def run(self) -> None:
        """Work until told to stop; a database that is away is waited for.

        `is_well` is false while the last round failed.

        Raises:
            SchemaMismatch: the database needs `tay db upgrade`.
        """
        self.is_running = True
        try:
            await self._run()
        finally:
            self.is_running = False

    async def tell_of_other_mode(self) -> None:
        """Warn of what is of the other of a provider's two worlds and counts, or waits to.

        Raises:
            StorageError: the database does not answer.
        """
        found = await self._database.read(sql.of_other_mode, live=self._terms.live)
        ours, other = ("live", "test") if self._terms.live else ("test", "live")
        if found.counting:
            _log.warning(
                "TAY_PAYMENT_MODE is %s, and %d %s purchases of before count as well: "
                "use a database of its own for tests",
                ours,
                found.counting,
                other,
            )
        if found.waiting:
            _log.warning(
                "TAY_PAYMENT_MODE is %s; deliveries that were put aside as of the other mode and "
                "count for nothing: %d. If it was %s before, `tay webhooks replay --other-mode` "
                "handles them again; what is %s is put aside again",
                ours,
                found.waiting,
                other,
                other,
            )

    async def _run(self) -> None:
        failures, told = 0, False
        while not self._stopped:
            try:
                self._wake.clear()
                if not told:
                    await self.tell_of_other_mode()
                    told = True
                done = await self.work_off()
                if self._clock() >= self._upkeep_at:
                    await self.upkeep()
                failures, self.is_well = 0, True
            except SchemaMismatch:
                raise
            except StorageError as error:
                _log.warning("payments wait: %s", error)
                failures, done, self.is_well = failures + 1, 0, False
            except Exception:  # noqa: BLE001 - one that ended the worker would be found too late
                _log.exception("payments wait, for an error that nobody foresaw")
                failures, done, self.is_well = failures + 1, 0, False
            if not done:
                pause = self._backoff(failures) if failures else self._idle_seconds
                await wait_for(self._wake, pause)

    async def work_off(self) -> int:
        """Handle everything that is due now; how many deliveries that were.

        Raises:
            StorageError: the database does not answer.
        """
        total = 0
        while not self._stopped:
            done = await self._batch()
            total += done
            if done < BATCH:
                break
        return total

    async def _batch(self) -> int:
        now = self._clock()
        try:
            handled, failed = await self._database.write(handle, self._terms, now, BATCH)
        except StorageError as error:
            if error.is_retryable:
                raise
            return await self._one_by_one(now)
        except Exception:  # noqa: BLE001 - of one delivery, which must not stop those behind it
            _log.exception("a delivery is put off, for an error that nobody foresaw")
            return await self._one_by_one(now)
        self.counts.handled += handled
        self.counts.failed += failed
        return handled + failed

    async def _one_by_one(self, now: datetime) -> int:
        """Something in the batch is refused: find out what, and let the others pass."""
        for _ in range(BATCH):
            try:
                handled, failed = await self._database.write(handle, self._terms, now, 1)
            except StorageError as error:
                if error.is_retryable or isinstance(error, SchemaMismatch):
                    raise
                await self._database.write(self._put_off, now, str(error))
                handled, failed = 0, 1
            except Exception as error:  # noqa: BLE001 - the batch has logged it; this is its reason
                why = f"an error that nobody foresaw ({type(error).__name__})"
                await self._database.write(self._put_off, now, why)
                handled, failed = 0, 1
            self.counts.handled += handled
            self.counts.failed += failed
            if not handled + failed:
                break
        return 0

    def _put_off(self, transaction: Transaction, now: datetime, error: str) -> None:
        for row in sql.due(transaction, now, 1):
            attempts = row.attempts + 1
            pause = timedelta(seconds=self._backoff(attempts + 5))
            again = None if attempts >= MOST_ATTEMPTS else now + pause
            sql.set_failed(transaction, row.id, now, error, again)

    async def upkeep(self) -> None:
        """Look again at purchases whose mention may have come to the log; redact what is due.

        Raises:
            StorageError: the database does not answer.
        """
        now = self._clock()
        self._upkeep_at = now + timedelta(seconds=UPKEEP_SECONDS)
        rules = self._terms.rules
        keys = await self._database.read(awaited.named_now)
        for some in parts(await self._database.read(joinable, rules, now), BATCH):
            keys |= await self._database.read(would_change, some, rules, now)
        for some in parts(sorted(keys), BATCH):
            await self._database.write(reconsider, some, rules, now)
        until = now - self._terms.kept_for
        wordy = await self._database.read(sql.wordy, until, MOST_REDACTED)
        for ids in parts(wordy, BATCH):
            await self._database.write(sql.redact, ids, now)

    def _backoff(self, failures: int) -> float:
        return backoff(self._random, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, failures)


def handle(transaction: Transaction, terms: Terms, now: datetime, limit: int) -> tuple[int, int]:
    """Handle what is due, in one transaction; how many were handled, and how many given up.

    Purchases are locked before the deliveries: an erasing waits for them in the same order.
    """
    if not sql.is_due(transaction, now):
        return 0, 0
    lock(transaction)
    facts: list[Fact] = []
    unapplied: list[Any] = []
    handled = failed = 0
    for row in sql.due(transaction, now, limit):
        try:
            outcome, found = understood(row, terms)
        except PayloadError as error:
            _log.error("delivery %s of %s is given up: %s", row.id, row.provider, error)
            sql.set_failed(transaction, row.id, now, str(error), None)
            unapplied.append(row)
            failed += 1
            continue
        sql.set_handled(transaction, row.id, now, outcome)
        unapplied += [row] if outcome == sql.OTHER_MODE else []
        facts += found
        handled += 1
    forget_erased(transaction, unapplied, terms, now)
    settle(transaction, facts, terms.rules, now)
    return handled, failed
