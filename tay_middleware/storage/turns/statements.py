"""What the embedded store asks its file, built once; the only SQL that is SQLite's alone.

The order of turns is the order of their commits, which is SQLite's `rowid`: clocks of several
machines, or one that is set back, cannot mix up which reply a user saw last.
"""

from typing import Any

from sqlalchemy import bindparam, desc, func, literal_column, select

from tay_middleware.domain import Kind, Suppression
from tay_middleware.storage.sql import escalation_logs, question_logs, user_profiles
from tay_middleware.storage.turns.spacing import MOST_SPANS

_NEWEST: Any = desc(literal_column("question_logs.rowid"))

RECENT = (
    select(
        question_logs.c.turn_id,
        question_logs.c.created_at,
        question_logs.c.session_id,
        question_logs.c.topic,
        question_logs.c.kind,
        question_logs.c.offer,
        question_logs.c.reason,
        question_logs.c.gates,
        question_logs.c.template,
        question_logs.c.status,
    )
    .where(question_logs.c.user_key == bindparam("user_key"))
    .order_by(_NEWEST)
    .limit(bindparam("most"))
)
"""The newest turns of a user, the last one first."""

MENTIONS = (
    select(escalation_logs.c.created_at)
    .where(
        escalation_logs.c.user_key == bindparam("user_key"),
        escalation_logs.c.created_at > bindparam("since"),
    )
    .order_by(escalation_logs.c.created_at)
)
"""When mentions were made to a user, oldest first."""

MENTIONS_SINCE = select(func.count()).where(
    escalation_logs.c.user_key == bindparam("user_key"),
    escalation_logs.c.created_at > bindparam("since"),
)
"""How many."""

PROFILE = select(user_profiles).where(user_profiles.c.user_key == bindparam("user_key"))

EARLIER = select(question_logs.c.id, question_logs.c.status, question_logs.c.addition).where(
    question_logs.c.turn_id == bindparam("turn_id")
)
"""What was committed for a turn before."""

LAST_IN_SESSION = (
    select(question_logs.c.created_at, question_logs.c.answered_at)
    .select_from(escalation_logs.join(question_logs, question_logs.c.id == escalation_logs.c.id))
    .where(
        escalation_logs.c.user_key == bindparam("user_key"),
        escalation_logs.c.session_id.is_not_distinct_from(bindparam("session_id")),
    )
    .order_by(desc(question_logs.c.answered_at))
    .limit(1)
)
"""When the last mention of a session was asked for, and its reply complete."""

SPANS = (
    select(question_logs.c.created_at, question_logs.c.answered_at)
    .where(
        question_logs.c.user_key == bindparam("user_key"),
        question_logs.c.session_id.is_not_distinct_from(bindparam("session_id")),
    )
    .order_by(_NEWEST)
    .limit(MOST_SPANS)
)
"""When the newest turns of a session were asked and answered."""

ROW = select(question_logs).where(question_logs.c.id == bindparam("id"))

LATEST = select(question_logs).order_by(desc(question_logs.c.id)).limit(bindparam("most"))

NOT_SHOWN = {
    "shown": False,
    "kind": Kind.NONE.value,
    "suppressed": Suppression.DEGRADED.value,
    "addition": None,
    "arm": None,
}
"""What a mention that nobody saw becomes."""
