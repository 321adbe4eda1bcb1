"""History, cool-down and outbox on Redis or Valkey, one server or a cluster.

A commit is one script: history, cool-down and the event that the drain brings into SQL change
together or not at all. When Redis does not take it, a turn that claims nothing goes into the spool
and is made up for later; a mention that needs a claim is refused, for nobody can say whether it is
too soon, and the engine then commits the turn without it.
"""

import asyncio
import logging
import secrets
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from datetime import datetime, timedelta
from uuid import UUID

from tay_middleware.domain import History, Suppression
from tay_middleware.errors import CallRefused, ConfigurationError, StorageError, StorageUnavailable
from tay_middleware.storage.base import LoggedTurn, TurnRecord, Verdict
from tay_middleware.storage.database import Database
from tay_middleware.storage.outbox.buckets import BUCKETS, keys_of
from tay_middleware.storage.outbox.checks import check
from tay_middleware.storage.outbox.link import Link, in_time, translated
from tay_middleware.storage.outbox.newest import newest
from tay_middleware.storage.outbox.pause_board import paused_key, read_board, standing
from tay_middleware.storage.outbox.places import Outbox
from tay_middleware.storage.outbox.wire import (
    Call,
    Limits,
    commit_call,
    late,
    read_history,
    read_verdict,
    recall_args,
    retract_call,
)
from tay_middleware.storage.spool import Spool

MEND_SECONDS = 0.25
"""Between two looks whether Redis is back, and between two goes at the spool."""

REFUSED_SECONDS = 10.0
"""Between two looks at a Redis that refuses us for good: a person has to change something."""

CHECK_SECONDS = 2.0
"""Longest look at a server at the start; it goes on in the background after that."""

REPLAY = 200
"""Spooled calls in one go."""

LATEST_SECONDS = 30.0
"""Longest wait for the newest turns, which no chat waits for."""

LEASE_SECONDS = 10.0
"""How long a process that works the spool off may be silent before another one takes over."""

_NO_TURN = UUID(int=0)

_log = logging.getLogger("tay_middleware")


