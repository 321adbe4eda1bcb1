"""A local file for what Redis cannot take now: runs of scripts that are made up for later.

What is spooled is not an event but the whole call, so that history and profile are made up for as
well; a call that had been run after all is known by its turn and changes nothing.

When the file cannot be written either (a full disk), calls wait in memory, a bounded number of
them: those, and only those, die with the process, and so are worked off first. What was run and
cannot be taken out of the file is remembered, so that it holds up nothing. Several processes share
one file; a lease lets one of them at a time work it off. What Redis refuses for good is put aside
in the file, so that it holds up nothing either, and whoever runs this is told.
"""

import logging
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from queue import Empty, SimpleQueue

from tay_middleware.errors import StorageUnavailable
from tay_middleware.storage.connection.workers import Workers
from tay_middleware.storage.outbox import spool_file
from tay_middleware.storage.outbox.wire import Call

MOST_HELD = 50_000
"""Calls that wait in memory when the file cannot be written: some 100 MB."""

RETRY_SECONDS = 1.0
"""How long a file that could not be written is left alone: a full disk must not cost the chat's CPU
for every turn."""

CHUNK = 500
"""Calls in one transaction: what did not fit into the file is not made ready all over again."""

_log = logging.getLogger("tay_middleware")

Spooled = tuple[int, Call]
"""A call and its number; those in memory have numbers below zero."""


@dataclass(frozen=True, slots=True)
class Owed:
    """What waits in a spool, the age of the oldest call in its file, and what was put aside.

    The age is in seconds, 0.0 where nothing waits.
    """

    calls: int
    oldest_seconds: float
    refused: int


