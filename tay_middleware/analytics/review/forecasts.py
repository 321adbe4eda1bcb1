"""What a review foretells of the next period, and how earlier ones did."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import sqrt

from tay_middleware.analytics.catalogue import Measure
from tay_middleware.analytics.metrics import ENOUGH, Z95
from tay_middleware.analytics.review.document import Forecast, Score
from tay_middleware.analytics.wording import percent

T80 = 1.2815515594600038
"""The 90 % point of the normal distribution: 80 % lie within it on both sides."""

FORETOLD = ("escalation_rate", "conversion_rate")


def foretell(measured: Measure, period: str, n: int) -> Forecast | None:
    """The rate of a coming period: as now, within what chance does in both.

    Args:
        measured: the rate now, with its interval.
        period: the name of the coming one.
        n: how many are expected to be counted in it.
    """
    if measured.number is None or measured.n < ENOUGH or n < 1:
        return None
    share, low, high = measured.number, measured.low or 0.0, measured.high or 1.0
    known = ((high - low) / (2 * Z95)) ** 2
    # A rate of n others wanders as much as this one does, by how many there are.
    coming = known * measured.n / n
    half = T80 * sqrt(known + coming)
    return Forecast(measured.name, period, share, max(0.0, share - half), min(1.0, share + half))


@dataclass(frozen=True, slots=True)
class Earlier:
    """A forecast that was made, by a review as of a moment."""

    forecast: Forecast
    made_at: datetime


def scored(earlier: Iterable[tuple[Earlier, Measure | None]]) -> tuple[Score, ...]:
    """How forecasts did; the measure is `None` where the period's figure is not known yet."""
    return tuple(_scored(one, actual) for one, actual in earlier)


def _scored(one: Earlier, actual: Measure | None) -> Score:
    forecast = one.forecast
    if actual is None or actual.number is None:
        return Score(forecast, one.made_at, None, 0, "not known yet")
    is_inside = forecast.low <= actual.number <= forecast.high
    words = (
        "as foretold"
        if is_inside
        else f"{'higher' if actual.number > forecast.high else 'lower'} than foretold "
        f"({percent(forecast.low)} to {percent(forecast.high)})"
    )
    return Score(forecast, one.made_at, actual.number, actual.n, words)
