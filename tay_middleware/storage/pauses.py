"""Offers and wordings that are switched off beside the playbook: by whom, why, and until when.

A row is a pause from its beginning to its end; none is ever taken away, so that they are the audit
trail too. At most one pause of a name is open.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Connection, Index, String, Table, select, update

from tay_middleware.storage.columns import JSON_TYPE, Id, Utc, Words, one_of
from tay_middleware.storage.sql import metadata
from tay_middleware.storage.transaction import insert


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
    one_of("subject", Subject),
    Index(None, "name", "paused_at"),
)
"""`name` is an offer's, or a wording's id; `figures` what the decision was made on."""

Index(
    "uq_pauses_open",
    pauses.c.name,
    unique=True,
    sqlite_where=pauses.c.lifted_at.is_(None),
    postgresql_where=pauses.c.lifted_at.is_(None),
)


def paused_names(connection: Connection) -> frozenset[str]:
    """The names that are paused now."""
    return frozenset(connection.execute(select(pauses.c.name).where(_OPEN)).scalars())


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
) -> bool:
    """Pause something; false when it is paused already."""
    row = {
        "id": pause_id,
        "subject": subject.value,
        "name": name,
        "paused_at": now,
        "paused_by": by,
        "reason": reason,
        "figures": figures,
    }
    statement = insert(connection)(pauses).on_conflict_do_nothing().returning(pauses.c.id)
    return connection.execute(statement, [row]).first() is not None


def lift(connection: Connection, name: str, now: datetime, *, by: str, note: str | None) -> bool:
    """Switch something on again; false when it is not paused."""
    ended = update(pauses).where(pauses.c.name == name, _OPEN)
    return connection.execute(ended.values(lifted_at=now, lifted_by=by, note=note)).rowcount > 0


def history(connection: Connection, *, limit: int = 200) -> Sequence[Any]:
    """All pauses, the newest first."""
    newest = select(pauses).order_by(pauses.c.paused_at.desc(), pauses.c.id.desc()).limit(limit)
    return connection.execute(newest).all()


_OPEN = pauses.c.lifted_at.is_(None)
