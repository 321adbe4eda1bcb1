"""History, cool-down and log in one SQLite file: no server, one transaction a turn.

History is read from the log itself, so there is no second truth that could disagree with it. Where
a later version of the package has made the file its own, turns wait beside it (see `waiting`).

A call runs whole on a thread of the store: handing each statement to the driver's own thread and
back costs five times as much, and holds up the chat's event loop meanwhile. One of the threads
writes, so that a process is one contender for the file's write lock; several processes share the
file. A store lives on one event loop.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Connection, delete, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import URL

from tay_middleware.domain import History, ReplyStatus, Suppression
from tay_middleware.errors import ConfigurationError, SchemaTooNew, StorageError
from tay_middleware.storage.base import Claim, LoggedTurn, TurnRecord, Verdict
from tay_middleware.storage.connection.failures import translated
from tay_middleware.storage.connection.location import EMBEDDED, file_of, is_file, read_url
from tay_middleware.storage.connection.workers import Workers
from tay_middleware.storage.database import BUSY_SECONDS, READERS, file_engine
from tay_middleware.storage.desk.pauses import paused_names
from tay_middleware.storage.ledger import was_erased
from tay_middleware.storage.outbox.waiting import Waiting, make_up
from tay_middleware.storage.schema import upgrade
from tay_middleware.storage.sql import (
    escalation_logs,
    escalation_row,
    logged_turn,
    past_turn,
    question_logs,
    question_row,
)
from tay_middleware.storage.turns import exposures, figures, profiles
from tay_middleware.storage.turns.said import said_in
from tay_middleware.storage.turns.spacing import turns_passed
from tay_middleware.storage.turns.statements import (
    EARLIER,
    LAST_IN_SESSION,
    LATEST,
    MENTIONS,
    MENTIONS_SINCE,
    NOT_SHOWN,
    PROFILE,
    RECENT,
    ROW,
    SPANS,
)
from tay_middleware.storage.turns.told import Told
from tay_middleware.storage.versions import check_may_write
from tay_middleware.visits import visit_began

MENTIONS_SECONDS = 8 * 86400.0
"""How far back mentions are recalled by default: a day more than the longest default cap."""

T = TypeVar("T")
R = TypeVar("R")

_log = logging.getLogger("tay_middleware")


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
        self._engine = file_engine(_file_url(url), busy_seconds)
        self._waiting = Waiting(file_of(_file_url(url)))
        self._too_new: str | None = None
        self._reading = Workers(READERS, "tay-recall")
        self._writing = Workers(1, "tay-commit")
        self._told = Told()
        self._opened = False

    async def open(self) -> None:
        """Create or migrate the file; see `TurnStore`."""
        if not self._opened:
            await self._writing.run(self._open)
            self._opened = True

    async def recall(self, user_key: str, now: datetime) -> History:
        """What is known of a user; see `TurnStore`."""
        return await self._reading.run(self._recall, user_key, now)

    async def commit(self, record: TurnRecord) -> Verdict:
        """Write one turn, claim included; see `TurnStore`."""
        unseen = None if record.decision.addition is None else partial(self._unseen, record)
        return await self._writing.run(self._committed, record, if_cancelled=unseen)

    async def retract(self, record: TurnRecord) -> None:
        """Take a mention back that nobody saw; see `TurnStore`."""
        again = partial(self._retracted, record)
        await self._writing.run(self._retracted, record, if_cancelled=again)

    async def latest(self, limit: int) -> Sequence[LoggedTurn]:
        """The newest turns; see `TurnStore`."""
        return await self._reading.run(self._latest, limit)

    async def paused(self, now: datetime, /) -> frozenset[str]:
        """What is paused; see `TurnStore`. No turn waits for it: it looks at the schema too."""
        await self._reading.run(self._look)
        while await self._writing.run(self._make_up):
            pass  # turns that are committed meanwhile come in between
        return await self._reading.run(self._paused, now)

    async def aclose(self) -> None:
        """Finish what is under way and close the file; see `TurnStore`."""
        await self._writing.close()
        await self._reading.close()
        self._engine.dispose()

    def _open(self) -> None:
        try:
            upgrade(self._url)
        except SchemaTooNew as error:
            self._say(error)
        else:
            self._make_up()

    def _look(self) -> None:
        """Whether the file is still ours to write."""
        try:
            with translated("reading the schema version"), self._engine.connect() as connection:
                check_may_write(connection)
        except SchemaTooNew as error:
            self._say(error)
        else:
            self._too_new = None

    def _say(self, error: SchemaTooNew) -> None:
        if self._too_new is None:
            _log.error("tay mentions nothing, and keeps turns in %s: %s", self._waiting.path, error)
        self._too_new = str(error)

    def _make_up(self) -> bool:
        """Write some of what older versions have kept aside; whether there may be more.

        Where that fails all else goes on.
        """
        try:
            some = self._waiting.oldest() if self._too_new is None else ()
            if some:
                with translated("writing"), self._engine.begin() as connection:
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                    refused = make_up(connection, some, datetime.now(UTC))
                self._waiting.done(some, refused)
        except StorageError as error:
            _log.warning("turns that were kept aside are made up for later: %s", error)
            return False
        return bool(some)

    def _attempt(self, write: Callable[[T], R], what: T) -> R:
        """Write, unless a later version has made the file its own: then the answer is its refusal.

        Raises:
            SchemaTooNew: that is so.
            StorageError: as `write`.
        """
        if self._too_new is not None:
            raise SchemaTooNew(self._too_new)
        try:
            return write(what)
        except StorageError as error:
            if not error.is_retryable:
                self._look()
            if self._too_new is not None:
                raise SchemaTooNew(self._too_new) from error
            raise

    def _committed(self, record: TurnRecord) -> Verdict:
        try:
            return self._attempt(self._commit, record)
        except SchemaTooNew:
            if record.claim is not None:
                raise
        self._waiting.put_turn(record)
        return Verdict(granted=True, addition=record.decision.addition)

    def _unseen(self, record: TurnRecord) -> None:
        """Whoever committed it has given up: shown or not at all, it was shown to nobody."""
        denied = record.denied(Suppression.DEGRADED)
        try:
            self._retracted(record)
        except StorageError:  # where it was not committed at all, nothing had to be taken back
            if self._committed(denied).addition is not None:
                raise
        else:
            self._committed(denied)

    def _retracted(self, record: TurnRecord) -> None:
        try:
            self._attempt(self._retract, record)
        except SchemaTooNew:
            self._waiting.put_retraction(record)

    def _recall(self, user_key: str, now: datetime) -> History:
        if self._too_new is not None:
            raise SchemaTooNew(self._too_new)
        who = {"user_key": user_key}
        since = now - timedelta(seconds=self._mentions_seconds)
        with translated("recalling history"), self._engine.connect() as connection:
            recent = connection.execute(RECENT, {**who, "most": self._history_turns}).all()
            mentions = connection.execute(MENTIONS, {**who, "since": since}).scalars().all()
            return _history(recent, mentions, connection.execute(PROFILE, who).first())

    def _commit(self, record: TurnRecord) -> Verdict:
        with translated("committing a turn"), self._engine.begin() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            earlier = connection.execute(EARLIER, {"turn_id": record.turn.turn_id}).first()
            if earlier is not None and not _replaces(record, earlier):
                if None not in (earlier.addition, record.decision.addition):
                    self._told.note(record, earlier.id)
                return Verdict(earlier.addition is not None, True, earlier.addition)
            gone = None if earlier is None else _removed(connection, earlier.id)
            user_key, asked_at = record.turn.user_key, record.turn.asked_at
            erased = user_key is not None and was_erased(connection, user_key, asked_at)
            granted = record.claim is None if erased else _claimed(connection, record)
            kept = record if granted else record.denied(Suppression.COOLDOWN)
            _write(connection, kept.anonymous() if erased else kept, gone)
        return Verdict(granted, addition=record.decision.addition if granted else None)

    def _retract(self, record: TurnRecord) -> None:
        with translated("retracting a mention"), self._engine.begin() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            row = connection.execute(EARLIER, {"turn_id": record.turn.turn_id}).first()
            if row is None or row.addition is None or not self._told.was_last(record, row.id):
                return
            before = dict(connection.execute(ROW, {"id": row.id}).mappings().one())
            connection.execute(delete(escalation_logs).where(escalation_logs.c.id == row.id))
            connection.execute(
                update(question_logs).where(question_logs.c.id == row.id).values(NOT_SHOWN)
            )
            figures.note(connection, figures.difference([{**before, **NOT_SHOWN}], [before]), ())

    def _paused(self, now: datetime) -> frozenset[str]:
        with translated("reading what is paused"), self._engine.connect() as connection:
            return paused_names(connection, now)

    def _latest(self, limit: int) -> Sequence[LoggedTurn]:
        with translated("reading the log"), self._engine.connect() as connection:
            return [logged_turn(row) for row in connection.execute(LATEST, {"most": max(limit, 0)})]


def _file_url(url: str) -> URL:
    parsed = read_url(url)
    if not is_file(parsed):
        raise ConfigurationError(
            "TAY_DATABASE_URL is of a database server: history and cool-down need TAY_REDIS_URL "
            f"beside it; or use a file, {EMBEDDED}"
        )
    return parsed


def _replaces(record: TurnRecord, earlier: Any) -> bool:
    """Whether this is the retry that worked of a turn that had failed."""
    return record.status is ReplyStatus.REPLIED and earlier.status != ReplyStatus.REPLIED.value


def _claimed(connection: Connection, record: TurnRecord) -> bool:
    claim, turn = record.claim, record.turn
    if claim is None or turn.user_key is None:
        return True
    if _too_soon(connection, record, claim):
        return False
    for cap in claim.caps:
        since = turn.asked_at - timedelta(seconds=cap.seconds)
        shown = connection.execute(MENTIONS_SINCE, {"user_key": turn.user_key, "since": since})
        if shown.scalar_one() >= cap.most:
            return False
    return True


def _too_soon(connection: Connection, record: TurnRecord, claim: Claim) -> bool:
    """Whether too few turns of the session have passed since its last mention, and no pause."""
    turn = record.turn
    who = {"user_key": turn.user_key, "session_id": turn.session_id}
    last = connection.execute(LAST_IN_SESSION, who).first()
    if last is None:
        return False
    spans = [(row.created_at, row.answered_at) for row in connection.execute(SPANS, who)]
    asked = (last.created_at, *(asked for asked, _ in spans))
    pause = timedelta(seconds=claim.visit_pause_seconds)
    if last.created_at < visit_began(turn.asked_at, asked, pause):
        return False
    return turns_passed(last.answered_at, spans, turn.asked_at) < claim.session_turns


def _removed(connection: Connection, row_id: UUID) -> dict[str, Any]:
    """Take a turn's rows away; the row of `question_logs` as it was."""
    before = dict(connection.execute(ROW, {"id": row_id}).mappings().one())
    connection.execute(delete(escalation_logs).where(escalation_logs.c.id == row_id))
    connection.execute(delete(question_logs).where(question_logs.c.id == row_id))
    return before


def _write(connection: Connection, record: TurnRecord, gone: dict[str, Any] | None) -> None:
    row = question_row(record)
    connection.execute(insert(question_logs), row)
    if record.decision.shown:
        connection.execute(insert(escalation_logs), escalation_row(row))
    changes = figures.difference([row], [gone] if gone else [])
    figures.note(connection, changes, figures.days_of([row]))
    exposures.note(connection, [row])
    if (said := said_in(record)) is not None:
        profiles.note(connection, said)


def _history(recent: Sequence[Any], mentions: Sequence[datetime], profile: Any) -> History:
    turns = tuple(past_turn(row, row.gates) for row in reversed(recent))
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
        closed=profiles.read_closed(profile.closed_gates),
    )
