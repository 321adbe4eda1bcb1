"""Every metric of a period: how often, how well, how soon, for how much, and how people take it.

Rates are of users' turns, with intervals that know that a user has several (see `clustered`).
Conversion is of mentions whose window is closed. Everything comes from the sheets of days and from
figures that are kept ready; `docs/metrics.md` says what each name means.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tay_middleware.analytics.calendar import day_of
from tay_middleware.analytics.catalogue import Counted, Measure, Terms, catalogue
from tay_middleware.analytics.days import ALL, Reactions, add_up, make_sheets
from tay_middleware.analytics.lifetimes import TimeToSale, time_to_sale
from tay_middleware.analytics.metrics import Period
from tay_middleware.analytics.retention import rows_since
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings
from tay_middleware.storage import Database
from tay_middleware.storage.payments.by_hand import revenue_by_hand
from tay_middleware.storage.reading import day_sheets, trends
from tay_middleware.storage.reading.sales import revenue
from tay_middleware.storage.simulations import is_simulated
from tay_middleware.storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Measures:
    """All figures of a period, as of a moment.

    `asked_since` is when the period begins, or the day of the first question ever. Conversion is of
    mentions from `matured_since` (then, or later where older rows are past their retention) to
    before `matured_until`. `simulated` is whether rows of people who do
    not exist are among them. `missing` are days whose rows went before their sheet was made: they
    are in the counts of questions and mentions and in the detection rate, and in no other figure of
    users.
    """

    period: Period
    as_of: datetime
    asked_since: datetime
    matured_since: datetime
    matured_until: datetime
    simulated: bool
    items: tuple[Measure, ...]
    time_to_sale: TimeToSale
    missing: tuple[date, ...]

    def one(self, name: str, value: str | None = None, dimension: str | None = None) -> Measure:
        """The figure of a name, of all or of one value.

        Raises:
            KeyError: there is none.
        """
        for item in self.items:
            if (item.name, item.value) == (name, value) and dimension in {None, item.dimension}:
                return item
        raise KeyError(f"{name} of {value}" if value else name)

    def of(self, name: str, dimension: str) -> tuple[Measure, ...]:
        """The figures of a name by the values of a dimension."""
        return tuple(
            item for item in self.items if item.name == name and item.dimension == dimension
        )


def terms_of(settings: Settings, playbook: Playbook | None) -> Terms:
    """The terms that settings and playbook describe; without one nobody knows what is a bad one."""
    return Terms(
        attribution_days=settings.attribution_days,
        reactions=None if playbook is None else reactions_of(playbook),
        running_cost_usd_per_month=settings.running_cost_usd_per_month,
        retention_days=settings.retention_days,
    )


def reactions_of(playbook: Playbook) -> Reactions:
    """What a playbook says is a bad reaction."""
    rules = playbook.policy.auto_pause
    gates = tuple(name for name in rules.reactions if name in playbook.gates.gates)
    return Reactions(gates, timedelta(hours=rules.within_hours))


async def measure(
    database: Database,
    period: Period,
    terms: Terms,
    *,
    now: datetime,
    step: Callable[[int, int], None] = lambda _done, _all: None,
) -> Measures:
    """Every metric of a period.

    Args:
        database: where the log is.
        period: whole days; those that are not over are left out.
        terms: what the figures hang on.
        now: as of when; what came later is not looked at, as far as rows say when they came.
        step: told how many days' sheets are made, of how many that have to be.

    Raises:
        StorageError: the database does not answer.
    """
    today = day_of(now)
    until = min(period.until, today)
    period = Period(min(period.since, until), until)
    closed = day_of(today - timedelta(days=terms.attribution_days))
    matured = max(period.since, min(until, closed))
    known_since = await rows_since(database, period.since, now, terms.retention_days)
    await make_sheets(
        database,
        period.since.date(),
        until.date(),
        now=now,
        reactions=terms.reactions,
        step=step,
    )
    counted, missing = await database.read(_count, period, known_since, matured, now)
    asked_since = await _asked_since(database, period)
    return Measures(
        period=period,
        as_of=now,
        asked_since=asked_since,
        matured_since=max(known_since, asked_since),
        matured_until=matured,
        simulated=counted.simulated,
        items=tuple(catalogue(counted, matured, period, terms)),
        time_to_sale=_waits(counted, today.date(), matured.date(), terms),
        missing=missing,
    )


async def _asked_since(database: Database, period: Period) -> datetime:
    first = await database.read(day_sheets.first_day)
    begins = period.since if first is None else day_sheets.midnight(first)
    return min(period.until, max(period.since, begins))


def _waits(counted: Counted, today: date, matured: date, terms: Terms) -> TimeToSale:
    sold = [
        (row.created_at.date(), (row.converted_at - row.created_at).total_seconds())
        for row in counted.sold
        if row.is_timed
    ]
    untimed = Counter(row.created_at.date() for row in counted.sold if not row.is_timed)
    return time_to_sale(
        # Of a sale whose time nobody knows the mention neither waits nor is known to have ended.
        {day: max(0, n - untimed[day]) for day, n in counted.shown_by_day.items()},
        sold,
        today=today,
        window_days=max(1, int(terms.attribution_days)),
        matured_until=matured,
        untimed=untimed.total(),
    )


def _count(
    connection: Transaction,
    period: Period,
    known_since: datetime,
    matured: datetime,
    now: datetime,
) -> tuple[Counted, tuple[date, ...]]:
    since, until = period.since, period.until
    days = (since.date(), until.date())
    sheets = day_sheets.contents(connection, *days)
    missing = day_sheets.known_days(connection, *days).keys() - {day for day, _ in sheets}
    questions, mentions = trends.counted(connection, since, until)
    counted = Counted(
        questions=questions,
        mentions=mentions,
        sums=add_up(sheets, now),
        ripe=add_up([one for one in sheets if known_since.date() <= one[0] < matured.date()], now),
        sold=_sold(connection, known_since, now, [day for day, _ in sheets]),
        shown_by_day={
            day: sum(content["mentions"][ALL][""])
            for day, content in sheets
            if day >= known_since.date()
        },
        kinds=trends.held_back(connection, since, until),
        detected=trends.detected(connection, since, until),
        revenue=revenue(connection, since, until),
        by_hand=revenue_by_hand(connection, since, until),
        feedback=day_sheets.feedback_of(connection, since, until),
        judged=day_sheets.judged(connection, since, until),
        simulated=is_simulated(connection, since, until),
    )
    return counted, tuple(sorted(missing))


def _sold(
    connection: Transaction, since: datetime, now: datetime, days: Sequence[date]
) -> list[Any]:
    """Sales known at a moment of mentions since a time; of days alone that their rates know.

    A sale of a day without a whole sheet would have no mention beside it.
    """
    if not days:
        return []
    until = day_sheets.midnight(max(days) + timedelta(days=1))
    known = set(days)
    return [
        row
        for row in day_sheets.sold(connection, since, until)
        if row.converted_at is not None
        and row.converted_at < now
        and row.created_at.date() in known
    ]
