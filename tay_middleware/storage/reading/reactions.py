"""How users took the mentions: a no, a stop or a complaint right after, or feedback that says so.

Every function takes a `Transaction`; run it by `Database.read`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, cast, func, or_, select

from tay_middleware.storage.desk.pauses import ended_at, pauses
from tay_middleware.storage.payments.tables import feedback
from tay_middleware.storage.sql import escalation_logs, question_logs
from tay_middleware.storage.turns.ids import asked_between


@dataclass(frozen=True, slots=True)
class Reaction:
    """One bad reaction: by whom, to which wording of which offer, and when that was mentioned."""

    user_key: str
    offer: str
    template: str
    mentioned_at: datetime


def mentioned(connection: Connection, since: datetime, until: datetime) -> Sequence[Any]:
    """Rows of `offer`, `template`, `user_key`, `last_at`: who was shown what, and last when."""
    shown = escalation_logs.c
    last_at = func.max(shown.created_at).label("last_at")
    statement = (
        select(shown.offer, shown.template, shown.user_key, last_at)
        .where(shown.user_key.is_not(None), *asked_between(shown.id, since, until))
        .group_by(shown.offer, shown.template, shown.user_key)
    )
    return connection.execute(statement).all()


def bad_reactions(
    connection: Connection,
    since: datetime,
    until: datetime,
    *,
    gates: Collection[str],
    within: timedelta,
) -> list[Reaction]:
    """The bad reactions to mentions of a period.

    Args:
        connection: inside a transaction.
        since: when the first mention that is looked at was made.
        until: what came later is not looked at.
        gates: a next message that closes one of these is a bad reaction.
        within: how soon the next message must come.
    """
    return [
        *_by_words(connection, since, until, gates, within),
        *_by_feedback(connection, since, until, escalation_logs.c.user_key.is_not(None)),
    ]


def bad_feedback_of_nobody(
    connection: Connection, since: datetime, until: datetime
) -> list[Reaction]:
    """The bad reactions to mentions of a period to nobody known, whose next words nobody can tell.

    Feedback names the mention; each is of a user of its own, whose key is the mention's id.
    """
    return _by_feedback(connection, since, until, escalation_logs.c.user_key.is_(None))


def last_lifted(connection: Connection, now: datetime) -> Mapping[str, datetime]:
    """When each name was last switched on again: what was before that counts no more."""
    ended = ended_at(now)
    statement = (
        select(pauses.c.name, func.max(ended).label("lifted_at"))
        .where(ended.is_not(None))
        .group_by(pauses.c.name)
    )
    rows: Sequence[Any] = connection.execute(statement).all()
    return {row.name: row.lifted_at for row in rows}


def _by_words(
    connection: Connection,
    since: datetime,
    until: datetime,
    gates: Collection[str],
    within: timedelta,
) -> list[Reaction]:
    """A reaction is the very next message of the same conversation."""
    if not gates:
        return []
    asked, shown = question_logs.c, escalation_logs.c
    before = question_logs.alias("before")
    newest = (
        select(before.c.id)
        .where(
            before.c.user_key == asked.user_key,
            before.c.session_id.is_not_distinct_from(asked.session_id),
            before.c.id < asked.id,
        )
        .order_by(before.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    words = cast(asked.gates, Text)
    named = or_(*(words.contains(f'"{gate}"', autoescape=True) for gate in sorted(gates)))
    statement = (
        select(shown.user_key, shown.offer, shown.template, shown.created_at, asked.created_at)
        .select_from(question_logs.join(escalation_logs, shown.id == newest))
        .where(asked.user_key.is_not(None), named, *asked_between(asked.id, since, until))
    )
    rows: Sequence[Any] = connection.execute(statement).all()
    return [
        Reaction(user_key, offer, template, mentioned_at)
        for user_key, offer, template, mentioned_at, at in rows
        if mentioned_at >= since and at - mentioned_at <= within
    ]


def _by_feedback(
    connection: Connection, since: datetime, until: datetime, of_whom: ColumnElement[bool]
) -> list[Reaction]:
    shown, said = escalation_logs.c, feedback.c
    statement = (
        select(shown.id, shown.user_key, shown.offer, shown.template, shown.created_at)
        .select_from(escalation_logs.join(feedback, said.escalation_id == shown.id))
        .where(
            of_whom,
            or_(said.stop, said.helpful.is_(False)),
            said.at < until,
            *asked_between(shown.id, since, until),
        )
    )
    rows: Sequence[Any] = connection.execute(statement).all()
    return [
        Reaction(user_key or str(mention), offer, template, mentioned_at)
        for mention, user_key, offer, template, mentioned_at in rows
    ]
