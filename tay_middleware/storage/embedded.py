"""History, cool-down and log in one SQLite file: no server, one transaction a turn.

History is read from the log itself, so there is no second truth that could disagree with it.
Writers of one process queue at a lock, so that a process is one contender for the file's write
lock; several processes share the file. A store lives on one event loop.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import bindparam, delete, desc, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import URL
from sqlalchemy.event import listen
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from tay_middleware.domain import History, Kind, PastTurn, Reason, ReplyStatus, Suppression
from tay_middleware.storage.base import Claim, LoggedTurn, TurnRecord, Verdict
from tay_middleware.storage.failures import translated
from tay_middleware.storage.location import read_url
from tay_middleware.storage.schema import upgrade
from tay_middleware.storage.sql import (
    escalation_logs,
    escalation_row,
    logged_turn,
    question_logs,
    question_row,
    to_json,
    user_profiles,
)

T = TypeVar("T")

BUSY_SECONDS = 5.0
"""Longest wait for another process that holds the write lock; the chat does not wait for it."""

CONNECTIONS = 5
"""Each is a thread; more readers than this gain nothing on one file."""

MENTIONS_SECONDS = 8 * 86400.0
"""How far back mentions are recalled by default: a day more than the longest default cap."""

_RECENT = (
    select(
        question_logs.c.turn_id,
        question_logs.c.created_at,
        question_logs.c.session_id,
        question_logs.c.topic,
        question_logs.c.kind,
        question_logs.c.offer,
        question_logs.c.reason,
        question_logs.c.gates,
    )
    .where(question_logs.c.user_key == bindparam("user_key"))
    .order_by(desc(question_logs.c.id))
    .limit(bindparam("most"))
)
_MENTIONS = (
    select(question_logs.c.created_at)
    .where(
        question_logs.c.user_key == bindparam("user_key"),
        question_logs.c.shown,
        question_logs.c.created_at > bindparam("since"),
    )
    .order_by(question_logs.c.created_at)
)
_PROFILE = select(user_profiles).where(user_profiles.c.user_key == bindparam("user_key"))
_EARLIER = select(question_logs.c.id, question_logs.c.status, question_logs.c.addition).where(
    question_logs.c.turn_id == bindparam("turn_id")
)
_LAST_IN_SESSION = (
    select(question_logs.c.answered_at)
    .where(
        question_logs.c.user_key == bindparam("user_key"),
        question_logs.c.session_id.is_not_distinct_from(bindparam("session_id")),
        question_logs.c.shown,
    )
    .order_by(desc(question_logs.c.answered_at))
    .limit(1)
)
_ASKED_SINCE = select(func.count()).where(
    question_logs.c.user_key == bindparam("user_key"),
    question_logs.c.session_id.is_not_distinct_from(bindparam("session_id")),
    question_logs.c.created_at > bindparam("since"),
    question_logs.c.created_at <= bindparam("until"),
)
_SHOWN_SINCE = select(func.count()).where(
    question_logs.c.user_key == bindparam("user_key"),
    question_logs.c.shown,
    question_logs.c.created_at > bindparam("since"),
)
_LATEST = select(question_logs).order_by(desc(question_logs.c.id)).limit(bindparam("most"))


class EmbeddedStore:
    """A `TurnStore` on one SQLite file; the file migrates itself when the store opens."""

    def __init__(
        self,
        url: str,
        *,
        history_turns: int,
        mentions_seconds: float = MENTIONS_SECONDS,
        busy_seconds: float = BUSY_SECONDS,
    ) -> None:
        """Make an unopened store.

        Args:
            url: `sqlite+aiosqlite:///…`.
            history_turns: turns of a user that `recall` returns.
            mentions_seconds: how far back `recall` returns mentions.
            busy_seconds: longest wait for another writer.

        Raises:
            ConfigurationError: the URL is not of a SQLite file.
        """
        self._url = url
        self._history_turns = history_turns
        self._mentions_seconds = mentions_seconds
        self._engine = _engine(read_url(url), busy_seconds)
        self._writing = asyncio.Lock()
        self._under_way: set[asyncio.Task[Any]] = set()
        self._opened = False

    async def open(self) -> None:
        """Create or migrate the file; see `TurnStore`."""
        if not self._opened:
            await asyncio.to_thread(upgrade, self._url)
            self._opened = True

    async def recall(self, user_key: str, now: datetime) -> History:
        """What is known of a user; see `TurnStore`."""
        return await self._whole(self._recall(user_key, now))

    async def commit(self, record: TurnRecord) -> Verdict:
        """Write one turn, claim included; see `TurnStore`."""
        return await self._whole(self._commit(record))

    async def retract(self, turn_id: UUID) -> None:
        """Take a mention back that nobody saw; see `TurnStore`."""
        await self._whole(self._retract(turn_id))

    async def latest(self, limit: int) -> Sequence[LoggedTurn]:
        """The newest turns; see `TurnStore`."""
        with translated("reading the log"):
            async with self._engine.connect() as connection:
                rows = await connection.execute(_LATEST, {"most": limit})
                return [logged_turn(row) for row in rows]

    async def aclose(self) -> None:
        """Finish what is under way and close the file; see `TurnStore`."""
        if self._under_way:
            await asyncio.wait(set(self._under_way))
        await self._engine.dispose()

    async def _whole(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` to its end even if the caller is cancelled: no transaction is left open."""
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            # Looked at, so that a failure after its caller has left is not reported as unnoticed.
            task.exception()

    async def _recall(self, user_key: str, now: datetime) -> History:
        since = now - timedelta(seconds=self._mentions_seconds)
        with translated("recalling history"):
            async with self._engine.connect() as connection:
                recent = await connection.execute(
                    _RECENT, {"user_key": user_key, "most": self._history_turns}
                )
                mentions = await connection.execute(
                    _MENTIONS, {"user_key": user_key, "since": since}
                )
                profile = await connection.execute(_PROFILE, {"user_key": user_key})
                return _history(recent.all(), mentions.scalars().all(), profile.first())

    async def _commit(self, record: TurnRecord) -> Verdict:
        with translated("committing a turn"):
            async with self._writing, self._engine.begin() as connection:
                await connection.exec_driver_sql("BEGIN IMMEDIATE")
                found = await connection.execute(_EARLIER, {"turn_id": record.turn.turn_id})
                earlier = found.first()
                if earlier is not None and not _replaces(record, earlier):
                    return Verdict(earlier.addition is not None, True, earlier.addition)
                if earlier is not None:
                    await _remove(connection, earlier.id)
                granted = await _claimed(connection, record)
                await _write(connection, record if granted else record.denied(Suppression.COOLDOWN))
                return Verdict(granted, addition=record.decision.addition if granted else None)

    async def _retract(self, turn_id: UUID) -> None:
        with translated("retracting a mention"):
            async with self._writing, self._engine.begin() as connection:
                await connection.exec_driver_sql("BEGIN IMMEDIATE")
                found = await connection.execute(_EARLIER, {"turn_id": turn_id})
                earlier = found.first()
                if earlier is None or earlier.addition is None:
                    return
                await connection.execute(
                    delete(escalation_logs).where(escalation_logs.c.id == earlier.id)
                )
                await connection.execute(
                    update(question_logs)
                    .where(question_logs.c.id == earlier.id)
                    .values(
                        shown=False,
                        kind=Kind.NONE.value,
                        suppressed=Suppression.DEGRADED.value,
                        addition=None,
                        arm=None,
                    )
                )


