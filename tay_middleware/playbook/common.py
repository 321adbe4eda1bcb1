"""Names of offers that are no names: any reply about the trade would seem to speak of the offer."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tay_middleware import naming
from tay_middleware.playbook.names import Found, Place

if TYPE_CHECKING:
    from tay_middleware.playbook.load import Playbook

_ARTICLES = frozenset({"the", "a", "an", "my", "our", "your"})
_ALTERNATIVES = re.compile(r"[()|]")


def too_common(playbook: "Playbook") -> Iterator[Found]:
    """Every name or alias that is made of nothing but words that questions of the trade use."""
    common = _common(playbook)
    for key, offer in playbook.offers.items():
        told: list[tuple[Place, str]] = [(("name",), offer.name)]
        told += [(("aliases", at), alias) for at, alias in enumerate(offer.aliases)]
        for place, name in told:
            words = [word for word in naming.words(name) if word not in _ARTICLES]
            if all(word in common for word in words) or all(map(str.isdigit, words)):
                yield "offers.yaml", (key, *place), _message(name)


def _message(name: str) -> str:
    mend = "add a word of its own, or write it under `nouns`"
    return f"{name!r} is no name: any reply about the trade may say it; {mend}"


def _common(playbook: "Playbook") -> frozenset[str]:
    """The single words of the trade and of topics, but for what the catalogue calls its offers."""
    topic = playbook.gates.on_topic
    phrases = [*topic.craft, *topic.trade]
    for one in playbook.topics.values():
        phrases += [*one.phrases, *one.weak]
    words = {part.strip() for phrase in phrases for part in _ALTERNATIVES.split(phrase)}
    return frozenset(word for word in words if " " not in word) - playbook.offers.keys()
