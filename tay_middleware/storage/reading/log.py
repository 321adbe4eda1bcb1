"""Reading the log: pages of rows by their ids.

Every function takes a `Connection`; run it by `Database.read`. Times filter by id, which begins
with the time, so that partitions outside a range are not touched; a page begins after the last id
of the page before, and costs the same however far back it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, Select, select

from tay_middleware.storage.sql import escalation_logs, question_logs
from tay_middleware.storage.turns.ids import first_id


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows: of an offer, a user, a stretch of time; `None` is all. `until` is left out."""

    offer: str | None = None
    tier: str | None = None
    strength: str | None = None
    template: str | None = None
    reason: str | None = None
    user_key: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    converted_only: bool = False


def escalations(
    connection: Connection, wanted: Filter, *, limit: int, before: UUID | None = None
) -> Sequence[Any]:
    """A page of `escalation_logs`, newest first; `before` is the last id of the page before."""
    statement = _narrowed(select(escalation_logs), escalation_logs.c, wanted, before)
    if wanted.converted_only:
        statement = statement.where(escalation_logs.c.converted)
    newest_first = statement.order_by(escalation_logs.c.id.desc())
    return connection.execute(newest_first.limit(limit)).all()


def has(connection: Connection, column: Literal["offer", "template"], value: str) -> bool:
    """Whether any mention that is kept has an offer or a wording that may be in no playbook now."""
    found = escalation_logs.c[column]
    return connection.execute(select(found).where(found == value).limit(1)).first() is not None


def questions(
    connection: Connection, wanted: Filter, *, limit: int, before: UUID | None = None
) -> Sequence[Any]:
    """A page of `question_logs`, newest first; as `escalations`, but for conversions."""
    statement = _narrowed(select(question_logs), question_logs.c, wanted, before)
    return connection.execute(statement.order_by(question_logs.c.id.desc()).limit(limit)).all()


def _narrowed(
    statement: Select[Any], columns: Any, wanted: Filter, before: UUID | None
) -> Select[Any]:
    same = ("offer", "tier", "strength", "template", "reason")
    conditions = [
        *(columns[name] == value for name in same if (value := getattr(wanted, name)) is not None),
        None if wanted.user_key is None else columns.user_key == wanted.user_key,
        None if wanted.since is None else columns.id >= first_id(wanted.since),
        None if wanted.until is None else columns.id < first_id(wanted.until),
        None if before is None else columns.id < before,
    ]
    return statement.where(*(condition for condition in conditions if condition is not None))
