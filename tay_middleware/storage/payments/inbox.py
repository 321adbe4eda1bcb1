"""The inbox of deliveries: stored before anything is made of them, handled exactly once in effect.

A row that is due is handled in the transaction that reads it, under its lock: a worker that dies
leaves it as it was, and two workers never have the same one. Whoever changes more than one row that
others see holds the lock of purchases before (`credits.lock`), so that no two wait for each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, exists, func, select, update

from tay_middleware.storage.payments.credits import lock
from tay_middleware.storage.payments.tables import conversions, webhook_events
from tay_middleware.storage.transaction import Row, insert

_COLUMNS = webhook_events.c

IGNORED = "ignored"
"""The outcome of a delivery of a type that means nothing to us."""

OTHER_MODE = "other_mode"
"""The outcome of a delivery of test while live counts, or the reverse."""


class State(StrEnum):
    """Where a delivery is."""

    WAITING = "waiting"
    HANDLED = "handled"
    DEAD = "dead"


def store(connection: Connection, rows: Sequence[Row]) -> set[UUID]:
    """Put deliveries into the inbox; one that is there already changes nothing.

    Returns:
        The ids of those that are not stored, for another delivery came under their name before.
    """
    connection.execute(
        insert(connection)(webhook_events).on_conflict_do_nothing(), [dict(row) for row in rows]
    )
    ids = select(_COLUMNS.id).where(_COLUMNS.id.in_([row["id"] for row in rows]))
    stored = set(connection.execute(ids).scalars())
    return {row["id"] for row in rows if row["id"] not in stored and _differs(connection, row)}


def _differs(connection: Connection, row: Row) -> bool:
    """Whether the delivery that has the name of this one is known to say something else."""
    before = named(connection, row["provider"], row["external_id"]).body_hash
    return before is not None and before != row.get("body_hash", before)


def is_due(connection: Connection, now: datetime) -> bool:
    """Whether the time of a delivery has come, whoever is at it; locks nothing."""
    statement = select(exists().where(_COLUMNS.due_at <= now))
    return bool(connection.execute(statement).scalar_one())


def due(connection: Connection, now: datetime, limit: int) -> Sequence[Any]:
    """Deliveries whose time has come and that nobody else is at, the longest waiting first."""
    statement = (
        select(webhook_events)
        .where(_COLUMNS.due_at <= now)
        .order_by(_COLUMNS.due_at, _COLUMNS.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return connection.execute(statement).all()


def set_handled(connection: Connection, row_id: UUID, now: datetime, outcome: str) -> None:
    """A delivery is done; `outcome` as in `tables.webhook_events`.

    The words of one that means nothing to us are of no use, and may be of anybody: they go at once.
    Its hash stays, so that it is still known when it comes again.
    """
    gone: dict[str, Any] = {}
    if outcome == IGNORED:
        gone = {"body": None, "headers": {}, "redacted_at": now}
    _change(
        connection,
        row_id,
        due_at=None,
        handled_at=now,
        outcome=outcome,
        error=None,
        dead_at=None,
        attempts=_COLUMNS.attempts + 1,
        **gone,
    )


def set_failed(
    connection: Connection, row_id: UUID, now: datetime, error: str, again_at: datetime | None
) -> None:
    """A delivery could not be handled: it is tried again at a time, or not (`None`)."""
    _change(
        connection,
        row_id,
        due_at=again_at,
        dead_at=now if again_at is None else None,
        error=error[:500],
        attempts=_COLUMNS.attempts + 1,
    )


def set_due(connection: Connection, row_ids: Sequence[UUID], now: datetime) -> int:
    """Let deliveries be handled again, from the beginning; how many there were."""
    lock(connection)
    statement = (
        update(webhook_events)
        .where(_COLUMNS.id.in_(row_ids), _COLUMNS.body.is_not(None))
        .values(due_at=now, dead_at=None, handled_at=None, attempts=0, outcome=None, error=None)
    )
    return connection.execute(statement).rowcount


def page(
    connection: Connection,
    *,
    state: str | None = None,
    provider: str | None = None,
    before: UUID | None = None,
    limit: int,
) -> Sequence[Any]:
    """Deliveries, newest first, without their bodies. `state` is one of `State`."""
    conditions = [
        None if provider is None else _COLUMNS.provider == provider,
        None if before is None else _COLUMNS.id < before,
        {
            "waiting": _COLUMNS.due_at.is_not(None),
            "handled": _COLUMNS.handled_at.is_not(None),
            "dead": _COLUMNS.dead_at.is_not(None),
        }.get(state or ""),
    ]
    columns = [column for column in _COLUMNS if column.name not in {"body", "headers"}]
    statement = select(*columns).where(*(one for one in conditions if one is not None))
    return connection.execute(statement.order_by(_COLUMNS.id.desc()).limit(limit)).all()


def one(connection: Connection, row_id: UUID) -> Any:
    """A delivery as it came, or `None`."""
    return connection.execute(select(webhook_events).where(_COLUMNS.id == row_id)).first()


def named(connection: Connection, provider: str, external_id: str) -> Any:
    """A delivery by the name that its sender gave it; it must be there."""
    statement = select(webhook_events).where(
        _COLUMNS.provider == provider, _COLUMNS.external_id == external_id
    )
    return connection.execute(statement).one()


def dead_ids(connection: Connection) -> Sequence[UUID]:
    """All that was given up."""
    return list(
        connection.execute(select(_COLUMNS.id).where(_COLUMNS.dead_at.is_not(None))).scalars()
    )


def put_aside(connection: Connection) -> Sequence[UUID]:
    """All that were of the other mode when they came, and whose words are still there."""
    statement = select(_COLUMNS.id).where(
        _COLUMNS.outcome == OTHER_MODE, _COLUMNS.body.is_not(None)
    )
    return list(connection.execute(statement).scalars())


@dataclass(frozen=True, slots=True)
class OtherMode:
    """Deliveries of the other mode that wait (`put_aside`), and its purchases that count."""

    waiting: int
    counting: int


def of_other_mode(connection: Connection, *, live: bool) -> OtherMode:
    """What is of test while live counts, or the reverse."""
    sold = conversions.c
    other = sold.test.is_(True) if live else sold.test.is_not(True)
    counting = select(func.count()).where(sold.counts, sold.simulated.is_not(True), other)
    return OtherMode(len(put_aside(connection)), connection.execute(counting).scalar_one())


def counts(connection: Connection) -> dict[str, int]:
    """How many deliveries wait and how many were given up, for health and metrics."""
    waiting = select(func.count()).where(_COLUMNS.due_at.is_not(None))
    dead = select(func.count()).where(_COLUMNS.dead_at.is_not(None))
    return {
        "waiting": connection.execute(waiting).scalar_one(),
        "dead": connection.execute(dead).scalar_one(),
    }


def wordy(connection: Connection, until: datetime, limit: int) -> list[UUID]:
    """Deliveries that came before a time, are done with and have their words, the oldest first."""
    # That it is done with is asked here: SQLite would look at every one that ever was.
    statement = (
        select(_COLUMNS.id, _COLUMNS.due_at)
        .where(_COLUMNS.received_at < until, _COLUMNS.body.is_not(None))
        .order_by(_COLUMNS.received_at)
        .limit(limit)
    )
    return [row.id for row in connection.execute(statement) if row.due_at is None]


def redact(connection: Connection, row_ids: Sequence[UUID], now: datetime) -> int:
    """Take the words out of deliveries that are handled or given up; how many that were."""
    lock(connection)
    statement = (
        update(webhook_events)
        .where(_COLUMNS.id.in_(row_ids), _COLUMNS.due_at.is_(None))
        .values(body=None, headers={}, redacted_at=now)
    )
    return connection.execute(statement).rowcount


def _change(connection: Connection, row_id: UUID, **values: Any) -> None:
    connection.execute(update(webhook_events).where(_COLUMNS.id == row_id).values(**values))
