"""What a day came to by user: figures that need its rows, kept once the day is over.

A sheet is a pure function of rows and of what counts as a bad reaction, so it can be thrown away
and made again. It is made anew when the day's own counts have changed since (late events, a turn
that was taken back), when bad reactions are others, and each time that one more window has closed.
Every function takes a `Transaction`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Date,
    Integer,
    Select,
    Table,
    Text,
    case,
    cast,
    func,
    select,
    update,
)
from sqlalchemy.sql import ColumnElement

from tay_middleware.domain import ReplyStatus
from tay_middleware.playbook import HOLDOUT
from tay_middleware.storage.columns import JSON_TYPE
from tay_middleware.storage.desk.tables import question_labels
from tay_middleware.storage.payments.by_hand import when_is_known
from tay_middleware.storage.payments.tables import feedback
from tay_middleware.storage.removals import removed_until
from tay_middleware.storage.sql import escalation_logs, metadata, question_logs
from tay_middleware.storage.transaction import insert
from tay_middleware.storage.turns.exposures import exposures
from tay_middleware.storage.turns.figures import ALL, daily_counts, daily_users
from tay_middleware.storage.turns.ids import asked_between, first_id

day_sheets = Table(
    "day_sheets",
    metadata,
    Column("day", Date, primary_key=True),
    Column("closed_days", Integer, nullable=False),
    Column("questions", BigInteger, nullable=False),
    Column("escalations", BigInteger, nullable=False),
    Column("terms", BigInteger, nullable=False),
    Column("content", JSON_TYPE, nullable=False),
)
"""One row a day (UTC). `closed_days` is how many days after it were over when the sheet was made,
`questions` and `escalations` how many were known of then, `terms` a mark of what its figures mean
and of what counted as a bad reaction; `content` is what `analytics.days` makes of its rows."""

DIMENSIONS = (
    "offer",
    "template",
    "strength",
    "tier",
    "reason",
    "stage",
    "topic",
    "playbook_version",
)
"""What mentions are told apart by."""

COST = "llm.cost_usd"
"""The score of a question that says what an LLM's opinion of it cost, in US dollars."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a sheet was made of; see `day_sheets`."""

    closed_days: int
    questions: int
    escalations: int
    terms: int


def known_days(connection: Connection, first: date, end: date) -> dict[date, tuple[int, int]]:
    """The days of `[first, end)` on which anything was asked: questions and mentions."""
    counted = daily_counts.c
    statement = select(counted.day, counted.questions, counted.escalations).where(
        counted.dimension == ALL, counted.day >= first, counted.day < end, counted.questions > 0
    )
    rows = connection.execute(statement)
    return {row.day: (int(row.questions), int(row.escalations)) for row in rows}


def first_day(connection: Connection) -> date | None:
    """The first day on which anything was ever asked, `None` where nothing was."""
    counted = daily_counts.c
    statement = select(counted.day).where(counted.dimension == ALL, counted.questions > 0)
    found: date | None = connection.execute(statement.order_by(counted.day).limit(1)).scalar()
    return found


def kept(connection: Connection, first: date, end: date) -> dict[date, Mark]:
    """What the sheets of `[first, end)` were made of."""
    sheet = day_sheets.c
    statement = select(
        sheet.day, sheet.closed_days, sheet.questions, sheet.escalations, sheet.terms
    ).where(sheet.day >= first, sheet.day < end)
    return {
        row.day: Mark(row.closed_days, int(row.questions), int(row.escalations), int(row.terms))
        for row in connection.execute(statement)
    }


def contents(connection: Connection, first: date, end: date) -> list[tuple[date, Any]]:
    """Day and content of the sheets of `[first, end)`, in order.

    Where rows were past their retention before a sheet was made of them, what is left of the day is
    not the day: it is left out.
    """
    sheet = day_sheets.c
    statement = (
        select(sheet.day, sheet.content, sheet.questions)
        .where(sheet.day >= first, sheet.day < end)
        .order_by(sheet.day)
    )
    rows = connection.execute(statement)
    return [(row.day, row.content) for row in rows if knows(row.content) >= row.questions]


