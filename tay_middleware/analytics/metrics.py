"""Rates with what is sure of them: n, a 95 % interval, and the target in plain words."""

from dataclasses import dataclass
from datetime import datetime
from math import sqrt

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
    """`hits` of `n`, with its interval; shares are `None` where nothing was counted.

    `low` and `high` are `None` too where nothing is known of how users differ.
    """

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
    share = hits / n
    return Rate(hits, n, share, *wilson(share, n))


def plain(hits: int, n: int) -> Rate:
    """The share of `hits` in `n` without an interval: users repeat, and of that nothing is known.

    Figures may be some moments apart (a mention is counted before its sale): there are no more hits
    than `n`.
    """
    hits = min(hits, n)
    return Rate(hits, n, hits / n if n else None, None, None)


def wilson(share: float, n: float, z: float = Z95) -> tuple[float, float]:
    """The score interval (Wilson, 1927) of a share of `n`, which need not be whole, nor any."""
    if not n:
        return 0.0, 1.0
    square = z * z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = z / (1 + square / n) * sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def compared(measured: Rate, target: Target) -> str:
    """The rate beside its target, in plain words; what the interval does not settle is said so."""
    low, high = measured.low, measured.high
    if measured.n < ENOUGH or low is None or high is None:
        return "too little data"
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
