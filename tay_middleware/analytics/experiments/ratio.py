"""The sequential sample-ratio check: are the arms as large as they were meant to be?

Source: M. Lindon, A. Malek, "Anytime-valid inference for multinomial count data": the Bayes factor
of a Dirichlet prior around the planned shares against the shares themselves. Its inverse is a
p-value that may be looked at after every user.
"""

import math
from collections.abc import Mapping

ALARM = 0.001
"""Below this an experiment is not read: it happens once in a thousand healthy ones at most."""

CONCENTRATION = 1_000.0
"""How close to the plan a broken splitter is expected to be: shares off by a few points."""


def sample_ratio(counts: Mapping[str, int], chances: Mapping[str, float]) -> float:
    """The always-valid p-value of arms of these sizes having these shares.

    Args:
        counts: users by arm; an arm that is missing has none.
        chances: planned share by arm, all of them above 0; they are made to add up to 1.
    """
    return math.exp(-max(0.0, evidence(counts, chances)))


def evidence(counts: Mapping[str, int], chances: Mapping[str, float]) -> float:
    """The logarithm of the Bayes factor against the planned shares."""
    whole = sum(chances.values())
    total = sum(counts.get(arm, 0) for arm in chances)
    found = math.lgamma(CONCENTRATION) - math.lgamma(CONCENTRATION + total)
    for arm, chance in chances.items():
        share, users = chance / whole, counts.get(arm, 0)
        prior = CONCENTRATION * share
        found += math.lgamma(prior + users) - math.lgamma(prior) - users * math.log(share)
    return found
