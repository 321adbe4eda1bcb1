"""The first page's figures: how often Tay mentions something, what becomes of it, and where.

Conversion is of mentions whose window is closed; younger ones would make every last week look bad.
Nor of such as are past their retention: what became of them is gone, though they are still counted.
Shares are counted by turn. Their intervals are by user, of the sheets of days (see `measures`): a
user who sees five mentions is one opinion. Where sheets do not tell, there is none.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tay_middleware.analytics.calendar import day_of
from tay_middleware.analytics.catalogue import Measure, Terms
from tay_middleware.analytics.measures import Measures, measure
from tay_middleware.analytics.metrics import Period, Rate, Revenue, plain
from tay_middleware.analytics.retention import rows_since
from tay_middleware.storage import Database
from tay_middleware.storage.reading import trends
from tay_middleware.storage.reading.sales import revenue
from tay_middleware.storage.reading.trends import RANKED, ByName, DayCount, KindCount, Narrowed
from tay_middleware.storage.transaction import Transaction

TRAILING_DAYS = 7
"""Days that a point of a conversion line looks back on: one day's mentions are too few to read."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day (UTC).

    `converted` of the `shown` led to a sale so far. `escalation` is of the day, `conversion` of the
    mentions of the `TRAILING_DAYS` up to it, and `None` where their window is still open or the
    rows of the day are past their retention. Neither has an interval.
    """

    day: date
    questions: int
    shown: int
    converted: int
    escalation: Rate
    conversion: Rate | None


@dataclass(frozen=True, slots=True)
class Ranked:
    """Conversion of matured mentions of one value of a dimension."""

    name: str
    shown: int
    rate: Rate


@dataclass(frozen=True, slots=True)
class Overview:
    """What a period came to; `before` is the period of the same length before it.

    `escalation` is of all days, without an interval; `escalation_by_user` of those that are over,
    `None` where the period is narrowed to an offer. `conversion` has no interval where it is
    narrowed to an offer and a tier at once.

    `by` holds, for `offer`, `template` and `tier`, the values by conversion rate, the best first;
    `shown` of each counts all mentions, its `rate` matured ones alone: those from `matured_since`
    (older ones are past their retention) to before `matured_until`. Narrowed to a tier, rates of
    offers and templates have no interval.
    """

    period: Period
    matured_since: datetime
    matured_until: datetime
    escalation: Rate
    escalation_by_user: Rate | None
    escalation_before: Rate
    conversion: Rate
    conversion_before: Rate
    days: tuple[Day, ...]
    by: Mapping[str, tuple[Ranked, ...]]
    revenue: tuple[Revenue, ...]


async def overview(
    database: Database, period: Period, narrowed: Narrowed, terms: Terms, *, now: datetime
) -> Overview:
    """The figures of a period.

    Args:
        database: where the log is.
        period: whole days.
        narrowed: which offer and tier; revenue is of all of them.
        terms: what figures hang on; mentions younger than the window are in no conversion rate.
        now: the moment.

    Raises:
        StorageError: the database does not answer.
    """
    known = await _known(database, _before(period).since, terms, now)
    by_user = await _by_user(database, period, narrowed, terms, now)
    counted = await database.read(_count, period, narrowed, known)
    return _summed(period, counted, by_user, known, now)


async def ranked(
    database: Database, period: Period, name: str, terms: Terms, *, now: datetime
) -> tuple[Ranked, ...]:
    """The values of one dimension (`offer`, `template`, `tier`) alone, as `Overview.by`.

    Raises:
        StorageError: the database does not answer.
    """
    matured = (await _known(database, period.since, terms, now)).matured(period)
    known = matured.since, matured.until
    by_user = await _by_user(database, period, Narrowed(), terms, now)

    def count(connection: Transaction) -> tuple[Ranked, ...]:
        sold = trends.sold(connection, *known, Narrowed())
        shown, ripe = trends.shown_by(connection, period.since, period.until, Narrowed(), known)
        return _ranked(shown[name], ripe[name], trends.counted_by(sold)[name], by_user.by[name])

    return await database.read(count)


@dataclass(frozen=True, slots=True)
class _Known:
    """Of which mentions it is known what became of them, both ends at midnight.

    Rows are there from `since` on, and the window of a mention from before `closed` has closed.
    """

    since: datetime
    closed: datetime

    def matured(self, period: Period) -> Period:
        """The days of a period whose mentions conversion is counted of; it may have none."""
        since = max(period.since, self.since)
        return Period(since, max(since, min(period.until, self.closed)))


async def _known(database: Database, since: datetime, terms: Terms, now: datetime) -> _Known:
    closed = day_of(now - timedelta(days=terms.attribution_days))
    return _Known(await rows_since(database, since, now, terms.retention_days), closed)


def _before(period: Period) -> Period:
    """The period of the same length before it."""
    return Period(period.since - (period.until - period.since), period.since)


@dataclass(frozen=True, slots=True)
class _ByUser:
    """Rates of the sheets of days; those that sheets cannot tell are `None`, or not there."""

    escalation: Rate | None
    conversion: Rate | None
    by: Mapping[str, Mapping[str, Rate]]


async def _by_user(
    database: Database, period: Period, narrowed: Narrowed, terms: Terms, now: datetime
) -> _ByUser:
    """Sheets tell mentions apart by one dimension at a time; a wording is of one offer."""
    offer, tier = narrowed.offer, narrowed.tier
    if offer is not None and tier is not None:
        return _ByUser(None, None, {name: {} for name in RANKED})
    found = await measure(database, period, terms, now=now)
    told: Collection[str] = RANKED
    if narrowed != Narrowed():
        told = ("tier",) if offer is None else ("offer", "template")
    which = (offer or tier, "offer" if offer else "tier" if tier else None)
    return _ByUser(
        escalation=None if offer is not None else _rate_of(found, "escalation_rate", *which),
        conversion=_rate_of(found, "conversion_rate", *which),
        by={
            name: {one.value or "": _as_rate(one) for one in found.of("conversion_rate", name)}
            if name in told
            else {}
            for name in RANKED
        },
    )


def _rate_of(found: Measures, name: str, value: str | None, dimension: str | None) -> Rate | None:
    try:
        return _as_rate(found.one(name, value, dimension))
    except KeyError:
        return None


def _told(by_user: Rate | None, counted: Rate) -> Rate:
    """The rate by user, or, where no sheet knows of any mention, the share alone."""
    return by_user if by_user is not None and by_user.n else counted


def _as_rate(one: Measure) -> Rate:
    return Rate(one.hits or 0, one.n, one.number, one.low, one.high)


@dataclass(frozen=True, slots=True)
class _Counted:
    days: list[DayCount]
    shown: ByName
    ripe: ByName
    ripe_sold: ByName
    sold: list[KindCount]
    revenue: tuple[Revenue, ...]


def _count(connection: Transaction, period: Period, narrowed: Narrowed, known: _Known) -> _Counted:
    since, until = period.since, period.until
    matured = known.matured(period)
    sold = trends.sold(connection, known.since, until, narrowed)
    shown, ripe = trends.shown_by(
        connection, since, until, narrowed, (matured.since, matured.until)
    )
    first, end = matured.since.date(), matured.until.date()
    ripe_sold = [one for one in sold if one.day and first <= one.day < end]
    return _Counted(
        days=trends.by_day(connection, _before(period).since, until, narrowed),
        shown=shown,
        ripe=ripe,
        ripe_sold=trends.counted_by(ripe_sold),
        sold=sold,
        revenue=tuple(
            Revenue(row.kind, row.currency, int(row.conversions), int(row.net))
            for row in revenue(connection, since, until)
        ),
    )


def _summed(
    period: Period, counted: _Counted, by_user: _ByUser, known: _Known, now: datetime
) -> Overview:
    before, matured = _before(period), known.matured(period)
    days = {one.day: one for one in counted.days}
    sold = _sold_by_day(counted.sold)
    ripe = known.since.date(), matured.until.date()
    begun = min(period.until.date(), now.date() + timedelta(days=1))
    return Overview(
        period=period,
        matured_since=matured.since,
        matured_until=matured.until,
        escalation=_escalation(_days(period), days),
        escalation_by_user=by_user.escalation,
        escalation_before=_escalation(_days(before), days),
        conversion=_told(by_user.conversion, _conversion(_days(matured), days, sold)),
        conversion_before=_conversion(_days(known.matured(before)), days, sold),
        days=tuple(_day(at, days, sold, ripe) for at in _dates(period.since.date(), begun)),
        by={
            name: _ranked(
                counted.shown[name], counted.ripe[name], counted.ripe_sold[name], by_user.by[name]
            )
            for name in RANKED
        },
        revenue=counted.revenue,
    )


def _sold_by_day(rows: Iterable[KindCount]) -> Counter[date]:
    sold: Counter[date] = Counter()
    for one in rows:
        if one.day is not None:
            sold[one.day] += one.number
    return sold


def _day(
    at: date, days: Mapping[date, DayCount], sold: Counter[date], ripe: tuple[date, date]
) -> Day:
    one = days.get(at, DayCount(at, 0, 0))
    trailing = _dates(max(ripe[0], at - timedelta(days=TRAILING_DAYS - 1)), at + timedelta(days=1))
    return Day(
        day=at,
        questions=one.questions,
        shown=one.shown,
        converted=sold[at],
        escalation=plain(one.shown, one.questions),
        conversion=_conversion(trailing, days, sold) if ripe[0] <= at < ripe[1] else None,
    )


def _ranked(
    shown: Counter[str], ripe: Counter[str], sold: Counter[str], by_user: Mapping[str, Rate]
) -> tuple[Ranked, ...]:
    found = [
        Ranked(value, n, _told(by_user.get(value), plain(sold[value], ripe[value])))
        for value, n in shown.items()
    ]
    return tuple(sorted(found, key=lambda one: (-(one.rate.share or 0.0), -one.shown, one.name)))


def _escalation(over: Iterable[date], days: Mapping[date, DayCount]) -> Rate:
    found = [days[at] for at in over if at in days]
    return plain(sum(one.shown for one in found), sum(one.questions for one in found))


def _conversion(over: Iterable[date], days: Mapping[date, DayCount], sold: Counter[date]) -> Rate:
    over = list(over)
    return plain(sum(sold[at] for at in over), sum(days[at].shown for at in over if at in days))


def _days(period: Period) -> list[date]:
    return _dates(period.since.date(), period.until.date())


def _dates(first: date, end: date) -> list[date]:
    return [first + timedelta(days=at) for at in range(max(0, (end - first).days))]
