"""Offers and wordings that are switched off beside the playbook: by whom, why, and until when.

A row is a pause from its beginning to its end; none is ever taken away, so that they are the audit
trail too. At most one pause of a name is open. One that has run out is over for whoever reads it,
also where nothing has been written since.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Case,
    Column,
    ColumnElement,
    Connection,
    Index,
    String,
    Table,
    and_,
    case,
    or_,
    select,
    update,
)

from tay_middleware.playbook import Playbook
from tay_middleware.storage.columns import JSON_TYPE, Id, Utc, Words, one_of
from tay_middleware.storage.sql import metadata
from tay_middleware.storage.transaction import insert
from tay_middleware.storage.turns.figures import hourly_stats

BY_ITSELF = "its end"
"""Who switched on again what had run out, in the audit trail."""


class Subject(StrEnum):
    """What can be paused."""

    OFFER = "offer"
    TEMPLATE = "template"


pauses = Table(
    "pauses",
    metadata,
    Column("id", Id, primary_key=True),
    Column("subject", String(16), nullable=False),
    Column("name", String(255), nullable=False),
    Column("paused_at", Utc, nullable=False),
    Column("paused_by", String(80), nullable=False),
    Column("reason", Words, nullable=False),
    Column("figures", JSON_TYPE, nullable=False),
    Column("lifted_at", Utc),
    Column("lifted_by", String(80)),
    Column("note", Words),
    Column("until", Utc),
    one_of("subject", Subject),
    Index(None, "name", "paused_at"),
)
"""`name` is an offer's, or a wording's id; `figures` what the decision was made on; `until` when it
ends by itself, null for one that somebody has to end."""

Index(
    "uq_pauses_open",
    pauses.c.name,
    unique=True,
    sqlite_where=pauses.c.lifted_at.is_(None),
    postgresql_where=pauses.c.lifted_at.is_(None),
)


def subject_of(playbook: Playbook, name: str) -> Subject | None:
    """What a playbook has under a name, `None` where it has nothing."""
    if name in playbook.offers:
        return Subject.OFFER
    return Subject.TEMPLATE if name in playbook.by_id else None


def mentioned_as(connection: Connection, name: str) -> Subject | None:
    """What was mentioned under a name, as far as counts go back; `None` where nothing was."""
    for subject, column in (
        (Subject.OFFER, hourly_stats.c.offer),
        (Subject.TEMPLATE, hourly_stats.c.template),
    ):
        if connection.execute(select(column).where(column == name).limit(1)).first() is not None:
            return subject
    return None


def paused_names(connection: Connection, now: datetime) -> frozenset[str]:
    """The names that are paused now."""
    return frozenset(open_pauses(connection, now))


def open_pauses(connection: Connection, now: datetime) -> dict[str, datetime | None]:
    """The names that are paused now, each with when that ends by itself; `None`: it does not."""
    is_open = and_(_UNENDED, or_(pauses.c.until.is_(None), pauses.c.until > now))
    found = connection.execute(select(pauses.c.name, pauses.c.until).where(is_open))
    return {row.name: row.until for row in found}


def pause(
    connection: Connection,
    *,
    pause_id: UUID,
    subject: Subject,
    name: str,
    now: datetime,
    by: str,
    reason: str,
    figures: dict[str, Any],
    until: datetime | None = None,
) -> bool:
    """Pause something, for good or up to a time; false when it is paused already."""
    _end_run_out(connection, name, now)
    row = {
        "id": pause_id,
        "subject": subject.value,
        "name": name,
        "paused_at": now,
        "paused_by": by,
        "reason": reason,
        "figures": figures,
        "until": until,
    }
    statement = insert(connection)(pauses).on_conflict_do_nothing().returning(pauses.c.id)
    return connection.execute(statement, [row]).first() is not None


def lift(connection: Connection, name: str, now: datetime, *, by: str, note: str | None) -> bool:
    """Switch something on again; false when it is not paused."""
    _end_run_out(connection, name, now)
    ended = update(pauses).where(pauses.c.name == name, _UNENDED)
    return connection.execute(ended.values(lifted_at=now, lifted_by=by, note=note)).rowcount > 0


def history(connection: Connection, now: datetime, *, limit: int = 200) -> Sequence[Any]:
    """All pauses as they stand now, the newest first."""
    as_stored = [one for one in pauses.c if one.name not in {"lifted_at", "lifted_by"}]
    ends = ended_at(now).label("lifted_at"), _ended_by(now).label("lifted_by")
    newest = (
        select(*as_stored, *ends)
        .order_by(pauses.c.paused_at.desc(), pauses.c.id.desc())
        .limit(limit)
    )
    return connection.execute(newest).all()


def ended_at(now: datetime) -> Case[datetime]:
    """When a pause was ended, by somebody or by itself; null for one that is open."""
    return case((_has_run_out(now), pauses.c.until), else_=pauses.c.lifted_at)


def _ended_by(now: datetime) -> Case[str]:
    return case((_has_run_out(now), BY_ITSELF), else_=pauses.c.lifted_by)


def _end_run_out(connection: Connection, name: str, now: datetime) -> None:
    """Write down that a pause has run out, to make room for another one."""
    over = update(pauses).where(pauses.c.name == name, _has_run_out(now))
    connection.execute(over.values(lifted_at=pauses.c.until, lifted_by=BY_ITSELF))


def _has_run_out(now: datetime) -> ColumnElement[bool]:
    return and_(_UNENDED, pauses.c.until <= now)


_UNENDED = pauses.c.lifted_at.is_(None)
