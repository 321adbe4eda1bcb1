"""Writes events into SQL exactly once in effect, however often and in whatever order they come.

One transaction a batch. Batches that share a bucket come one after the other (an advisory lock on
PostgreSQL, the write lock on SQLite), so what is looked up at the beginning still holds when rows
are written; and figures change by rows that were really inserted.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Integer,
    String,
    Table,
    Text,
    any_,
    bindparam,
    delete,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from tay_middleware.errors import RowRefused
from tay_middleware.storage.columns import Id, Utc
from tay_middleware.storage.desk.tables import forget_notes
from tay_middleware.storage.locks import LOCK_SPACE, PAYMENTS_LOCK, hold
from tay_middleware.storage.payments.buyers import forget_buyer
from tay_middleware.storage.sql import escalation_logs, metadata, question_logs, user_profiles
from tay_middleware.storage.transaction import insert
from tay_middleware.storage.turns import exposures, figures
from tay_middleware.storage.turns.bulk import insert_turns
from tay_middleware.storage.turns.events import PERSONAL, Changes, Event, Known, folded
from tay_middleware.storage.turns.ids import first_id
from tay_middleware.storage.turns.statements import NOT_SHOWN

REMEMBERED = timedelta(days=35)
"""How far back a turn that comes again is looked for: the partitions of a month and its neighbour,
and not all of them. Redis knows a turn for an hour, a spool may be found again after a month."""

retracted_turns = Table(
    "retracted_turns",
    metadata,
    Column("turn_id", Id, primary_key=True),
    Column("retracted_at", Utc, nullable=False),
)
"""What was taken back, and may come later: `turn_id` is the id of the row whose mention it was, or,
from an app of an earlier version, that of its turn."""

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

_USER_KEY = re.compile(r"\b[0-9a-f]{32}\b")
"""What may be a user's key in an event that cannot be read; see `identities.user_key`."""

_LOOKED_AT = (
    *("id", "turn_id", "user_key", "status", "addition", "created_at", "detected"),
    *figures.DIMENSIONS[1:],
)


def apply(
    connection: Connection, events: Sequence[Event], buckets: Collection[int], now: datetime
) -> int:
    """Write the events of some buckets; how many rows of `question_logs` are new.

    The connection is inside a transaction, which the caller commits; on SQLite it holds the lock.

    Raises:
        RowRefused: one of the events is not what it should be, in a way that reading it did not
            tell. The message holds no value of it.
    """
    lock(connection, buckets)
    if any(event.kind == "erase" for event in events):
        hold(connection, PAYMENTS_LOCK)  # before any row, as whoever makes purchases does
    try:
        changes = folded(_known(connection, events), events)
        return _write(connection, changes, now)
    except (TypeError, LookupError, AttributeError) as error:
        # Anything else than a refusal would come again with every batch that the event is in.
        raise RowRefused(f"an event does not fit ({type(error).__name__})") from error


def was_erased(connection: Connection, user_key: str, at: datetime) -> bool:
    """Whether a user was erased at a time, or later."""
    until = connection.execute(_ERASED, {"user_key": user_key}).scalar()
    return until is not None and at <= until


_ERASED = select(erased_users.c.erased_at).where(erased_users.c.user_key == bindparam("user_key"))


