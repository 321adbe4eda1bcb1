"""Writes events into SQL exactly once in effect, however often and in whatever order they come.

One transaction a batch. Batches that share a bucket come one after the other (an advisory lock on
PostgreSQL, the write lock on SQLite), so what is looked up at the beginning still holds when rows
are written; and figures change by rows that were really inserted.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    delete,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from tay_middleware.domain import uuid7
from tay_middleware.storage import figures
from tay_middleware.storage.bulk import insert_new
from tay_middleware.storage.events import PERSONAL, Changes, Event, Known, Row, folded
from tay_middleware.storage.payment_tables import forget_buyer
from tay_middleware.storage.sql import (
    Id,
    Utc,
    escalation_logs,
    escalation_row,
    metadata,
    question_logs,
    user_profiles,
)
from tay_middleware.storage.statements import NOT_SHOWN

LOCK_SPACE = 0x7461
"""The first half of our advisory locks, so that they meet nobody else's in the database."""

REMEMBERED = timedelta(days=35)
"""How far back a turn that comes again is looked for: the partitions of a month and its neighbour,
and not all of them. Redis knows a turn for an hour, a spool may be found again after a month."""

retracted_turns = Table(
    "retracted_turns",
    metadata,
    Column("turn_id", Id, primary_key=True),
    Column("retracted_at", Utc, nullable=False),
)
"""Turns whose mention was taken back; the turn itself may come later."""

erased_users = Table(
    "erased_users",
    metadata,
    Column("user_key", String(64), primary_key=True),
    Column("erased_at", Utc, nullable=False),
)
"""Users who were erased: a row of theirs from before that comes later is stored without them."""

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("stream_id", String(64), primary_key=True),
    Column("bucket", Integer, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("body", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("deliveries", BigInteger, nullable=False),
    Column("died_at", Utc, nullable=False),
)
"""Events that could not be written after several tries: as they were, for a person to look at."""

_LOOKED_AT = (
    *("id", "turn_id", "user_key", "status", "addition", "created_at", "detected"),
    *figures.DIMENSIONS[1:],
)


def apply(
    connection: Connection, events: Sequence[Event], buckets: Collection[int], now: datetime
) -> int:
    """Write the events of some buckets; how many rows of `question_logs` are new.

    The connection is inside a transaction, which the caller commits; on SQLite it holds the lock.
    """
    if connection.dialect.name == "postgresql":
        locks = {"space": LOCK_SPACE, "buckets": sorted(buckets)}
        connection.execute(_LOCK, locks)
    changes = folded(_known(connection, events), events)
    return _write(connection, changes, now)


def bury(connection: Connection, letters: Sequence[dict[str, Any]]) -> None:
    """Put events among the dead letters; the same one again is nothing new."""
    connection.execute(_insert(connection)(dead_letters).on_conflict_do_nothing(), letters)


def _known(connection: Connection, events: Iterable[Event]) -> Known:
    turns = {event.turn_id for event in events if event.turn_id is not None}
    users = {event.user_key for event in events if event.user_key is not None}
    rows = connection.execute(_rows_of(events), {"turns": list(turns)}).mappings()
    retracted = connection.execute(_RETRACTED, {"turns": list(turns)}).scalars()
    erased = connection.execute(_ERASED, {"users": list(users)})
    return Known(
        rows={row["turn_id"]: dict(row) for row in rows},
        retracted=frozenset(retracted),
        erased={row.user_key: row.erased_at for row in erased},
    )


def _rows_of(events: Iterable[Event]) -> Any:
    """The statement that looks turns up; a retraction does not say when its turn was."""
    times = [event.row["created_at"] if event.row else None for event in events]
    statement = select(*(question_logs.c[name] for name in _LOOKED_AT)).where(
        question_logs.c.turn_id.in_(bindparam("turns", expanding=True))
    )
    if None in times:
        return statement
    oldest = min((at for at in times if at is not None), default=datetime.now(UTC))
    return statement.where(question_logs.c.id >= uuid7(oldest - REMEMBERED, 0))


def _write(connection: Connection, changes: Changes, now: datetime) -> int:
    _take_away(connection, changes)
    inserted = insert_new(connection, question_logs, changes.new)
    new = [row for row in changes.new if row["id"] in inserted]
    insert_new(
        connection, escalation_logs, [escalation_row(dict(row)) for row in new if _shown(row)]
    )
    note_all = figures.difference([*new, *changes.held_back], changes.gone)
    figures.note(connection, note_all, figures.days_of(new))
    _remember(connection, changes, now)
    for user_key, until in changes.erased.items():
        erase_rows(connection, user_key, until)
    return len(new)


def erase_rows(connection: Connection, user_key: str, until: datetime) -> int:
    """Take a user out of everything written up to a time; how many rows are anonymous now."""
    changed = 0
    for table in (question_logs, escalation_logs):
        changed += connection.execute(
            update(table)
            .where(table.c.user_key == user_key, table.c.created_at <= until)
            .values(dict.fromkeys(PERSONAL))
        ).rowcount
    forget_buyer(connection, user_key, until)
    days = figures.daily_users.c
    connection.execute(
        delete(figures.daily_users).where(days.user_key == user_key, days.day <= until.date())
    )
    connection.execute(delete(user_profiles).where(user_profiles.c.user_key == user_key))
    return changed


def remember_erased(connection: Connection, erased: Mapping[str, datetime]) -> None:
    """Mark users as erased up to a time; a later mark wins, an earlier one changes nothing."""
    for user_key, until in sorted(erased.items()):
        statement = _insert(connection)(erased_users).values(user_key=user_key, erased_at=until)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["user_key"],
                set_={"erased_at": statement.excluded.erased_at},
                where=erased_users.c.erased_at < statement.excluded.erased_at,
            )
        )


def _shown(row: Row) -> bool:
    return bool(row["shown"])


def _take_away(connection: Connection, changes: Changes) -> None:
    """Remove rows that gave way, and mentions that were taken back."""
    kept: set[UUID] = {row["id"] for row in changes.held_back}
    ids = [row["id"] for row in changes.gone]
    if not ids:
        return
    connection.execute(delete(escalation_logs).where(escalation_logs.c.id.in_(ids)))
    replaced = [row_id for row_id in ids if row_id not in kept]
    if replaced:
        connection.execute(delete(question_logs).where(question_logs.c.id.in_(replaced)))
    if kept:
        connection.execute(
            update(question_logs).where(question_logs.c.id.in_(kept)).values(NOT_SHOWN)
        )


def _remember(connection: Connection, changes: Changes, now: datetime) -> None:
    if changes.retracted:
        connection.execute(
            _insert(connection)(retracted_turns).on_conflict_do_nothing(),
            [{"turn_id": turn, "retracted_at": now} for turn in sorted(changes.retracted)],
        )
    remember_erased(connection, changes.erased)


def _insert(connection: Connection) -> Any:
    """The INSERT of the database, which knows ON CONFLICT."""
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert


_LOCK = text(
    "SELECT pg_advisory_xact_lock(:space, bucket) FROM unnest(CAST(:buckets AS int[])) AS bucket"
)

_RETRACTED = select(retracted_turns.c.turn_id).where(
    retracted_turns.c.turn_id.in_(bindparam("turns", expanding=True))
)

_ERASED = select(erased_users.c.user_key, erased_users.c.erased_at).where(
    erased_users.c.user_key.in_(bindparam("users", expanding=True))
)
