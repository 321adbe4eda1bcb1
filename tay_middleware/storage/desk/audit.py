"""Who changed what, when and from where: one row for every change by a person, never changed.

By the dashboard, by the API, and by `tay`; not what files and providers say (imports, deliveries),
which stands where it was put, nor what an app hands on (feedback).

A row is written in the transaction of what it tells of, so that neither stands without the other.
It holds ids and choices, never the words of a user.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from tay_middleware.storage.desk.tables import audit_log
from tay_middleware.storage.transaction import insert


def note(
    connection: Connection,
    *,
    row_id: UUID,
    at: datetime,
    actor: str,
    via: str,
    action: str,
    subject: object = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write down one change."""
    row = {
        "id": row_id,
        "at": at,
        "actor": actor,
        "via": via,
        "action": action,
        "subject": None if subject is None else str(subject),
        "detail": dict(detail or {}),
    }
    connection.execute(insert(connection)(audit_log), [row])


def page(
    connection: Connection,
    *,
    action: str | None = None,
    subject: str | None = None,
    before: UUID | None = None,
    limit: int,
) -> Sequence[Any]:
    """Changes, newest first; `before` is the last id of the page before."""
    columns = audit_log.c
    statement = select(audit_log)
    if action is not None:
        statement = statement.where(columns.action == action)
    if subject is not None:
        statement = statement.where(columns.subject == subject)
    if before is not None:
        statement = statement.where(columns.id < before)
    return connection.execute(statement.order_by(columns.id.desc()).limit(limit)).all()
