"""Exactly how likely one arm's rate is higher than another's, and what choosing it may cost.

Rates have Beta posteriors under uniform priors. Source: E. Miller, "Formulas for Bayesian A/B
testing" (the sum over one of the four whole-number parameters), and C. Stucchio, "Bayesian A/B
testing at VWO" (the loss, by the same sum with one success more).
"""

import math
from dataclasses import dataclass, replace

from tay_middleware.analytics.experiments.logs import log_beta


@dataclass(frozen=True, slots=True)
class Posterior:
    """A Beta distribution; both parameters are whole numbers above 0."""

    hits: int
    misses: int

    @classmethod
    def of(cls, conversions: int, users: int) -> "Posterior":
        """What is believed of a rate after so many users, having believed nothing before."""
        return cls(conversions + 1, users - conversions + 1)

    @property
    def mean(self) -> float:
        """Its expectation."""
        return self.hits / (self.hits + self.misses)


def chance_to_beat(one: Posterior, other: Posterior) -> float:
    """The probability that the rate of `one` is above that of `other`."""
    if other.hits < one.hits:
        return 1.0 - _above(other, one)
    return _above(one, other)


def expected_loss(chosen: Posterior, other: Posterior) -> float:
    """How much rate is lost on average by choosing `chosen`: 0 where it is surely better."""
    more = replace(other, hits=other.hits + 1), replace(chosen, hits=chosen.hits + 1)
    loss = other.mean * chance_to_beat(more[0], chosen) - chosen.mean * chance_to_beat(
        other, more[1]
    )
    return max(0.0, loss)


def _above(one: Posterior, other: Posterior) -> float:
    """P(one > other), summed over the hits of `one`."""
    base = log_beta(other.hits, other.misses)
    total = 0.0
    for step in range(one.hits):
        total += math.exp(
            log_beta(other.hits + step, one.misses + other.misses)
            - math.log(one.misses + step)
            - log_beta(1 + step, one.misses)
            - base
        )
    return min(1.0, total)
