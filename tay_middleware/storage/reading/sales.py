"""What the admin API reads: figures of a period, and all that belongs to a mention or a purchase.

Every function takes a `Transaction`; run it by `Database.read`.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, func, or_, select, text

from tay_middleware.storage.columns import Id
from tay_middleware.storage.payments.by_hand import revenue_by_hand
from tay_middleware.storage.payments.purchases import sales_and_marks
from tay_middleware.storage.payments.tables import (
    conversions,
    feedback,
    link_clicks,
    payment_keys,
)
from tay_middleware.storage.reading.trends import counted
from tay_middleware.storage.sql import escalation_logs, question_logs
from tay_middleware.storage.turns.figures import ALL, COUNTED
from tay_middleware.storage.turns.ids import first_id

_NAMES = ", ".join(COUNTED)
_SOLD = {
    name: text(
        f"SELECT {_NAMES}, count(*) FROM escalation_logs {hint} "  # noqa: S608 - our own names
        f"WHERE {converted} AND id >= :since AND id < :until GROUP BY {_NAMES}"
    )
    for name, hint, converted in (
        ("sqlite", "INDEXED BY ix_escalation_logs_sold", "converted = 1"),
        ("postgresql", "", "converted"),
    )
}
"""SQLite's planner prefers an index that makes it look up each row; this one holds the values."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of a period: `shown` and `sold` by dimension and value; revenue by currency.

    `conversions` and `sold` are of the mentions whose rows are still there, `known` and
    `known_escalations` count those.
    """

    questions: int
    escalations: int
    known_escalations: int
    conversions: int
    shown: Mapping[str, Mapping[str, int]]
    known: Mapping[str, Mapping[str, int]]
    sold: Mapping[str, Mapping[str, int]]
    revenue: Sequence[Any]


def figures(
    connection: Connection, since: datetime, until: datetime, rows_since: datetime | None = None
) -> Figures:
    """Questions and escalations of whole days (UTC), and what became of those escalations.

    What became of them is counted from `rows_since` on, the midnight (UTC) before which rows are
    past their retention; `None`: all are there.

    Rows of `revenue`, for purchases begun in the period: `kind`, `currency`, `conversions`, `net`,
    `lifetime`. Sales that an admin marked with an amount are of the kind `by_hand`.
    """
    known_since = max(since, rows_since or since)
    questions, shown = counted(connection, since, until)
    known = shown
    if known_since > since:
        _, known = counted(connection, known_since, until)
    sold = _sold(connection, known_since, until)
    return Figures(
        questions=questions,
        escalations=shown[ALL][""],
        known_escalations=known[ALL][""],
        conversions=sum(sold["offer"].values()),
        shown=shown,
        known=known,
        sold=sold,
        revenue=[
            *revenue(connection, since, until),
            *(row for row in revenue_by_hand(connection, since, until) if row.currency),
        ],
    )


def _sold(
    connection: Connection, since: datetime, until: datetime
) -> Mapping[str, Mapping[str, int]]:
    ends = {"since": first_id(since), "until": first_id(until)}
    statement = _SOLD[connection.dialect.name].bindparams(
        *(bindparam(name, value, type_=Id) for name, value in ends.items())
    )
    counts: dict[str, Counter[str]] = {name: Counter() for name in COUNTED}
    for *values, number in connection.execute(statement):
        for name, value in zip(COUNTED, values, strict=True):
            counts[name][value] += number
    return counts


def revenue(connection: Connection, since: datetime, until: datetime) -> Sequence[Any]:
    """What purchases begun in a period came to, as `Figures.revenue`."""
    sold = conversions.c
    statement = (
        select(
            sold.kind,
            sold.currency,
            func.count().label("conversions"),
            func.sum(sold.net).label("net"),
            func.sum(sold.lifetime).label("lifetime"),
        )
        .where(sold.begun_at >= since, sold.begun_at < until, sold.counts)
        .group_by(sold.kind, sold.currency)
        .order_by(sold.kind, sold.currency)
    )
    return connection.execute(statement).all()


def touches(
    connection: Connection, since: datetime, until: datetime, *, first: bool
) -> Sequence[Any]:
    """What is credited to each wording: rows of `offer`, `template`, and as `Figures.revenue`.

    By the last touch, or, with `first`, by the first one of the window.
    """
    sold, shown = conversions.c, escalation_logs.c
    touch = sold.first_escalation_id if first else sold.escalation_id
    number = func.count().label("conversions")
    statement = (
        select(
            *(shown.offer, shown.template, sold.currency, number),
            func.sum(sold.net).label("net"),
            func.sum(sold.lifetime).label("lifetime"),
        )
        .join(escalation_logs, shown.id == touch)
        .where(sold.begun_at >= since, sold.begun_at < until, sold.counts)
        .group_by(shown.offer, shown.template, sold.currency)
        .order_by(number.desc(), shown.template, sold.currency)
    )
    return connection.execute(statement).all()


def references(connection: Connection, purchase_keys: Collection[str]) -> dict[str, list[str]]:
    """The ids of providers that belong to some purchases, by the purchase's key."""
    keys = payment_keys.c
    statement = select(payment_keys).where(keys.purchase_key.in_(purchase_keys)).order_by(keys.key)
    found: dict[str, list[str]] = {}
    for row in connection.execute(statement):
        found.setdefault(row.purchase_key, []).append(row.key)
    return found