def knows(content: Any) -> int:
    """How many questions a sheet was made of."""
    return sum(map(sum, content["asked"].values()))


def keep(connection: Connection, day: date, mark: Mark, content: Any | None) -> None:
    """Write a sheet, in the place of one that knew no more; without content the old one stays.

    Then it goes on saying of how many questions and mentions it was made: with the counts of a day
    that it does not know it would seem to be short, and be left out.
    """
    row = {"day": day, **asdict(mark)}
    if content is None:
        said = {"closed_days": mark.closed_days, "terms": mark.terms}
        connection.execute(update(day_sheets).where(day_sheets.c.day == day).values(**said))
        return
    row["content"] = content
    statement = insert(connection)(day_sheets).values(**row)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["day"],
            set_={name: statement.excluded[name] for name in row if name != "day"},
            where=day_sheets.c.closed_days <= statement.excluded.closed_days,
        )
    )


def asked(connection: Connection, day: date) -> Sequence[Any]:
    """How many questions each user asked on a day: `user_key`, `tier`, `number`.

    A turn whose model failed is none, as in `figures`. The key of nobody's question is the
    question's own id.
    """
    question = question_logs.c
    user_key = func.coalesce(question.user_key, cast(question.id, Text)).label("user_key")
    statement = (
        select(user_key, question.tier, func.count().label("number"))
        .where(*_on(question.id, day), question.status != ReplyStatus.FAILED.value)
        .group_by(user_key, question.tier)
    )
    return connection.execute(statement).all()


def mentions(connection: Connection, day: date) -> Sequence[Any]:
    """Who was shown what on a day: `user_key`, and the columns of `DIMENSIONS`."""
    shown = escalation_logs.c
    columns = (shown.id, shown.user_key, *(shown[name] for name in DIMENSIONS))
    return connection.execute(select(*columns).where(*_on(shown.id, day))).all()


def due(connection: Connection, day: date) -> Sequence[Any]:
    """Users whose first exposure to the holdout was on a day: one row each.

    Later exposures count nowhere: how soon a mention is due again hangs on whether the last one was
    shown. Rows of `arm`, `user_key`, `again` (asked again in the same conversation before the next
    day was over), `week` (came on one of the seven days after) and `month` (on one of the days 8 to
    30 after).
    """
    first = _first_exposures(day).cte("first").c
    statement = select(
        first.arm,
        first.user_key,
        _asked_again(day, first.user_key, question_logs.c.created_at == first.first_at),
        *_came_back(first.user_key, day),
    ).where(first.turn == 1, first.first_at >= midnight(day))
    return connection.execute(statement).all()


def _first_exposures(day: date) -> Select[Any]:
    """The exposures to the holdout, in order (`turn`), of everybody who has one of a day."""
    one = exposures.c
    begins = midnight(day)
    on_day = select(one.user_key).where(
        one.experiment == HOLDOUT,
        one.first_at >= begins,
        one.first_at < begins + timedelta(days=1),
    )
    order = [one.first_at, one.playbook_version]
    return select(
        one.arm,
        one.user_key,
        one.first_at,
        func.row_number().over(partition_by=one.user_key, order_by=order).label("turn"),
    ).where(one.experiment == HOLDOUT, one.user_key.in_(on_day))


def answered(connection: Connection, day: date) -> Sequence[Any]:
    """Mentions of a day of somebody: `user_key`, and `again` as of `due`."""
    shown = escalation_logs.c
    again = _asked_again(day, shown.user_key, question_logs.c.id == shown.id)
    statement = select(shown.user_key, again).where(
        shown.user_key.is_not(None), *_on(shown.id, day)
    )
    return connection.execute(statement).all()


