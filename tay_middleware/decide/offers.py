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


class Catalogue:
    """The offers, ready to be scored; immutable."""

    def __init__(self, offers: Mapping[str, Offer], groups: Mapping[str, Group]) -> None:
        self._offers = {
            name: (dict(offer.evidence), frozenset(offer.needs)) for name, offer in offers.items()
        }
        self._reasons = {name: offer.reason for name, offer in offers.items()}
        self._said = {name: group.reason for name, group in groups.items()}

    def choose(self, points: Mapping[str, float]) -> Choice:
        """Score every offer: the sum over the groups found of what they are worth to it.

        Args:
            points: group → points found, after caps. An offer without any group of `Offer.needs`
                among them scores nothing; worth may be negative.
        """
        scores: dict[str, float] = {}
        best, offer, second = 0.0, None, 0.0
        for name, (worth, needs) in self._offers.items():
            score = 0.0
            if not needs or not needs.isdisjoint(points):
                for group, found in points.items():
                    if group in worth:
                        score += found * worth[group]
            scores[name] = score
            if score > best:
                best, offer, second = score, name, best
            elif score > second:
                second = score
        return Choice(scores, offer, best - second)

    def reason(self, offer: str, points: Mapping[str, float]) -> Reason:
        """The reason of the group that did most for the offer; the offer's own when none says.

        Who wants to learn wants a technique only where one is named and the offer is made for that:
        "teach me how scaling works" asks for no technique.
        """
        worth, needs = self._offers[offer]
        technical = any(self._said[group] is Reason.TECHNIQUE for group in needs & points.keys())
        strongest, reason = 0.0, self._reasons[offer]
        for group, found in points.items():
            said = self._said[group]
            if said is None or (said is Reason.TECHNIQUE and not technical):
                continue
            did = found * worth.get(group, 0.0)
            if did > strongest:
                strongest, reason = did, said
        return reason

    def __contains__(self, offer: object) -> bool:
        """Whether there is an offer of that name."""
        return offer in self._offers

    def worth(self, offer: str, group: str) -> float:
        """What a point of `group` is worth to `offer`."""
        return self._offers[offer][0].get(group, 0.0)

    def first_of(self, named: set[str], scores: Mapping[str, float]) -> str | None:
        """Of the offers named, the one with the best score, then the first in the catalogue."""
        ranked = [name for name in self._offers if name in named]
        return max(ranked, key=lambda name: scores[name], default=None)
