"""The sequential sample-ratio check: are the arms as large as they were meant to be?

Source: M. Lindon, A. Malek, "Anytime-valid inference for multinomial count data": the Bayes factor
of a Dirichlet prior around the planned shares against the shares themselves, here the mean of three
such factors. Its inverse is a p-value that may be looked at after every user.
"""

import math
from collections.abc import Mapping, Sequence

from tay_middleware.analytics.experiments.logs import log_mean

ALARM = 0.001
"""Below this an experiment is not read: it happens once in a thousand healthy ones at most."""

CONCENTRATIONS = (10.0, 100.0, 1_000.0)
"""How close to the plan a broken splitter is expected to be: an arm that is lost altogether, shares
that are off by ten points, and by a few."""


def evidence(counts: Mapping[str, int], chances: Mapping[str, float]) -> float:
    """The logarithm of the mean Bayes factor against the planned shares.

    Args:
        counts: users by arm; an arm that is missing has none.
        chances: planned share by arm, all of them above 0; they are made to add up to 1.
    """
    whole = sum(chances.values())
    arms = [(chance / whole, counts.get(arm, 0)) for arm, chance in chances.items()]
    return log_mean([_factor(arms, concentration) for concentration in CONCENTRATIONS])


def _factor(arms: Sequence[tuple[float, int]], concentration: float) -> float:
    """The logarithm of one Bayes factor, from the share and the users of each arm."""
    total = sum(users for _, users in arms)
    found = math.lgamma(concentration) - math.lgamma(concentration + total)
    for share, users in arms:
        prior = concentration * share
        found += math.lgamma(prior + users) - math.lgamma(prior) - users * math.log(share)
    return found
