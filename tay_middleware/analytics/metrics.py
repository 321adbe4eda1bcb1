"""Rates with what is sure of them: n, a 95 % interval, and the target in plain words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import sqrt

from tay_middleware.storage.database import Database
from tay_middleware.storage.sales import figures

Z95 = 1.959963984540054
"""The 97.5 % point of the normal distribution."""

ENOUGH = 30
"""Below this n no target is judged: an interval is then wider than any target of the brief."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a rate should lie: shares from 0 to 1, both ends included."""

    low: float
    high: float


ESCALATION_TARGET = Target(0.10, 0.15)
CONVERSION_TARGET = Target(0.05, 0.10)


@dataclass(frozen=True, slots=True)
class Rate:
    """`hits` of `n`, with its Wilson interval; shares are `None` where nothing was counted."""

    hits: int
    n: int
    share: float | None
    low: float | None
    high: float | None


def rate(hits: int, n: int) -> Rate:
    """The share of `hits` in `n` with its 95 % Wilson score interval (Wilson, 1927).

    Raises:
        ValueError: When `hits` is not between 0 and `n`.
    """
    if not 0 <= hits <= n:
        raise ValueError(f"{hits} of {n} is no rate")
    if n == 0:
        return Rate(hits, n, None, None, None)
    share, square = hits / n, Z95 * Z95
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = Z95 / (1 + square / n) * sqrt(share * (1 - share) / n + square / (4 * n * n))
    return Rate(hits, n, share, max(0.0, middle - half), min(1.0, middle + half))


def compared(measured: Rate, target: Target) -> str:
    """The rate beside its target, in plain words; what the interval does not settle is said so."""
    if measured.n < ENOUGH or measured.share is None:
        return "too little data"
    low, high = measured.low or 0.0, measured.high or 0.0
    if low > target.high:
        return "above the target"
    if high < target.low:
        return "below the target"
    if low >= target.low and high <= target.high:
        return "within the target"
    return "not sure yet: the interval reaches across an edge of the target"


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days (UTC): both ends at midnight, the second one excluded."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Revenue:
    """What purchases of one kind begun in the period came to, in minor units of one currency."""

    kind: str
    currency: str | None
    purchases: int
    net: int


@dataclass(frozen=True, slots=True)
class Measures:
    """The figures of a period.

    `conversion` and `by` are of mentions before `matured_until` alone, whose window is closed.
    They are counted by mention; intervals by user are still to come, so these are too narrow where
    users see several mentions.
    """

    period: Period
    matured_until: datetime
    escalation: Rate
    conversion: Rate
    by: Mapping[str, Mapping[str, Rate]]
    revenue: tuple[Revenue, ...]


async def measure(
    database: Database, period: Period, *, now: datetime, attribution_days: int = 14
) -> Measures:
    """Escalation rate, conversion rate by dimension, and revenue of a period.

    Args:
        database: Where the log is.
        period: Whole days.
        now: What counts as now; mentions younger than the window are in no conversion rate.
        attribution_days: The window in which a purchase is credited to a mention.

    Raises:
        StorageError: When the database does not answer.
    """
    closed = (now.astimezone(UTC) - timedelta(days=attribution_days)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    matured = max(period.since, min(period.until, closed))
    whole = await database.read(figures, period.since, period.until)
    ripe = await database.read(figures, period.since, matured)
    return Measures(
        period=period,
        matured_until=matured,
        escalation=rate(whole.escalations, whole.questions),
        conversion=rate(ripe.conversions, ripe.escalations),
        by={
            name: {value: rate(ripe.sold[name].get(value, 0), n) for value, n in values.items()}
            for name, values in ripe.shown.items()
        },
        revenue=tuple(
            Revenue(row.kind, row.currency, int(row.conversions), int(row.net))
            for row in whole.revenue
        ),
    )
