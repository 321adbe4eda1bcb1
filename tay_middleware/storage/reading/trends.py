"""Figures by day and by kind of mention, narrowed to an offer and a tier: what a page of them asks.

Every function takes a `Transaction`; run it by `Database.read`. Days are of UTC. What is asked
comes from the daily figures that are kept ready, or, where two dimensions are asked for at once,
from the hourly ones; what became of it from the index of sold mentions.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, case, func, select
from sqlalchemy.sql import ColumnElement

from tay_middleware.domain import Kind, Suppression
from tay_middleware.storage.ledger import dead_letters
from tay_middleware.storage.payments.tables import PurchaseKind, conversions, webhook_events
from tay_middleware.storage.sql import escalation_logs
from tay_middleware.storage.turns.figures import ALL, daily_counts, hourly_stats
from tay_middleware.storage.turns.ids import asked_between

WAITING_KINDS = (PurchaseKind.UNMATCHED, PurchaseKind.AMBIGUOUS)
"""Purchases that wait for a person."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which turns: of an offer, of a tier; `None` is all."""

    offer: str | None = None
    tier: str | None = None


@dataclass(frozen=True, slots=True)
class DayCount:
    """Questions asked on a day, and mentions shown."""

    day: date
    questions: int
    shown: int


@dataclass(frozen=True, slots=True)
class KindCount:
    """Mentions of one kind."""

    offer: str
    template: str
    tier: str
    number: int
    day: date | None = None


def by_day(
    connection: Connection, since: datetime, until: datetime, narrowed: Narrowed
) -> list[DayCount]:
    """Questions (of the tier) and mentions (of the tier and offer) of each day that has any."""
    if narrowed.tier is None:
        return _days_of_all(connection, since, until, narrowed.offer)
    counted = hourly_stats.c
    is_shown = and_(counted.kind == Kind.MENTION.value, *_same(counted, narrowed, "offer"))
    day = _day_of(connection, counted.hour)
    statement = (
        select(
            day.label("day"),
            func.sum(counted.questions).label("questions"),
            func.sum(case((is_shown, counted.questions), else_=0)).label("shown"),
        )
        .where(counted.hour >= since, counted.hour < until, *_same(counted, narrowed, "tier"))
        .group_by(day)
        .order_by(day)
    )
    return [
        DayCount(_date(row.day), int(row.questions), int(row.shown))
        for row in connection.execute(statement)
    ]


def _days_of_all(
    connection: Connection, since: datetime, until: datetime, offer: str | None
) -> list[DayCount]:
    counted = daily_counts.c
    is_all = counted.dimension == ALL
    is_shown = (
        is_all if offer is None else and_(counted.dimension == "offer", counted.value == offer)
    )
    statement = (
        select(
            counted.day,
            func.sum(case((is_all, counted.questions), else_=0)).label("questions"),
            func.sum(case((is_shown, counted.escalations), else_=0)).label("shown"),
        )
        .where(
            counted.day >= since.date(),
            counted.day < until.date(),
            counted.dimension.in_((ALL, "offer")),
        )
        .group_by(counted.day)
        .order_by(counted.day)
    )
    rows = connection.execute(statement)
    return [DayCount(row.day, int(row.questions), int(row.shown)) for row in rows]


RANKED = ("offer", "template", "tier")
"""What mentions are told apart by on a page."""

ByName = Mapping[str, Counter[str]]
"""Mentions by each of `RANKED`, each by itself."""


def shown_by(
    connection: Connection,
    since: datetime,
    until: datetime,
    narrowed: Narrowed,
    ripe: tuple[datetime, datetime],
) -> tuple[ByName, ByName]:
    """Mentions of a period by each of `RANKED`: all of them, and those of the part `ripe` of it.

    Ends are midnights (UTC).
    """
    if narrowed != Narrowed():
        every = shown(connection, since, until, narrowed)
        return counted_by(every), counted_by(shown(connection, *ripe, narrowed))
    counted = daily_counts.c
    is_ripe = and_(counted.day >= ripe[0].date(), counted.day < ripe[1].date())
    of_ripe = case((is_ripe, counted.escalations), else_=0)
    statement = (
        select(
            counted.dimension,
            counted.value,
            func.sum(counted.escalations).label("every"),
            func.sum(of_ripe).label("ripe"),
        )
        .where(
            counted.day >= since.date(),
            counted.day < until.date(),
            counted.dimension.in_(RANKED),
        )
        .group_by(counted.dimension, counted.value)
    )
    every_by: ByName = {name: Counter() for name in RANKED}
    ripe_by: ByName = {name: Counter() for name in RANKED}
    for row in connection.execute(statement):
        if row.every:
            every_by[row.dimension][row.value] = int(row.every)
            ripe_by[row.dimension][row.value] = int(row.ripe)
    return every_by, ripe_by


def counted_by(rows: Sequence[KindCount]) -> ByName:
    """Mentions of several kinds by each of `RANKED`."""
    found: ByName = {name: Counter() for name in RANKED}
    for row in rows:
        for name in RANKED:
            found[name][getattr(row, name)] += row.number
    return found


def shown(
    connection: Connection, since: datetime, until: datetime, narrowed: Narrowed
) -> list[KindCount]:
    """Mentions of a period by offer, wording and tier."""
    counted = hourly_stats.c
    key = (counted.offer, counted.template, counted.tier)
    statement = (
        select(*key, func.sum(counted.questions).label("number"))
        .where(
            counted.hour >= since,
            counted.hour < until,
            counted.kind == Kind.MENTION.value,
            *_same(counted, narrowed, "offer", "tier"),
        )
        .group_by(*key)
    )
    rows = connection.execute(statement)
    return [KindCount(row.offer, row.template, row.tier, int(row.number)) for row in rows]