class Spool:
    """Calls in the order in which they were put; it lives on one event loop."""

    def __init__(
        self,
        path: Path,
        *,
        most_bytes: int = 1 << 30,
        most_held: int = MOST_HELD,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Make an unopened spool.

        Args:
            path: the file; it and its directory are made at the first call.
            most_bytes: how large the file may grow.
            most_held: calls that wait in memory when the file cannot be written.
            clock: seconds, the same for all processes of the machine.
        """
        self._path = path
        self._most_bytes = most_bytes
        self._most_held = most_held
        self._clock = clock
        self._worker = Workers(1, "tay-spool")
        self._connection: sqlite3.Connection | None = None
        self._coming: SimpleQueue[Call] = SimpleQueue()
        self._held: deque[Spooled] = deque()
        self._failed_at: float | None = None
        self._numbers = count(-1, -1)  # never given twice: `remove` must not meet a later call
        self._run: set[int] = set()
        self._aside: dict[int, str] = {}
        self._aside_held: dict[Call, str] = {}
        self._holder: str | None = None
        self._file_is_ours = True

    @property
    def held(self) -> int:
        """Calls in memory, because the file cannot be written."""
        return len(self._held)

    async def put(self, call: Call) -> None:
        """Keep a call. Many at once share a transaction.

        Raises:
            StorageUnavailable: neither file nor memory take any more.
        """
        if len(self._held) >= self._most_held:
            raise StorageUnavailable("the spool is full, on disk and in memory")
        self._coming.put(call)
        await self._worker.run(self._write)

    def leave(self, call: Call) -> None:
        """Keep a call without waiting: it is written with the next one, or at the close."""
        self._coming.put(call)

    @property
    def has_run(self) -> bool:
        """Whether calls that are done with are still to be taken out of the file or put aside."""
        return bool(self._run or self._aside or self._aside_held)

    async def oldest(self, most: int, without: Collection[int] = ()) -> list[Spooled]:
        """At most so many calls, those of some buckets left out.

        First those in memory, then those of the file, each oldest first; of a file that could not
        be leased, none.
        """
        return await self._worker.run(self._oldest, most, without)

    async def remove(self, numbers: Sequence[int]) -> None:
        """Forget calls that have been run, in the file as soon as it can be written."""
        await self._worker.run(self._remove, numbers)

    async def set_aside(self, refused: Mapping[int, str]) -> None:
        """Put calls that can never be run out of the way, each with the reason."""
        if refused:
            await self._worker.run(self._set_aside, refused)

    async def owed(self) -> Owed:
        """What is owed; nothing of a file that cannot be read."""
        return await self._worker.run(self._owed)

    async def count(self) -> int:
        """How many calls wait; 0 where the file cannot be read and nothing is held."""
        return await self._worker.run(self._count)

    async def lease(self, holder: str, seconds: float) -> bool:
        """Whether `holder` alone may work the file off for `seconds` from now."""
        return await self._worker.run(self._lease, holder, seconds)

    async def of_user(self, user_key: str) -> list[Call]:
        """The calls of one user, those that were put aside among them.

        Raises:
            StorageUnavailable: the file cannot be read.
        """
        return await self._worker.run(self._of_user, user_key)

    async def erase(self, user_key: str) -> int:
        """Forget the calls of one user; how many there were.

        Raises:
            StorageUnavailable: the file cannot be written; what was in memory is forgotten.
        """
        return await self._worker.run(self._erase, user_key)

    async def aclose(self) -> None:
        """Write what is still in memory, if it can be, and close the file. Idempotent.

        What is lost because the file cannot be written is counted in the log.
        """
        if self._held or not self._coming.empty():
            await self._worker.run(self._write_last)
        await self._worker.run(self._close)
        await self._worker.close()

    # On the spool's own thread, from here on.

    def _write(self) -> None:
        self._take()
        failed_at = self._failed_at
        if self._held and (failed_at is None or abs(self._clock() - failed_at) >= RETRY_SECONDS):
            self._write_held()

    def _write_last(self) -> None:
        self._take()
        self._write_held()
        if self._held:
            _log.error(
                "%d decisions are lost: the spool %s cannot be written",
                len(self._held),
                self._path,
            )

    def _take(self) -> None:
        self._held.extend(zip(self._numbers, _taken(self._coming), strict=False))

    def _write_held(self) -> None:
        try:
            while self._held:
                some = list(islice(self._held, CHUNK))
                with self._transaction() as connection:
                    spool_file.put(connection, [call for _, call in some], self._clock())
                for _ in some:
                    self._held.popleft()
        except (sqlite3.Error, OSError) as error:
            if self._failed_at is None:
                _log.warning(
                    "the spool %s cannot be written (%s): decisions wait in memory",
                    self._path,
                    type(error).__name__,
                )
            self._failed_at = self._clock()
        else:
            self._failed_at = None

    def _oldest(self, most: int, without: Collection[int]) -> list[Spooled]:
        self._write()
        found = [one for one in self._held if one[1].bucket not in without][:most]
        if not self._file_is_ours:
            return found
        try:
            while True:
                rows = spool_file.oldest(
                    self._open(), most - len(found), buckets=without, ids={*self._run, *self._aside}
                )
                unreadable = {number: "it cannot be read" for number, call in rows if call is None}
                if not unreadable:
                    return found + [(number, call) for number, call in rows if call is not None]
                self._set_aside(unreadable)
        except (sqlite3.Error, OSError):
            return found

    def _remove(self, numbers: Sequence[int]) -> None:
        done = set(numbers)
        self._held = deque(one for one in self._held if one[0] not in done)
        self._run |= {number for number in done if number > 0}
        self._take_out_run()

    def _set_aside(self, refused: Mapping[int, str]) -> None:
        _log.error(
            "%d spooled calls are put aside in %s: %s",
            len(refused),
            self._path,
            "; ".join(sorted(set(refused.values()))),
        )
        held = {number: call for number, call in self._held if number in refused}
        self._held = deque(one for one in self._held if one[0] not in refused)
        self._aside_held |= {call: refused[number] for number, call in held.items()}
        self._aside |= {number: why for number, why in refused.items() if number not in held}
        self._take_out_run()

    def _take_out_run(self) -> None:
        if not self.has_run:
            return
        try:
            with self._transaction() as connection:
                run = [(number,) for number in self._run]
                connection.executemany("DELETE FROM calls WHERE id = ?", run)
                spool_file.set_aside(connection, self._aside, self._aside_held)
        except (sqlite3.Error, OSError):
            return
        for done in (self._run, self._aside, self._aside_held):
            done.clear()

    def _count(self) -> int:
        return self._owed().calls

    def _owed(self) -> Owed:
        held = len(self._held) + self._coming.qsize()
        here = len(self._aside) + len(self._aside_held)
        try:
            in_file, first, refused = spool_file.owed(self._open())
        except (sqlite3.Error, OSError):
            return Owed(held, 0.0, here)
        calls = max(0, in_file - len(self._run) - len(self._aside))
        age = 0.0 if first is None or not calls else max(0.0, self._clock() - first)
        return Owed(calls + held, age, refused + here)

    def _lease(self, holder: str, seconds: float) -> bool:
        now = self._clock()
        try:
            with self._transaction() as connection:
                connection.execute(
                    "INSERT INTO lease VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET "
                    "holder = excluded.holder, until = excluded.until "
                    # Nobody takes a lease for longer: the clock was set back since.
                    "WHERE lease.holder = excluded.holder OR lease.until < ? OR lease.until > ?",
                    (holder, now + seconds, now, now + seconds),
                )
                held_by = connection.execute("SELECT holder FROM lease").fetchone()[0]
        except (sqlite3.Error, OSError):
            # A file that cannot be written cannot be worked off; what is in memory is ours alone.
            self._file_is_ours = False
            return bool(self._held)
        self._holder = holder
        self._file_is_ours = bool(held_by == holder)
        return self._file_is_ours

    def _of_user(self, user_key: str) -> list[Call]:
        held = [*(call for _, call in self._held), *self._aside_held]
        mine = [call for call in held if call.user_key == user_key]
        if self._connection is None and not self._path.exists():
            return mine
        try:
            return spool_file.of_user(self._open(), user_key) + mine
        except (sqlite3.Error, OSError) as error:
            raise StorageUnavailable("the spool cannot be read") from error

    def _erase(self, user_key: str) -> int:
        kept = deque(one for one in self._held if one[1].user_key != user_key)
        erased, self._held = len(self._held) - len(kept), kept
        aside = {one: why for one, why in self._aside_held.items() if one.user_key != user_key}
        erased, self._aside_held = erased + len(self._aside_held) - len(aside), aside
        if self._connection is None and not self._path.exists():
            return erased
        try:
            with self._transaction() as connection:
                done = spool_file.erase(connection, user_key)
        except (sqlite3.Error, OSError) as error:
            raise StorageUnavailable("the spool cannot be written") from error
        return erased + done

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._open()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = spool_file.connected(self._path, self._most_bytes)
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._take_out_run()
            with suppress(sqlite3.Error, OSError), self._transaction() as connection:
                connection.execute("DELETE FROM lease WHERE holder = ?", (self._holder,))
            self._connection.close()
            self._connection = None


def _taken(queue: SimpleQueue[Call]) -> Iterator[Call]:
    while True:
        try:
            yield queue.get_nowait()
        except Empty:
            return
