"""What people say of decisions: right or wrong, and notes; what was right feeds `tay label`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, select

from tay_middleware.storage.desk.tables import escalation_notes, question_labels
from tay_middleware.storage.payments.touches import mention
from tay_middleware.storage.sql import escalation_logs, question_logs
from tay_middleware.storage.transaction import Row, insert
from tay_middleware.storage.turns.ids import first_id


def label(connection: Connection, row: Row) -> bool:
    """Write down what a question deserved; whether there is such a mention."""
    if not _is_known(connection, row["id"]):
        return False
    statement = insert(connection)(question_labels).values(**row)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["id"],
            set_={name: statement.excluded[name] for name in row if name != "id"},
        )
    )
    return True


def unlabel(connection: Connection, question_id: UUID) -> bool:
    """Take a label back; whether there was one."""
    statement = delete(question_labels).where(question_labels.c.id == question_id)
    return connection.execute(statement).rowcount == 1


def label_of(connection: Connection, question_id: UUID) -> Any:
    """The label of a question, or `None`."""
    statement = select(question_labels).where(question_labels.c.id == question_id)
    return connection.execute(statement).first()


def labelled(connection: Connection, since: datetime, *, limit: int) -> Sequence[Any]:
    """Questions that were labelled since a time, the newest label first.

    Rows of `question_logs`, and `label_escalate`, `label_offer`.
    """
    columns = question_labels.c
    statement = (
        select(
            question_logs,
            columns.escalate.label("label_escalate"),
            columns.offer.label("label_offer"),
        )
        .join(question_labels, columns.id == question_logs.c.id)
        .where(columns.at >= since)
        .order_by(columns.at.desc(), columns.id.desc())
    )
    return connection.execute(statement.limit(limit)).all()


def questions_with_labels(connection: Connection, since: datetime, *, limit: int) -> Sequence[Any]:
    """Questions asked since a time, the newest first; rows as of `labelled`, labels may be null."""
    columns, asked = question_labels.c, question_logs.c
    statement = (
        select(
            question_logs,
            columns.escalate.label("label_escalate"),
            columns.offer.label("label_offer"),
        )
        .outerjoin(question_labels, columns.id == asked.id)
        .where(asked.id >= first_id(since))
        .order_by(asked.id.desc())
    )
    return connection.execute(statement.limit(limit)).all()


def add_note(connection: Connection, row: Row) -> bool:
    """Keep a note; whether there is such a mention."""
    known = mention(connection, row["escalation_id"])
    if known is None:
        return False
    note = {**row, "user_key": known.user_key}
    connection.execute(insert(connection)(escalation_notes), [note])
    return True


def notes_of(connection: Connection, escalation_id: UUID) -> Sequence[Any]:
    """The notes on a mention, oldest first."""
    columns = escalation_notes.c
    statement = select(escalation_notes).where(columns.escalation_id == escalation_id)
    return connection.execute(statement.order_by(columns.id)).all()


def _is_known(connection: Connection, escalation_id: UUID) -> bool:
    known = select(escalation_logs.c.id).where(escalation_logs.c.id == escalation_id)
    return connection.execute(known).first() is not None