def sold(
    connection: Connection, since: datetime, until: datetime, narrowed: Narrowed
) -> list[KindCount]:
    """Mentions of a period that led to a sale, by the day they were shown, offer, wording, tier."""
    mention = escalation_logs.c
    day = _day_of(connection, mention.created_at)
    key = (mention.offer, mention.template, mention.tier)
    statement = (
        select(day.label("day"), *key, func.count().label("number"))
        .where(
            mention.converted,
            *asked_between(mention.id, since, until),
            *_same(mention, narrowed, "offer", "tier"),
        )
        .group_by(day, *key)
    )
    return [
        KindCount(row.offer, row.template, row.tier, int(row.number), _date(row.day))
        for row in connection.execute(statement)
    ]


def held_back(connection: Connection, since: datetime, until: datetime) -> dict[str, int]:
    """How many needs were held back in a period, by cause, the commonest first."""
    counted = hourly_stats.c
    number = func.sum(counted.questions)
    statement = (
        select(counted.suppressed, number.label("number"))
        .where(counted.hour >= since, counted.hour < until, counted.suppressed != "")
        .group_by(counted.suppressed)
        .order_by(number.desc(), counted.suppressed)
    )
    return {row.suppressed: int(row.number) for row in connection.execute(statement)}


def detected(connection: Connection, since: datetime, until: datetime) -> int:
    """How many questions of a period were found to deserve an offer."""
    counted = hourly_stats.c
    statement = select(func.coalesce(func.sum(counted.detected), 0)).where(
        counted.hour >= since, counted.hour < until
    )
    return _count(connection, statement)


def counted(
    connection: Connection, since: datetime, until: datetime
) -> tuple[int, dict[str, dict[str, int]]]:
    """Questions of whole days, and mentions by dimension and value; `ALL` has the value ``."""
    one = daily_counts.c
    questions, shown = func.sum(one.questions), func.sum(one.escalations)
    statement = (
        select(one.dimension, one.value, questions.label("questions"), shown.label("shown"))
        .where(one.day >= since.date(), one.day < until.date())
        .group_by(one.dimension, one.value)
    )
    asked, mentions = 0, dict[str, dict[str, int]]({ALL: {"": 0}})
    for row in connection.execute(statement):
        if row.dimension == ALL:
            asked += int(row.questions)
        if row.shown:
            mentions.setdefault(row.dimension, {})[row.value] = int(row.shown)
    return asked, mentions


def reasons(connection: Connection, since: datetime, until: datetime) -> dict[str, int]:
    """How many mentions of whole days were made for each reason, the commonest first."""
    counted = daily_counts.c
    number = func.sum(counted.escalations)
    statement = (
        select(counted.value, number.label("number"))
        .where(
            counted.day >= since.date(),
            counted.day < until.date(),
            counted.dimension == "reason",
        )
        .group_by(counted.value)
        .order_by(number.desc(), counted.value)
    )
    return {row.value: int(row.number) for row in connection.execute(statement) if row.number}


@dataclass(frozen=True, slots=True)
class Owed:
    """What waits or has died: deliveries of payments, purchases for a person, events, turns.

    `oldest_waiting` is when the delivery that waits longest came; `degraded` turns of the last day
    on which a part of ours failed.
    """

    waiting: int
    oldest_waiting: datetime | None
    dead_deliveries: int
    unmatched: int
    dead_events: int
    degraded: int


def owed(connection: Connection, day_ago: datetime) -> Owed:
    """What is owed now; `day_ago` is since when degraded turns count."""
    inbox, sale, counted = webhook_events.c, conversions.c, hourly_stats.c
    is_waiting = inbox.due_at.is_not(None)
    number, oldest = connection.execute(
        select(func.count(), func.min(inbox.received_at)).where(is_waiting)
    ).one()
    return Owed(
        waiting=number,
        oldest_waiting=oldest,
        dead_deliveries=_count(connection, select(func.count()).where(inbox.dead_at.is_not(None))),
        unmatched=_count(connection, select(func.count()).where(sale.kind.in_(WAITING_KINDS))),
        dead_events=_count(connection, select(func.count()).select_from(dead_letters)),
        degraded=_count(
            connection,
            select(func.coalesce(func.sum(counted.questions), 0)).where(
                counted.hour >= day_ago, counted.suppressed == Suppression.DEGRADED.value
            ),
        ),
    )


def letters(connection: Connection, limit: int) -> Sequence[Any]:
    """Events that could not be written, the newest first, without what they hold."""
    column = dead_letters.c
    columns = (column.stream_id, column.bucket, column.kind, column.error, column.died_at)
    newest = select(*columns).order_by(column.died_at.desc()).limit(limit)
    return connection.execute(newest).all()


def _count(connection: Connection, statement: Any) -> int:
    return int(connection.execute(statement).scalar_one())


def _same(columns: Any, narrowed: Narrowed, *names: str) -> list[ColumnElement[bool]]:
    return [
        columns[name] == value for name in names if (value := getattr(narrowed, name)) is not None
    ]


def _day_of(connection: Connection, at: Any) -> ColumnElement[Any]:
    """The day of a time: as a date on a server, as its text in a file."""
    if connection.dialect.name == "postgresql":
        return func.date(func.timezone("UTC", at))
    return func.date(at)


def _date(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)
