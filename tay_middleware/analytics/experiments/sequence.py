"""The always-valid interval: an asymptotic confidence sequence of a mean.

Source: I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy, A. Ramdas, "Time-uniform central limit
theory and asymptotic confidence sequences", theorem 2.2: with the normal mixture of parameter rho,
the mean of n observations lies for all n at once, with probability 1 - alpha, within

    standard error * sqrt( 2 (n rho² + 1) / (n rho²) * log( sqrt(n rho² + 1) / alpha ) )

It may be looked at as often as one likes, which an ordinary interval may not.
"""

import math

from tay_middleware.analytics.experiments.verdict import Interval

ALPHA = 0.05
"""How often an interval may ever be wrong."""


def tuned(users: float, alpha: float) -> float:
    """The `rho` with which the interval is about narrowest at so many users.

    Source: S. R. Howard, A. Ramdas, J. McAuliffe, J. Sekhon, "Time-uniform, nonparametric,
    nonasymptotic confidence sequences", section 3.5, with its approximation.
    """
    return math.sqrt(_tuning(alpha) / max(users, 1.0))


def multiplier(users: float, rho: float, alpha: float) -> float:
    """How many standard errors the interval reaches to each side at so many users."""
    spread = users * rho * rho
    return math.sqrt(2 * (spread + 1) / spread * math.log(math.sqrt(spread + 1) / alpha))


def best_multiplier(alpha: float) -> float:
    """The multiplier at the very number of users that `rho` is tuned to."""
    return multiplier(1.0, math.sqrt(_tuning(alpha)), alpha)


def always_valid(
    estimate: float, standard_error: float, users: float, *, planned: float, alpha: float
) -> Interval:
    """The interval around an estimate.

    Args:
        estimate: a mean, or a difference of means.
        standard_error: of the estimate.
        users: observations so far, over all groups.
        planned: observations at which it shall be narrowest; must be known before the data are.
        alpha: how often it may ever be wrong.
    """
    reach = standard_error * multiplier(users, tuned(planned, alpha), alpha)
    return Interval(estimate - reach, estimate + reach)


def users_until(
    reach: float, users: float, wanted: float, *, planned: float, alpha: float
) -> float:
    """At how many users an interval reaches only `wanted`, the variance of one user staying.

    Args:
        reach: how far it reaches to each side now.
        users: observations so far.
        wanted: how far it shall reach; above 0.
        planned: as in `always_valid`.
        alpha: as in `always_valid`.
    """
    rho = tuned(planned, alpha)

    def is_reached(many: float) -> bool:
        shrunk = math.sqrt(users / many) * multiplier(many, rho, alpha)
        return reach * shrunk / multiplier(users, rho, alpha) <= wanted

    if is_reached(users):
        return users
    high = 2 * users
    while not is_reached(high):
        high *= 2
    low = high / 2
    while high - low > 1:
        middle = (low + high) / 2
        low, high = (low, middle) if is_reached(middle) else (middle, high)
    return high


def _tuning(alpha: float) -> float:
    twice = -2 * math.log(alpha)
    return twice + math.log(twice + 1)
