"""Time from a mention to a sale, with mentions that are still waiting counted for what they are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import exp, log, sqrt
from statistics import fmean, median

from tay_middleware.analytics.metrics import Z95, wilson

DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Point:
    """By the end of `day` days after a mention, `share` of the mentions have led to a sale."""

    day: int
    at_risk: int
    sold: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class TimeToSale:
    """Mean and median in days, of `n` sales whose mention's window is closed.

    The curve is of all mentions of the period (Kaplan and Meier, 1958; variance by Greenwood,
    interval on the log-log scale; Wilson's where nothing or everything is sold and there is no
    variance). Of `untimed` sales an admin did not say when they were; neither they nor their
    mentions are in any of this.
    """

    n: int
    mean_days: float | None
    median_days: float | None
    curve: tuple[Point, ...]
    untimed: int = 0


def time_to_sale(
    shown: Mapping[date, int],
    waits: Iterable[tuple[date, float]],
    *,
    today: date,
    window_days: int,
    matured_until: date,
    untimed: int = 0,
) -> TimeToSale:
    """How long mentions take to lead to a sale.

    Args:
        shown: mentions by day.
        waits: of each sold mention its day, and the seconds until it was sold.
        today: the day that is not over; a mention of `d` days before was watched for `d - 1` days.
        window_days: later sales are credited to no mention.
        matured_until: mean and median are of mentions before this day.
        untimed: how many more were sold of which nobody knows when; their mentions are not in
            `shown`.
    """
    sold = list(waits)
    ripe = [seconds / DAY_SECONDS for day, seconds in sold if day < matured_until]
    watched = {day: min(window_days, (today - day).days - 1) for day in shown}
    whole = [(watched.get(day, 0), int(seconds // DAY_SECONDS)) for day, seconds in sold]
    seen = [(limit, after) for limit, after in whole if 0 <= after < limit]
    counts = [(watched[day], number) for day, number in shown.items()]
    return TimeToSale(
        n=len(ripe),
        mean_days=fmean(ripe) if ripe else None,
        median_days=median(ripe) if ripe else None,
        curve=tuple(_curve(counts, seen, window_days)),
        untimed=untimed,
    )


def _curve(
    shown: Sequence[tuple[int, int]], seen: Sequence[tuple[int, int]], window_days: int
) -> Iterable[Point]:
    waiting, spread = 1.0, 0.0
    for day in range(window_days):
        at_risk = sum(number for limit, number in shown if limit > day)
        at_risk -= sum(1 for limit, after in seen if after < day and limit > day)
        sold = sum(1 for limit, after in seen if after == day and limit > day)
        if at_risk <= 0 or waiting <= 0:
            return
        alike = at_risk / waiting
        waiting *= max(0.0, 1 - sold / at_risk)
        if at_risk > sold:
            spread += sold / (at_risk * (at_risk - sold))
        low, high = _interval(waiting, spread, alike)
        yield Point(day + 1, at_risk, sold, 1 - waiting, 1 - high, 1 - low)


def _interval(waiting: float, spread: float, alike: float) -> tuple[float, float]:
    """Of the share that still waits; `alike` is of how many that were all watched it would be."""
    if not 0 < waiting < 1:
        return wilson(waiting, alike)
    half = Z95 * sqrt(spread) / abs(log(waiting))
    middle = log(-log(waiting))
    return exp(-exp(middle + half)), exp(-exp(middle - half))
