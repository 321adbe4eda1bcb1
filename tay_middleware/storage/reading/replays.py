"""What the log holds of decisions that a replay can make again: scores, fates and words.

Every function takes a `Transaction`; run it by `Database.read`. JSON comes as text: a replay reads
a hundred thousand rows, and of most of them only a part.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, case, cast, func, or_, select

from tay_middleware.domain import Stage
from tay_middleware.storage.desk.tables import question_labels
from tay_middleware.storage.payments.tables import conversions, feedback
from tay_middleware.storage.sql import escalation_logs, question_logs
from tay_middleware.storage.turns.ids import asked_between, first_id

_LIGHT = (
    "id",
    "user_key",
    "session_id",
    "created_at",
    "answered_at",
    "need",
    "detected",
    "shown",
    "suppressed",
    "kind",
    "offer",
    "reason",
    "template",
    "stage",
    "confidence",
    "status",
    "playbook_version",
)
"""Columns that every row is read with."""


def scored(connection: Connection, since: datetime, until: datetime) -> Sequence[Any]:
    """Turns of a period, oldest first, as a replay of thresholds needs them.

    Rows of `_LIGHT`; `decided_by`, which is `gates` where one is closed, else `llm`, `encoder`,
    `scorer` or `keywords`; and where phrases may matter `scores` and `indicators` as text, else
    `None`.
    """
    asked = question_logs.c
    scores = cast(asked.scores, Text)
    decided_by = case(
        (cast(asked.gates, Text) != "[]", "gates"),
        (asked.stage == Stage.LLM.value, "llm"),
        (scores.contains('"encoder.escalate"', autoescape=True), "encoder"),
        (scores.contains('"scorer.escalate"', autoescape=True), "scorer"),
        else_="keywords",
    ).label("decided_by")
    by_phrases = or_(asked.need, asked.stage == Stage.KEYWORDS.value)
    statement = (
        select(
            *(asked[name] for name in _LIGHT),
            decided_by,
            case((by_phrases, scores)).label("scores"),
            case((by_phrases, cast(asked.indicators, Text))).label("indicators"),
        )
        .where(*_between(since, until))
        .order_by(asked.id)
    )
    return connection.execute(statement).all()


def asked_at_nth_last(connection: Connection, last: int, until: datetime) -> datetime | None:
    """When the `last`-th newest question before a time was asked; `None` where there are fewer."""
    asked = question_logs.c
    statement = (
        select(asked.created_at)
        .where(asked.id < first_id(until))
        .order_by(asked.id.desc())
        .offset(last - 1)
        .limit(1)
    )
    found: datetime | None = connection.execute(statement).scalar()
    return found


def bought(connection: Connection, since: datetime, until: datetime) -> Sequence[Any]:
    """Purchases of a period that count: rows of `user_key`, `begun_at`, `net`, `currency`."""
    sold = conversions.c
    statement = select(sold.user_key, sold.begun_at, sold.net, sold.currency).where(
        sold.counts, sold.user_key.is_not(None), sold.begun_at >= since, sold.begun_at < until
    )
    return connection.execute(statement).all()


def converted(connection: Connection, since: datetime, until: datetime) -> frozenset[Any]:
    """The ids of mentions of a period that are credited with a purchase, or marked as such."""
    shown = escalation_logs.c
    statement = select(shown.id).where(shown.converted, *asked_between(shown.id, since, until))
    return frozenset(connection.execute(statement).scalars())


def judged(connection: Connection, since: datetime, until: datetime) -> Mapping[Any, bool]:
    """What users said of mentions of a period: id of the mention → whether it was helpful."""
    said = feedback.c
    statement = select(said.escalation_id, said.helpful).where(
        said.helpful.is_not(None),
        *asked_between(said.escalation_id, since, until),
    )
    return {row.escalation_id: row.helpful for row in connection.execute(statement)}


def labelled(connection: Connection, since: datetime, until: datetime) -> Mapping[Any, bool]:
    """What people said of questions of a period: id → whether it deserved an offer."""
    said = question_labels.c
    statement = select(said.id, said.escalate).where(*asked_between(said.id, since, until))
    return {row.id: bool(row.escalate) for row in connection.execute(statement)}


SAMPLES = 1 << 16
"""Parts that people are sorted into by their key, for a sample that keeps each person whole."""


def asked_whole(
    connection: Connection, since: datetime, until: datetime, parts: int = SAMPLES
) -> Sequence[Any]:
    """Turns of a period with everything that they can be decided again from, oldest first.

    `parts` of `SAMPLES` of the people alone: all turns of a person, or none. Rows of
    `question_logs` but `indicators` and `notes`; JSON columns as text.
    """
    asked = question_logs.c
    plain = [column for column in asked if column.name not in {*_JSON, "indicators", "notes"}]
    statement = (
        select(*plain, *(cast(asked[name], Text).label(name) for name in _JSON))
        .where(*_between(since, until), *_sampled(parts))
        .order_by(asked.id)
    )
    return connection.execute(statement).all()


def remembered(
    connection: Connection, since: datetime, until: datetime, parts: int = SAMPLES
) -> Sequence[Any]:
    """What history keeps of turns of a period, oldest first; people as in `asked_whole`."""
    asked = question_logs.c
    statement = (
        select(*(asked[name] for name in _REMEMBERED), cast(asked.gates, Text).label("gates"))
        .where(asked.user_key.is_not(None), *_between(since, until), *_sampled(parts))
        .order_by(asked.id)
    )
    return connection.execute(statement).all()


def many(connection: Connection, since: datetime, until: datetime) -> int:
    """How many questions were asked in a period."""
    statement = select(func.count()).select_from(question_logs).where(*_between(since, until))
    return int(connection.execute(statement).scalar_one())


def stops(connection: Connection, since: datetime, until: datetime) -> Sequence[Any]:
    """Who said stop by feedback, and when: rows of `user_key` and `at`."""
    said = feedback.c
    statement = select(said.user_key, said.at).where(
        said.stop, said.user_key.is_not(None), said.at >= since, said.at < until
    )
    return connection.execute(statement.order_by(said.at)).all()


_JSON = ("scores", "gates", "assignments")

_REMEMBERED = (
    "turn_id",
    "user_key",
    "session_id",
    "created_at",
    "topic",
    "kind",
    "offer",
    "reason",
    "template",
    "status",
)


def _sampled(parts: int) -> tuple[ColumnElement[bool], ...]:
    """A share of the people, by the beginning of their keys; of nobody's questions, by the end."""
    if parts >= SAMPLES:
        return ()
    asked, bound = question_logs.c, f"{parts:04x}"
    person = func.coalesce(
        func.substr(asked.user_key, 1, 4), func.substr(cast(asked.id, Text), 33, 4)
    )
    return (person < bound,)


def _between(since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    asked = question_logs.c
    return asked_between(asked.id, since, until)