def _asked_again(day: date, user_key: Any, which: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a user's question of a day was followed by another of its conversation."""
    asked, later = question_logs.c, question_logs.alias("later").c
    followed = select(later.id).where(
        asked.user_key == user_key,
        which,
        *_on(asked.id, day),
        later.user_key == asked.user_key,
        later.session_id.is_not_distinct_from(asked.session_id),
        later.id > asked.id,
        later.id < first_id(midnight(day) + timedelta(days=2)),
    )
    return followed.exists().label("again")


def active(connection: Connection, day: date) -> Sequence[Any]:
    """Who asked anything on a day: `user_key`, and `week` and `month` as of `due`."""
    came = daily_users.c
    statement = select(came.user_key, *_came_back(came.user_key, day)).where(came.day == day)
    return connection.execute(statement).all()


def is_removed(connection: Connection, day: date) -> bool:
    """Whether rows of a day have gone, those of all of it or of its beginning."""
    until = removed_until(connection)
    return until is not None and midnight(day) < until


def users_went(connection: Connection, day: date) -> bool:
    """Whether a question of a day is there and who came on that day is not known any more."""
    question, came = question_logs.c, daily_users.c
    known = select(came.day).where(came.day == day, came.user_key == question.user_key)
    lonely = select(question.id).where(
        question.user_key.is_not(None), *_on(question.id, day), ~known.exists()
    )
    return connection.execute(lonely.limit(1)).first() is not None


def opinions(connection: Connection, day: date) -> Sequence[Any]:
    """The scores of the questions of a day about which an LLM was asked."""
    asked = question_logs.c
    statement = select(asked.scores).where(
        cast(asked.scores, Text).contains(f'"{COST}"', autoescape=True), *_on(asked.id, day)
    )
    return connection.execute(statement).scalars().all()


def sold(connection: Connection, since: datetime, until: datetime) -> Sequence[Any]:
    """Mentions of a period that led to a sale.

    Rows of `id`, `user_key`, `created_at`, `converted_at`, `is_timed` (`converted_at` is when it
    was sold), and the columns of `DIMENSIONS`.
    """
    shown = escalation_logs.c
    columns = (shown.id, shown.user_key, shown.created_at, shown.converted_at)
    timed = when_is_known().label("is_timed")
    statement = select(*columns, timed, *(shown[name] for name in DIMENSIONS)).where(
        shown.converted, *asked_between(shown.id, since, until)
    )
    return connection.execute(statement).all()


def feedback_of(connection: Connection, since: datetime, until: datetime) -> tuple[int, int, int]:
    """Of the mentions of a period: called helpful, called not, and followed by a stop."""
    said, mention = feedback.c, escalation_logs.c
    statement = (
        select(
            func.sum(case((said.helpful.is_(True), 1), else_=0)),
            func.sum(case((said.helpful.is_(False), 1), else_=0)),
            func.sum(case((said.stop, 1), else_=0)),
        )
        .select_from(feedback.join(escalation_logs, mention.id == said.escalation_id))
        .where(*asked_between(mention.id, since, until))
    )
    helpful, not_helpful, stop = connection.execute(statement).one()
    return int(helpful or 0), int(not_helpful or 0), int(stop or 0)


def judged(connection: Connection, since: datetime, until: datetime) -> Sequence[Any]:
    """Questions of a period that a person judged: `detected`, `offer`, and what was right.

    Rows of `detected`, `offer`, `label_escalate`, `label_offer`.
    """
    said, question = question_labels.c, question_logs.c
    statement = (
        select(
            question.detected,
            question.offer,
            said.escalate.label("label_escalate"),
            said.offer.label("label_offer"),
        )
        .join(question_labels, said.id == question.id)
        .where(*asked_between(question.id, since, until))
    )
    return connection.execute(statement).all()


def midnight(day: date) -> datetime:
    """When a day begins, UTC."""
    return datetime.combine(day, time(), UTC)


def _on(row_id: Any, day: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return asked_between(row_id, midnight(day), midnight(day + timedelta(days=1)))


def _came_back(user_key: Any, day: date) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for name, first, last in (("week", 1, 7), ("month", 8, 30)):
        came = daily_users.alias(f"{name}_later").c
        there = select(came.day).where(
            came.user_key == user_key,
            came.day >= day + timedelta(days=first),
            came.day <= day + timedelta(days=last),
        )
        found.append(there.exists().label(name))
    return found