class RedisStore:
    """A `TurnStore` on Redis; it lives on one event loop."""

    def __init__(
        self,
        link: Link,
        *,
        spool: Spool,
        database: Database,
        limits: Limits,
        mentions_seconds: float,
        secret_mark: str | None = None,
    ) -> None:
        """Make an unopened store.

        Args:
            link: the connection to Redis.
            spool: where calls wait while Redis is away.
            database: where the drain brings the log; only `latest` reads it.
            limits: turns of a user that `recall` returns, and events of a bucket that may wait.
            mentions_seconds: how far back `recall` returns mentions.
            secret_mark: by which the secret of user ids is known again; see `checks`.
        """
        self.link = link
        self._secret_mark = secret_mark
        self.spool = spool
        self._database = database
        self._limits = limits
        self._mentions_seconds = mentions_seconds
        self._checked = False
        self._layout_known = False
        self._said: str | None = None
        self._refusal: str | None = None
        self._mending: asyncio.Task[None] | None = None
        self._holder = secrets.token_hex(8)

    @classmethod
    def on(
        cls, outbox: Outbox, database_url: str, *, history_turns: int, mentions_seconds: float
    ) -> "RedisStore":
        """The store of an outbox and of the database that its events are on their way to.

        Raises:
            ConfigurationError: a URL is not understood.
        """
        return cls(
            Link(outbox.redis_url, call_seconds=outbox.call_seconds, prefix=outbox.prefix),
            spool=Spool(outbox.spool_path, most_bytes=outbox.spool_bytes),
            database=Database(database_url),
            limits=Limits(turns=history_turns, events=max(1, outbox.most_events // BUCKETS)),
            mentions_seconds=mentions_seconds,
            secret_mark=outbox.secret_mark,
        )

    async def open(self) -> None:
        """Check the server; one that does not answer is no reason not to open. See `TurnStore`.

        Raises:
            ConfigurationError: this Redis must not be used as it is. A store that is used all the
                same keeps decisions in the spool until it may be.
        """
        if self._checked or self._mending is not None:
            return
        try:
            await self._check()
        except StorageError as error:
            self._note(error)
            self.mend()
        except ConfigurationError:
            self.mend()
            raise
        else:
            if not self._layout_known or await self.spool.count():
                self.mend()

    async def recall(self, user_key: str, now: datetime) -> History:
        """What is known of a user; see `TurnStore`."""
        self._refuse_unchecked()
        keys = keys_of(user_key, _NO_TURN, self.link.prefix)
        since = now - timedelta(seconds=self._mentions_seconds)
        try:
            answer = await self.link.run(
                "recall", keys.bucket, keys.all()[:3], recall_args(self._limits.turns, since)
            )
        except StorageUnavailable:
            self.mend()
            raise
        return read_history(answer)

    async def commit(self, record: TurnRecord) -> Verdict:
        """Write one turn, claim included; see `TurnStore`."""
        call = commit_call(record, self._limits, self.link.prefix)
        try:
            verdict = read_verdict(await self.run(call))
            if verdict is None:
                raise StorageUnavailable("the outbox is full: is `tay drain` running?")
        except StorageError:
            if record.claim is not None:
                self.mend()
                raise
            await self._make_up_later(call)
            return Verdict(granted=True, addition=record.decision.addition)
        except asyncio.CancelledError:
            self._leave_behind(record, call)
            raise
        return verdict

    async def retract(self, record: TurnRecord) -> None:
        """Take a mention back that nobody saw; see `TurnStore`."""
        call = retract_call(record, self.link.prefix)
        try:
            await self.run(call)
        except StorageError:
            await self._make_up_later(call)
        except asyncio.CancelledError:
            self.spool.leave(call)
            self.mend()
            raise

    async def latest(self, limit: int) -> Sequence[LoggedTurn]:
        """The newest turns, those that are still in the outbox included; see `TurnStore`."""
        with translated("reading the outbox"):
            return await in_time(newest(self.link, self._database, limit), LATEST_SECONDS)

    async def paused(self, now: datetime, /) -> frozenset[str]:
        """What is paused; see `TurnStore`. What has run out is over, whoever tells so or not."""
        self._refuse_unchecked()
        key = paused_key(self.link.prefix)
        with translated("reading what is paused"):
            board = read_board(await in_time(self.link.client.get(key), CHECK_SECONDS))
        return standing(board, now)

    async def aclose(self) -> None:
        """Give back the connections; see `TurnStore`. What is spooled stays in its file."""
        async with AsyncExitStack() as closing:  # each, whatever becomes of the others
            closing.push_async_callback(self.link.aclose)
            closing.push_async_callback(self._database.aclose)
            closing.push_async_callback(self.spool.aclose)
            if self._mending is not None:
                self._mending.cancel()
                await asyncio.gather(self._mending, return_exceptions=True)
                self._mending = None

    async def replay(self) -> bool:
        """Run the oldest spooled calls; whether there may be more that can be run now."""
        if not await self.spool.lease(self._holder, LEASE_SECONDS):
            return False
        # A master may be away, or a bucket full: what waits for it must not hold up the rest.
        stuck = set(self.link.open_buckets) if self.link.is_cluster else set()
        while not self._is_cut_off():
            waiting = await self.spool.oldest(REPLAY, without=stuck)
            done, refused = [], {}
            for number, call in waiting:  # the order of one bucket's calls is kept
                try:
                    if call.bucket in stuck or not await self._made_up(call):
                        stuck.add(call.bucket)
                    else:
                        done.append(number)
                except CallRefused as error:
                    refused[number] = str(error)
            await self.spool.set_aside(refused)
            await self.spool.remove(done)
            if done or refused or not waiting:
                return bool(done or refused)
        return False

    async def run(self, call: Call) -> list[bytes]:
        """Run a script now, or not at all.

        Raises:
            StorageError: it was not run, as far as is known.
        """
        self._refuse_unchecked()
        answer: list[bytes] = await self.link.run(call.script, call.bucket, call.keys, call.args)
        return answer

    def mend(self) -> None:
        """Probe and replay in the background until all is well again; returns at once."""
        if self._mending is None or self._mending.done():
            self._mending = asyncio.get_running_loop().create_task(self._mend())

    # The parts.

    async def _check(self) -> None:
        self._layout_known = await check(
            self.link.client, CHECK_SECONDS, self.link.prefix, self._secret_mark
        )
        self._checked, self._refusal = True, None

    def _refuse_unchecked(self) -> None:
        if not self._checked:
            why = self._refusal or "Redis has not answered"
            raise StorageUnavailable(f"{why} since the start")

    def _note(self, error: StorageError) -> None:
        """Say once that Redis answers, and refuses us until a person mends it."""
        if isinstance(error, StorageUnavailable):
            self._refusal = None
            return
        self._refusal = str(error)
        self._say(error)

    def _say(self, error: Exception) -> None:
        if str(error) != self._said:
            self._said = str(error)
            _log.error("tay keeps decisions in the spool: %s", error)

    def _is_cut_off(self) -> bool:
        return not (self._checked and (self.link.is_cluster or not self.link.open_buckets))

    async def _make_up_later(self, call: Call) -> None:
        try:
            await self.spool.put(call)
        finally:  # a cancelled turn's call is on its way all the same
            self.mend()

    def _leave_behind(self, record: TurnRecord, call: Call) -> None:
        """A commit was cancelled, and may have run: what nobody waited for was not shown."""
        if record.decision.addition is None:
            self.spool.leave(call)
        else:
            denied, prefix = record.denied(Suppression.DEGRADED), self.link.prefix
            self.spool.leave(retract_call(record, prefix))
            self.spool.leave(commit_call(denied, self._limits, prefix))
        self.mend()

    async def _made_up(self, call: Call) -> bool:
        try:
            answer = await self.run(late(call))
        except CallRefused:
            raise
        except StorageError:
            return False
        return call.script != "commit" or read_verdict(answer) is not None

    async def _mend(self) -> None:
        while True:
            with suppress(StorageError):
                await self._mend_once()
                if not await self._is_ill():
                    return
            await asyncio.sleep(REFUSED_SECONDS if self._refusal else MEND_SECONDS)

    async def _mend_once(self) -> None:
        if not (self._checked and self._layout_known):
            try:
                await self._check()
            except ConfigurationError as error:
                self._checked, self._refusal = False, None
                self._say(error)
                return
            except StorageError as error:
                self._note(error)
                return
        for bucket in self.link.open_buckets:
            await self.link.probe(bucket)
        while await self.replay():
            pass

    async def _is_ill(self) -> bool:
        is_known = self._checked and self._layout_known
        owes = await self.spool.count() or self.spool.has_run
        return bool(not is_known or self.link.open_buckets or owes)
