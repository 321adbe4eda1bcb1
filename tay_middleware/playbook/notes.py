"""What is no problem of a playbook, and may still be a slip: the check tells it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tay_middleware import naming
from tay_middleware.playbook.schema import Offer
from tay_middleware.playbook.typed import has_article
from tay_middleware.playbook.unfit import ENGLISH
from tay_middleware.playbook.wording import placeholders

if TYPE_CHECKING:
    from tay_middleware.playbook.load import Playbook


def notes(playbook: "Playbook") -> Iterator[str]:
    """A sentence for each thing that may be a slip, in the order of the files."""
    for key, offer in playbook.offers.items():
        yield from _unsaid(key, offer, playbook)
        if playbook.voice.language == ENGLISH:
            yield from _named(key, offer)
    for name in playbook.policy.paused_offers:
        yield f"policy.yaml: {name!r} is paused and never mentioned, {_UNTIL}"
    for name in playbook.policy.paused_templates:
        yield f"policy.yaml: {name!r} is paused and never shown, {_UNTIL}"


_UNTIL = "until you take it out there"


def _unsaid(key: str, offer: Offer, playbook: "Playbook") -> Iterator[str]:
    """Facts of the catalogue that no wording has a place for."""
    of_offer = [one.text for one in playbook.templates if one.offer == key]
    used = frozenset[str]().union(*map(placeholders, of_offer))
    for fact, value in (("link", offer.link), ("price", offer.price)):
        if value is not None and fact not in used:
            yield f"offers.yaml: the {fact} of {key!r} is never said: no wording of it has ${fact}"


def _named(key: str, offer: Offer) -> Iterator[str]:
    """A name that is said in the middle of a sentence brings its article, and is one thing."""
    if not has_article(offer.name):
        mend = f"write 'the {offer.name}', if you would say so"
        yield f"offers.yaml: wordings will say 'in {offer.name}' of {key!r}: {mend}"
    *before, last = naming.words(offer.name) or [""]
    aliases = [naming.words(alias) for alias in offer.aliases]
    if any(alias and naming.plural(alias[-1]) == last for alias in aliases):
        said = " ".join([*before, last])
        yield f"offers.yaml: wordings will say '{said} is' of {key!r}: name it as one thing"