def _engine(url: URL, busy_seconds: float) -> AsyncEngine:
    """An engine whose connections begin transactions only when they are told to.

    The driver's own habit of beginning one before the first write would make it DEFERRED: two
    processes could then both read a free cool-down before either writes.
    """
    engine = create_async_engine(
        url,
        pool_size=CONNECTIONS,
        max_overflow=0,
        json_serializer=to_json,
        connect_args={"timeout": busy_seconds, "isolation_level": None},
    )

    def prepare(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.close()

    listen(engine.sync_engine, "connect", prepare)
    return engine


def _replaces(record: TurnRecord, earlier: Any) -> bool:
    """Whether this is the retry that worked of a turn that had failed."""
    return record.status is ReplyStatus.REPLIED and earlier.status != ReplyStatus.REPLIED.value


async def _claimed(connection: AsyncConnection, record: TurnRecord) -> bool:
    claim, turn = record.claim, record.turn
    if claim is None or turn.user_key is None:
        return True
    if await _too_soon(connection, record, claim):
        return False
    for cap in claim.caps:
        since = turn.asked_at - timedelta(seconds=cap.seconds)
        shown = await connection.execute(_SHOWN_SINCE, {"user_key": turn.user_key, "since": since})
        if shown.scalar_one() >= cap.most:
            return False
    return True


async def _too_soon(connection: AsyncConnection, record: TurnRecord, claim: Claim) -> bool:
    """Whether too few turns of the session were asked since its last mention was answered.

    Turns that were under way when the mention was made were asked before it and do not count: else
    the fifth of many turns at once would be granted a second mention.
    """
    who = {"user_key": record.turn.user_key, "session_id": record.turn.session_id}
    last = (await connection.execute(_LAST_IN_SESSION, who)).scalar()
    if last is None:
        return False
    span = {**who, "since": last, "until": record.turn.asked_at}
    asked = (await connection.execute(_ASKED_SINCE, span)).scalar_one()
    return bool(asked < claim.session_turns)


async def _remove(connection: AsyncConnection, row_id: UUID) -> None:
    await connection.execute(delete(escalation_logs).where(escalation_logs.c.id == row_id))
    await connection.execute(delete(question_logs).where(question_logs.c.id == row_id))


async def _write(connection: AsyncConnection, record: TurnRecord) -> None:
    row = question_row(record)
    await connection.execute(insert(question_logs), row)
    if record.decision.shown:
        await connection.execute(insert(escalation_logs), escalation_row(row))
    if record.turn.user_key is not None:
        await _note_profile(connection, record)


async def _note_profile(connection: AsyncConnection, record: TurnRecord) -> None:
    turn, at = record.turn, record.turn.asked_at
    changes: dict[str, Any] = {}
    if record.declines:
        changes |= {"declined_at": at, "declined_session": turn.session_id}
    if record.opts_out:
        changes["opted_out_at"] = at
    if record.opts_in:
        changes |= {"declined_at": None, "declined_session": None, "opted_out_at": None}
    statement = insert(user_profiles).values(
        user_key=turn.user_key, first_seen=at, last_seen=at, **changes
    )
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["user_key"],
            set_={
                "last_seen": func.max(user_profiles.c.last_seen, statement.excluded.last_seen),
                **changes,
            },
        )
    )


def _history(recent: Sequence[Any], mentions: Sequence[datetime], profile: Any) -> History:
    turns = tuple(
        PastTurn(
            turn_id=row.turn_id,
            at=row.created_at,
            session_id=row.session_id,
            topic=row.topic,
            kind=Kind(row.kind),
            offer=row.offer,
            reason=Reason(row.reason) if row.reason else None,
            gates=tuple(row.gates),
        )
        for row in reversed(recent)
    )
    if profile is None:
        return History(turns=turns, mentions=tuple(mentions))
    return History(
        first_seen=profile.first_seen,
        last_seen=profile.last_seen,
        turns=turns,
        mentions=tuple(mentions),
        declined_at=profile.declined_at,
        declined_session=profile.declined_session,
        opted_out_at=profile.opted_out_at,
    )
