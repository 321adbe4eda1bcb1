"""Whether more users react badly to something than they may, sure enough to pause it.

Users come one after the other, and each reacts badly or does not. For every rate above the limit,
the likelihood ratio against the limit is a martingale at the limit and shrinks below it; so is the
mean of them. By Ville's inequality it ever reaches 1 / `false_alarm` with a probability of at most
`false_alarm`, however often one looks. A reaction that is not known yet counts as a good one, which
can only delay an alarm. Source: A. Wald's sequential test, mixed as by H. Robbins.
"""

import math

from tay_middleware.analytics.experiments.logs import log_mean

ALTERNATIVES = (1.5, 2.0, 3.0, 4.0, 6.0, 9.0)
"""How many times the limit the rate may be; where that is a rate of 1 or more it is left out."""


def evidence(users: int, bad: int, limit: float) -> float:
    """The logarithm of the evidence that more than a share `limit` of users react badly."""
    rates = [limit * times for times in ALTERNATIVES if limit * times < 1] or [(1 + limit) / 2]
    ratios = [
        bad * math.log(rate / limit) + (users - bad) * math.log((1 - rate) / (1 - limit))
        for rate in rates
    ]
    return log_mean(ratios)


def is_too_much(users: int, bad: int, limit: float, false_alarm: float) -> bool:
    """Whether the alarm goes off."""
    return evidence(users, bad, limit) >= -math.log(false_alarm)
