"""An exact interval of a rate that may be looked at as often as one likes, for few purchases.

The other interval (`sequence`) is good from some dozens of purchases on; this one is wider, and
good from the first user on. Source: the mixture martingale of H. Robbins, "Statistical methods
related to the law of the iterated logarithm": for users who buy with rate p,

    B(hits + 1/2, misses + 1/2) / B(1/2, 1/2) / (p^hits * (1 - p)^misses)

is 1 on average, and by Ville's inequality ever reaches 1 / alpha with a probability of at most
alpha. The rates for which it is below that are the interval.
"""

import math
from collections.abc import Callable

from tay_middleware.analytics.experiments.logs import log_beta
from tay_middleware.analytics.experiments.verdict import Interval

_STEPS = 60
"""Halvings: finer than a float needs."""


def rate_interval(hits: int, users: int, alpha: float) -> Interval:
    """The rates that so many buyers among so many users leave open.

    Args:
        hits: users who bought.
        users: all of them.
        alpha: how often the interval may ever be wrong.
    """
    misses = users - hits
    most = -math.log(alpha) - log_beta(hits + 0.5, misses + 0.5) + log_beta(0.5, 0.5)

    def is_open(rate: float) -> bool:
        return -_log(hits, rate) - _log(misses, 1 - rate) < most

    seen = hits / users if users else 0.5
    return Interval(_edge(is_open, seen, 0.0), _edge(is_open, seen, 1.0))


def _edge(is_open: Callable[[float], bool], inside: float, outside: float) -> float:
    """Where rates between two of them stop being open."""
    if is_open(outside):
        return outside
    for _ in range(_STEPS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if is_open(middle) else (inside, middle)
    return outside


def _log(times: int, chance: float) -> float:
    if not times:
        return 0.0
    return times * math.log(chance) if chance > 0 else -math.inf