@dataclass(frozen=True, slots=True)
class Beside:
    """What belongs to some mentions: rows by the mention's id."""

    sales: dict[UUID, list[Any]]
    marks: dict[UUID, list[Any]]
    clicks: dict[UUID, datetime]
    feedback: dict[UUID, Any]


def beside(connection: Connection, escalations: Collection[UUID]) -> Beside:
    """Sales (first paid first), marks (oldest first), clicks and feedback of some mentions."""
    sales, marks = sales_and_marks(connection, escalations)
    clicks = select(link_clicks).where(link_clicks.c.escalation_id.in_(escalations))
    told = select(feedback).where(feedback.c.escalation_id.in_(escalations))
    return Beside(
        sales,
        marks,
        {row.escalation_id: row.clicked_at for row in connection.execute(clicks)},
        {row.escalation_id: row for row in connection.execute(told)},
    )


def escalation(connection: Connection, escalation_id: UUID) -> Any:
    """A mention, or `None`."""
    statement = select(escalation_logs).where(escalation_logs.c.id == escalation_id)
    return connection.execute(statement).first()


def question(connection: Connection, row_id: UUID) -> Any:
    """The row of `question_logs` of a mention, with all that explains it, or `None`."""
    return connection.execute(select(question_logs).where(question_logs.c.id == row_id)).first()


def purchases(
    connection: Connection,
    *,
    kind: str | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[Any]:
    """Purchases, the newest first; `before` is time and id of the last one of the page before."""
    sold = conversions.c
    statement = select(conversions)
    if kind is not None:
        statement = statement.where(sold.kind == kind)
    if before is not None:
        at, last = before
        statement = statement.where(
            or_(sold.begun_at < at, and_(sold.begun_at == at, sold.id < last))
        )
    newest = statement.order_by(sold.begun_at.desc(), sold.id.desc())
    return connection.execute(newest.limit(limit)).all()


def purchase(connection: Connection, purchase_id: UUID) -> Any:
    """A purchase by its id, or by one that it had before a lesser key came; or `None`."""
    sold, keys = conversions.c, payment_keys.c
    found = connection.execute(select(conversions).where(sold.id == purchase_id)).first()
    if found is not None:
        return found
    was = select(keys.purchase_key).where(keys.id == purchase_id)
    return connection.execute(select(conversions).where(sold.purchase_key.in_(was))).first()
