"""How many users it takes to find what one hopes to find."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

from tay_middleware.analytics.experiments.sequence import ALPHA, best_multiplier
from tay_middleware.analytics.needed import needed

POWER = 0.8
"""How often a difference of the hoped-for size is to be found."""


@dataclass(frozen=True, slots=True)
class SamplePlan:
    """Users that an experiment needs, all arms together.

    `users` for the always-valid interval, which may be looked at every day; `read_once` for an
    ordinary test that is looked at exactly once, at its end. `to_decide` is where the interval has
    become so narrow that one of the two verdicts must have come.
    """

    baseline: float
    lift: float
    shares: tuple[float, ...]
    users: int
    read_once: int
    to_decide: int

    def arms(self) -> tuple[int, ...]:
        """The same by arm, in the order of the shares."""
        return tuple(math.ceil(self.users * share) for share in self.shares)


def plan(
    baseline: float,
    lift: float,
    shares: Sequence[float] = (1, 1),
) -> SamplePlan:
    """Plan an experiment.

    Args:
        baseline: the control's rate, in (0, 1).
        lift: the relative difference to be found: 0.5 is half as many again.
        shares: weights of the arms, the control's first.

    Raises:
        ValueError: a rate is not between 0 and 1, or a share is not above 0.
        ConfigurationError: the extra `analytics` is not installed.
    """
    better = baseline * (1 + lift)
    if not (0 < baseline < 1 and 0 < better < 1 and better != baseline):
        raise ValueError("both rates must lie between 0 and 1, and differ")
    if len(shares) < 2 or min(shares) <= 0:
        raise ValueError("two arms or more, and each with a share above 0")
    return _planned(baseline, better, tuple(share / sum(shares) for share in shares))


@lru_cache(maxsize=256)
def _planned(baseline: float, better: float, parts: tuple[float, ...]) -> SamplePlan:
    """The plan; kept, because it takes longer to solve than all the rest of a verdict."""
    each = ALPHA / (len(parts) - 1)
    z, reach = NormalDist().inv_cdf(POWER), best_multiplier(each)
    least = min(parts[1:])
    variance = baseline * (1 - baseline) / parts[0] + better * (1 - better) / least
    scale = variance / (better - baseline) ** 2
    return SamplePlan(
        baseline=baseline,
        lift=better / baseline - 1,
        shares=parts,
        users=math.ceil((reach + z) ** 2 * scale),
        read_once=_read_once(baseline, better, parts[0], least, each),
        to_decide=math.ceil((2 * reach) ** 2 * scale),
    )


def _read_once(baseline: float, better: float, control: float, arm: float, alpha: float) -> int:
    proportion = needed("statsmodels.stats.proportion")
    tests = needed("statsmodels.stats.power")
    effect = proportion.proportion_effectsize(better, baseline)
    found = tests.NormalIndPower().solve_power(
        abs(effect), alpha=alpha, power=POWER, ratio=arm / control, alternative="two-sided"
    )
    return math.ceil(float(found) / control)