def lock(connection: Connection, buckets: Collection[int]) -> None:
    """Let nobody else write events of these buckets until the transaction ends.

    On SQLite that is so already: a transaction that writes holds the file's only lock.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, {"space": LOCK_SPACE, "buckets": sorted(buckets)})


def bury(connection: Connection, letters: Sequence[dict[str, Any]]) -> None:
    """Put events among the dead letters; the same one again is nothing new.

    One of a user who was erased since it came into the outbox is not kept: an erasing takes dead
    letters away, and would have taken this one.
    """
    lock(connection, {letter["bucket"] for letter in letters})
    users = {key for letter in letters for key in _USER_KEY.findall(letter["body"])}
    among = _among_array if connection.dialect.name == "postgresql" else _among_list
    named = select(erased_users).where(among(erased_users.c.user_key, users))
    erased = {row.user_key: row.erased_at for row in connection.execute(named)}
    kept = [letter for letter in letters if not _is_erased(letter, erased)]
    if kept:
        connection.execute(insert(connection)(dead_letters).on_conflict_do_nothing(), kept)


def _is_erased(letter: Mapping[str, Any], erased: Mapping[str, datetime]) -> bool:
    """Whether one whom it names was erased after it came, by the clock of Redis in its id."""
    came_at = int(letter["stream_id"].partition("-")[0])
    until = [erased[key] for key in _USER_KEY.findall(letter["body"]) if key in erased]
    return any(came_at <= at.timestamp() * 1000 for at in until)


def _known(connection: Connection, events: Sequence[Event]) -> Known:
    turns = {event.turn_id for event in events if event.turn_id is not None}
    records = {event.row["id"] for event in events if event.row is not None}
    records |= {event.record_id for event in events if event.record_id is not None}
    users = {event.user_key for event in events if event.user_key is not None}
    postgres = connection.dialect.name == "postgresql"
    among = _among_array if postgres else _among_list
    rows = connection.execute(
        _ROWS_ON_SERVER if postgres else _ROWS_IN_FILE,
        {"turns": list(turns), "oldest": _oldest_id(events)},
    )
    retracted = connection.execute(
        select(retracted_turns.c.turn_id).where(among(retracted_turns.c.turn_id, turns | records))
    )
    erased = connection.execute(
        select(erased_users.c.user_key, erased_users.c.erased_at).where(
            among(erased_users.c.user_key, users)
        )
    )
    return Known(
        rows={row["turn_id"]: dict(row) for row in rows.mappings()},
        retracted=frozenset(retracted.scalars()),
        erased={row.user_key: row.erased_at for row in erased},
    )


def _among_array(column: Column[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """One parameter, however many values: a statement of thousands is slow to make and to plan."""
    return column == any_(bindparam(None, list(values), type_=ARRAY(column.type)))


def _among_list(column: Column[Any], values: Collection[Any]) -> ColumnElement[bool]:
    return column.in_(list(values))


def _oldest_id(events: Iterable[Event]) -> UUID:
    """Where to begin to look turns up; a retraction does not say when its turn was."""
    times = [event.row["created_at"] for event in events if event.row is not None]
    if not times or any(event.kind == "retract" for event in events):
        return UUID(int=0)
    return first_id(min(times) - REMEMBERED)


def _write(connection: Connection, changes: Changes, now: datetime) -> int:
    _take_away(connection, changes)
    inserted = insert_turns(connection, changes.new)
    new = [row for row in changes.new if row["id"] in inserted]
    note_all = figures.difference([*new, *changes.held_back], changes.gone)
    figures.note(connection, note_all, figures.days_of(new))
    exposures.note(connection, new)
    _remember(connection, changes, now)
    for user_key, until in changes.erased.items():
        erase_rows(connection, user_key, until)
    return len(new)


def erase_rows(connection: Connection, user_key: str, until: datetime) -> int:
    """Take a user out of everything written up to a time; how many rows are anonymous now."""
    changed = 0
    forget_notes(connection, user_key, until)
    for table in (question_logs, escalation_logs):
        changed += connection.execute(
            update(table)
            .where(table.c.user_key == user_key, table.c.created_at <= until)
            .values(dict.fromkeys(PERSONAL))
        ).rowcount
    forget_buyer(connection, user_key, until)
    exposures.forget(connection, user_key, until)
    days = figures.daily_users.c
    connection.execute(
        delete(figures.daily_users).where(days.user_key == user_key, days.day <= until.date())
    )
    connection.execute(delete(user_profiles).where(user_profiles.c.user_key == user_key))
    return changed


def remember_erased(connection: Connection, erased: Mapping[str, datetime]) -> None:
    """Mark users as erased up to a time; a later mark wins, an earlier one changes nothing."""
    for user_key, until in sorted(erased.items()):
        statement = insert(connection)(erased_users).values(user_key=user_key, erased_at=until)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["user_key"],
                set_={"erased_at": statement.excluded.erased_at},
                where=erased_users.c.erased_at < statement.excluded.erased_at,
            )
        )


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
            insert(connection)(retracted_turns).on_conflict_do_nothing(),
            [{"turn_id": turn, "retracted_at": now} for turn in sorted(changes.retracted)],
        )
    remember_erased(connection, changes.erased)


_LOCK = text(
    "SELECT pg_advisory_xact_lock(:space, bucket) FROM unnest(CAST(:buckets AS int[])) AS bucket"
)

_ROWS_IN_FILE = select(*(question_logs.c[name] for name in _LOOKED_AT)).where(
    question_logs.c.turn_id.in_(bindparam("turns", expanding=True)),
    question_logs.c.id >= bindparam("oldest"),
)

_ROWS_ON_SERVER = text(
    f"SELECT {', '.join(_LOOKED_AT)} "  # noqa: S608 - our own names
    "FROM unnest(CAST(:turns AS uuid[])) AS wanted (turn) CROSS JOIN LATERAL ("
    "SELECT * FROM question_logs WHERE turn_id = wanted.turn AND id >= :oldest OFFSET 0) AS found"
)
"""OFFSET 0 keeps the planner from any other way than one look into the index a turn: of a table
that has just been made it knows nothing, and would rather read all of it for every batch."""
