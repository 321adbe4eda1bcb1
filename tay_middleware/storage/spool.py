"""A local file for what Redis cannot take now: runs of scripts that are made up for later.

What is spooled is not an event but the whole call, so that history and profile are made up for as
well; a call that had been run after all is known by its turn and changes nothing.

When the file cannot be written either (a full disk), calls wait in memory, a bounded number of
them: those, and only those, die with the process, and so are worked off first. What was run and
cannot be taken out of the file is remembered, so that it holds up nothing. Several processes share
one file; a lease lets one of them at a time work it off.
"""

import json
import logging
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count, islice
from pathlib import Path
from queue import Empty, SimpleQueue

from tay_middleware.errors import StorageUnavailable
from tay_middleware.storage.wire import Call
from tay_middleware.storage.workers import Workers

MOST_HELD = 50_000
"""Calls that wait in memory when the file cannot be written: some 100 MB."""

BUSY_SECONDS = 2.0
"""Longest wait for another process that writes the file."""

RETRY_SECONDS = 1.0
"""How long a file that could not be written is left alone: a full disk must not cost the chat's CPU
for every turn."""

CHUNK = 500
"""Calls in one transaction: what did not fit into the file is not made ready all over again."""

_log = logging.getLogger("tay_middleware")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    bucket INTEGER NOT NULL,
    user_key TEXT,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_calls_user_key ON calls (user_key);
CREATE TABLE IF NOT EXISTS lease (one INTEGER PRIMARY KEY CHECK (one = 1), holder TEXT, until REAL);
"""

Spooled = tuple[int, Call]
"""A call and its number; those in memory have numbers below zero."""


class Spool:
    """Calls in the order in which they were put; it lives on one event loop."""

    def __init__(
        self,
        path: Path,
        *,
        most_bytes: int = 1 << 30,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Make an unopened spool.

        Args:
            path: the file; it and its directory are made at the first call.
            most_bytes: how large the file may grow.
            clock: seconds, the same for all processes of the machine.
        """
        self._path = path
        self._most_bytes = most_bytes
        self._clock = clock
        self._worker = Workers(1, "tay-spool")
        self._connection: sqlite3.Connection | None = None
        self._coming: SimpleQueue[Call] = SimpleQueue()
        self._held: deque[Spooled] = deque()
        self._failed_at: float | None = None
        self._numbers = count(-1, -1)  # never given twice: `remove` must not meet a later call
        self._run: set[int] = set()
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
        if len(self._held) >= MOST_HELD:
            raise StorageUnavailable("the spool is full, on disk and in memory")
        self._coming.put(call)
        await self._worker.run(self._write)

    def leave(self, call: Call) -> None:
        """Keep a call without waiting: it is written with the next one, or at the close."""
        self._coming.put(call)

    @property
    def has_run(self) -> bool:
        """Whether calls that have been run still stand in the file: it cannot be written."""
        return bool(self._run)

    async def oldest(self, most: int, without: Collection[int] = ()) -> list[Spooled]:
        """At most so many calls, those of some buckets left out.

        First those in memory, then those of the file, each oldest first; of a file that could not
        be leased, none.
        """
        return await self._worker.run(self._oldest, most, without)

    async def remove(self, numbers: Sequence[int]) -> None:
        """Forget calls that have been run, in the file as soon as it can be written."""
        await self._worker.run(self._remove, numbers)

    async def count(self) -> int:
        """How many calls wait; 0 where the file cannot be read and nothing is held."""
        return await self._worker.run(self._count)

    async def lease(self, holder: str, seconds: float) -> bool:
        """Whether `holder` alone may work the file off for `seconds` from now."""
        return await self._worker.run(self._lease, holder, seconds)

    async def of_user(self, user_key: str) -> list[Call]:
        """The calls of one user.

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
                    connection.executemany(
                        "INSERT INTO calls (bucket, user_key, body) VALUES (?, ?, ?)",
                        [(call.bucket, call.user_key, _to_text(call)) for _, call in some],
                    )
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
            rows = self._open().execute(
                "SELECT id, body FROM calls WHERE bucket NOT IN (SELECT value FROM json_each(?)) "
                "AND id NOT IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT ?",
                (json.dumps(list(without)), json.dumps(list(self._run)), most - len(found)),
            )
            return found + [(number, _from_text(body)) for number, body in rows]
        except (sqlite3.Error, OSError):
            return found

    def _remove(self, numbers: Sequence[int]) -> None:
        done = set(numbers)
        self._held = deque(one for one in self._held if one[0] not in done)
        self._run |= {number for number in done if number > 0}
        self._take_out_run()

    def _take_out_run(self) -> None:
        if not self._run:
            return
        try:
            with self._transaction() as connection:
                run = [(number,) for number in self._run]
                connection.executemany("DELETE FROM calls WHERE id = ?", run)
        except (sqlite3.Error, OSError):
            return
        self._run.clear()

    def _count(self) -> int:
        try:
            count = self._open().execute("SELECT count(*) FROM calls").fetchone()[0]
        except (sqlite3.Error, OSError):
            count = 0
        return max(0, int(count) - len(self._run)) + len(self._held) + self._coming.qsize()

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
        mine = [call for _, call in self._held if call.user_key == user_key]
        if self._connection is None and not self._path.exists():
            return mine
        try:
            rows = self._open().execute(
                "SELECT body FROM calls WHERE user_key = ? ORDER BY id", (user_key,)
            )
            return [_from_text(body) for (body,) in rows] + mine
        except (sqlite3.Error, OSError) as error:
            raise StorageUnavailable("the spool cannot be read") from error

    def _erase(self, user_key: str) -> int:
        kept = deque(one for one in self._held if one[1].user_key != user_key)
        erased, self._held = len(self._held) - len(kept), kept
        if self._connection is None and not self._path.exists():
            return erased
        try:
            with self._transaction() as connection:
                done = connection.execute("DELETE FROM calls WHERE user_key = ?", (user_key,))
        except (sqlite3.Error, OSError) as error:
            raise StorageUnavailable("the spool cannot be written") from error
        return erased + done.rowcount

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
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=NORMAL")
                page = connection.execute("PRAGMA page_size").fetchone()[0]
                connection.execute(f"PRAGMA max_page_count={max(8, self._most_bytes // page)}")
                connection.executescript(_SCHEMA)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
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


def _to_text(call: Call) -> str:
    return json.dumps([call.script, call.bucket, call.keys, call.args], separators=(",", ":"))


def _from_text(body: str) -> Call:
    script, bucket, keys, args = json.loads(body)
    user_key = keys[0].rpartition(":")[2] or None
    return Call(script, bucket, tuple(keys), tuple(args), user_key)
