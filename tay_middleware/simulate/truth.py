"""What made-up people really do: the figures that the statistics should find again.

A person has one inclination, a number in [0, 1) that is drawn once. She buys by herself when a
need of hers arises and the chance of that is above her inclination; after a mention when the chance
with the mention is. So whoever buys without a mention buys with one too, and what a mention adds is
known exactly. Nobody buys twice.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tay_middleware.domain import Tier

MOST = 0.95
"""The highest chance of anything."""


@dataclass(frozen=True, slots=True)
class Truth:
    """The figures; chances are of a person with a need for the offer.

    Args:
        organic: offer → chance to buy it without a mention.
        lift: what a fitting mention adds, relative: 1.6 makes 5 % into 13 %.
        tiers: factor on both, by tier.
        wordings: factor on the chance with a mention, by the id of the wording.
        wrong_offer: factor on what is added where another offer would have fitted.
        no_need: share of the organic chance that a mention gives a person without any need.
        annoys: share who react badly to a mention.
        annoying: the same for single wordings.
        leaves: share of later visits that a person does not make after a bad reaction.
        refunds: share of purchases that are given back.
    """

    organic: Mapping[str, float] = field(
        default_factory=lambda: {"mentorship": 0.09, "course": 0.065, "masterclass": 0.05}
    )
    lift: float = 1.6
    tiers: Mapping[str, float] = field(
        default_factory=lambda: {"free": 0.8, "premium": 1.4, "vip": 1.7}
    )
    wordings: Mapping[str, float] = field(default_factory=dict)
    wrong_offer: float = 0.4
    no_need: float = 0.3
    annoys: float = 0.04
    annoying: Mapping[str, float] = field(default_factory=dict)
    leaves: float = 0.5
    refunds: float = 0.05

    def alone(self, need: str | None, tier: Tier) -> float:
        """The chance that somebody with a need buys what she needs without being told of it."""
        if need is None:
            return 0.0
        return min(MOST, self.organic.get(need, 0.0) * self.tiers.get(tier.value, 1.0))

    def told(self, need: str | None, tier: Tier, offer: str, wording: str | None) -> float:
        """The chance that she buys `offer` after a mention of it in a wording."""
        wanted = self.organic.get(offer, 0.0) * self.tiers.get(tier.value, 1.0)
        if need is None:
            return min(MOST, wanted * self.no_need)
        fits = 1.0 if need == offer else self.wrong_offer
        chance = self.alone(need, tier) + wanted * self.lift * fits
        return min(MOST, chance * self.wordings.get(wording or "", 1.0))

    def annoyance(self, wording: str | None) -> float:
        """The chance that a mention is taken badly."""
        return min(MOST, self.annoying.get(wording or "", self.annoys))

    def described(self) -> dict[str, Any]:
        """All figures, as plain JSON."""
        return {
            name: dict(value) if isinstance(value, Mapping) else value
            for name, value in asdict(self).items()
        }


@dataclass(slots=True)
class Ledger:
    """What the truth comes to for those who were exposed: at the first mention that was due.

    `alone` and `told` add up each person's chance to buy without and with the mention, whichever
    arm she was in.
    """

    people: int = 0
    alone: float = 0.0
    told: float = 0.0

    def note(self, alone: float, told: float) -> None:
        """Add a person."""
        self.people += 1
        self.alone += alone
        self.told += max(alone, told)

    def described(self) -> dict[str, Any]:
        """Rates and their ratio, as plain JSON; `None` while nobody was exposed."""
        if not self.people:
            return {"people": 0, "alone": None, "told": None, "lift": None}
        alone, told = self.alone / self.people, self.told / self.people
        return {
            "people": self.people,
            "alone": round(alone, 6),
            "told": round(told, 6),
            "lift": round(told / alone - 1, 6) if alone else None,
        }
