"""The tables of the dashboard, and of what people say by it; what a row means stands under each.

Who may, who did what, and what a decision deserved.
"""

from datetime import datetime

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Index,
    String,
    Table,
    delete,
)

from tay_middleware.storage.columns import JSON_TYPE, Id, Utc, Words
from tay_middleware.storage.sql import metadata
from tay_middleware.storage.turns.ids import last_id

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("via", String(16), nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", Words),
    Column("detail", JSON_TYPE, nullable=False),
    Index(None, "subject", "id"),
    Index(None, "action", "id"),
)
"""`actor` is `token:<id>`, or `cli:<name>` for who was at a terminal; `via` is `dashboard`, `api`
or `cli`; `action` a verb such as `mark`; `subject` what it was done to: the id of a mention, a
purchase, a delivery, the name of a wording. That somebody was erased does not say who it was."""

dashboard_sessions = Table(
    "dashboard_sessions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("token_id", String(16), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Index(None, "expires_at"),
)
"""`id` is the SHA-256 of the secret in the cookie; `expires_at` the end whatever happens."""

question_labels = Table(
    "question_labels",
    metadata,
    Column("id", Id, primary_key=True),
    Column("escalate", Boolean(create_constraint=False), nullable=False),
    Column("offer", String(64)),
    Column("actor", String(80), nullable=False),
    Column("at", Utc, nullable=False),
)
"""What a question deserved, as a person said it: `id` is the question's; the last word stands.
`offer` is the right one where `escalate` is true."""

escalation_notes = Table(
    "escalation_notes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("escalation_id", Id, nullable=False),
    Column("words", Words, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("at", Utc, nullable=False),
    Column("user_key", String(64)),
    Index(None, "escalation_id"),
    Index(None, "user_key"),
)
"""Notes of admins on a mention, for one another. `user_key` is whose mention it was: the mention
may be past its retention when she wants to be forgotten."""


def forget_notes(connection: Connection, user_key: str, until: datetime) -> None:
    """Take away the notes on what a user was shown up to a time: they may name her."""
    notes = escalation_notes.c
    connection.execute(
        delete(escalation_notes).where(
            notes.user_key == user_key, notes.escalation_id <= last_id(until)
        )
    )
