"""Which offer a question speaks for: each on its own evidence, and only offers of the catalogue.

What the user owns is policy's business, not asked here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tay_middleware.domain import Reason
from tay_middleware.playbook.evidence import Group
from tay_middleware.playbook.schema import Offer


@dataclass(frozen=True, slots=True)
class Choice:
    """The offers' scores, the best of them, and its lead over the second.

    `offer` is `None` when no offer has any evidence. Ties go to the offer that stands first in the
    catalogue.
    """

    scores: Mapping[str, float]
    offer: str | None
    margin: float


def choose(groups: Mapping[str, float], offers: Mapping[str, Offer]) -> Choice:
    """Score every offer: the sum over the groups found of what they are worth to it.

    Args:
        groups: group → points found, after caps.
        offers: the catalogue; `Offer.evidence` may hold negative weights, and an offer without any
            group of `Offer.needs` scores nothing.
    """
    scores = {name: _score(groups, offer) for name, offer in offers.items()}
    ranked = sorted(scores.values(), reverse=True)
    if not ranked or ranked[0] <= 0:
        return Choice(scores, None, 0.0)
    best = next(name for name, score in scores.items() if score == ranked[0])
    second = max(ranked[1], 0.0) if len(ranked) > 1 else 0.0
    return Choice(scores, best, ranked[0] - second)


def _score(groups: Mapping[str, float], offer: Offer) -> float:
    if offer.needs and groups.keys().isdisjoint(offer.needs):
        return 0.0
    evidence, score = offer.evidence, 0.0
    for group, points in groups.items():
        if group in evidence:
            score += points * evidence[group]
    return score


def reason_for(offer: Offer, found: Mapping[str, float], groups: Mapping[str, Group]) -> Reason:
    """The reason of the group that did most for the offer; the offer's own when none says."""
    strongest, reason = 0.0, offer.reason
    for name, points in found.items():
        worth = points * offer.evidence.get(name, 0.0)
        said = groups[name].reason
        if said is not None and worth > strongest:
            strongest, reason = worth, said
    return reason
