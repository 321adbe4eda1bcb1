"""What a learned scorer thinks of a question: probabilities, one shape for both tiers."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

ESCALATE, ON_TOPIC = "escalate", "on_topic"
OFFER, GATE = "offer.", "gate."
"""Names of outputs: the plain ones, and the beginnings of the others."""

_LEAST = 1e-6
"""Probabilities are kept this far from 0 and 1, so that their logits stay finite."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """Calibrated probabilities; all between 0 and 1.

    `escalate`: the question deserves an offer. `offers`: name → it is this one, given that it
    deserves one; they sum to 1. `on_topic`: it is about hair, beauty or a business of that kind.
    `gates`: name → the message is of the kind that the gate of that name is closed for.
    """

    escalate: float
    offers: Mapping[str, float]
    on_topic: float
    gates: Mapping[str, float]

    @property
    def offer(self) -> str:
        """The likeliest offer; of equals the first."""
        return max(self.offers, key=self.offers.__getitem__)


class Outputs:
    """The outputs of a scorer, by what each of them tells; immutable."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        places = {name: at for at, name in enumerate(self.names)}
        self._escalate, self._on_topic = places[ESCALATE], places[ON_TOPIC]
        self._offers, self._gates = self._named(OFFER), self._named(GATE)

    @property
    def offers(self) -> tuple[str, ...]:
        """The names of the offers among them."""
        return tuple(self._offers)

    def opinion(self, chances: Sequence[float]) -> Opinion:
        """The opinion of one chance for each output; those of offers are made to sum to 1."""
        offers = {name: chances[at] for name, at in self._offers.items()}
        total = sum(offers.values()) or 1.0
        return Opinion(
            escalate=chances[self._escalate],
            offers={name: chance / total for name, chance in offers.items()},
            on_topic=chances[self._on_topic],
            gates={name: chances[at] for name, at in self._gates.items()},
        )

    def _named(self, prefix: str) -> dict[str, int]:
        return {
            name.removeprefix(prefix): at
            for at, name in enumerate(self.names)
            if name.startswith(prefix)
        }


def opinion_of(chances: Mapping[str, float]) -> Opinion:
    """The opinion of named outputs; chances of offers are made to sum to 1."""
    return Outputs(chances).opinion(tuple(chances.values()))


def blend(first: Opinion, second: Opinion, weight: float) -> Opinion:
    """Both opinions as one: their logits, averaged with `weight` for the second.

    What only one of them speaks of is taken from it as it is.
    """

    def mixed(one: float, other: float) -> float:
        return probability((1 - weight) * logit(one) + weight * logit(other))

    def each(ones: Mapping[str, float], others: Mapping[str, float]) -> dict[str, float]:
        return {
            name: mixed(
                ones.get(name, others.get(name, 0.0)), others.get(name, ones.get(name, 0.0))
            )
            for name in dict.fromkeys((*ones, *others))
        }

    offers = each(first.offers, second.offers)
    total = sum(offers.values()) or 1.0
    return Opinion(
        escalate=mixed(first.escalate, second.escalate),
        offers={name: value / total for name, value in offers.items()},
        on_topic=mixed(first.on_topic, second.on_topic),
        gates=each(first.gates, second.gates),
    )


def probability(value: float) -> float:
    """The logistic function."""
    if value >= 0:
        return 1 / (1 + math.exp(-value))
    grown = math.exp(value)
    return grown / (1 + grown)


def logit(value: float) -> float:
    """Its inverse, finite for any probability."""
    held = min(1 - _LEAST, max(_LEAST, value))
    return math.log(held / (1 - held))
