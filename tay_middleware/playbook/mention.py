"""One mention as it will be read, and the last look at it: what the catalogue and conduct forbid.

The playbook is checked by making every mention that can be made of it, with this very code.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tay_middleware.errors import TayError
from tay_middleware.playbook.conduct import ConductRules, Violation
from tay_middleware.playbook.schema import Offer, Template
from tay_middleware.playbook.wording import fill, has_emoji, placeholders

if TYPE_CHECKING:
    from tay_middleware.playbook.load import Playbook

_ADDRESS = re.compile(
    r"(?:https?://|www\.|mailto:|tel:)\S+|[\w.+-]*@\w[\w.-]*"
    r"|\b(?:[a-z0-9][a-z0-9-]{0,62}\.){1,5}[a-z]{2,24}\b(?:/\S*)?|\+?\d[\d ().-]{6,18}\d",
    re.IGNORECASE,
)
"""Whatever leads somewhere: a link with or without its beginning, a handle, mail, a telephone."""

INVENTED_PRICE = "invented_price"
"""The conduct rule that a price of the catalogue may break."""

_AFTER_LINK = ".,;:!?)"


class UnfitWordingError(TayError):
    """A wording, filled in, breaks a rule that the playbook check should have caught."""


def filled(
    template: Template, playbook: "Playbook", *, noun: str, pet_name: bool, emoji: bool
) -> str:
    """A wording with its values, before its notice; nothing is checked.

    Args:
        template: the wording.
        playbook: whose it is.
        noun: what `$topic` says.
        pet_name: whether the reply leaves room for one.
        emoji: whether the reply has any.
    """
    offer = playbook.offers[template.offer]
    values = {
        "pet_name": (template.pet_name or playbook.voice.pet_names[0]) if pet_name else "",
        "topic": noun,
        "offer": offer.name,
        "link": str(offer.link or ""),
        "price": offer.price or "",
    }
    return fill(template.text, values, emoji=emoji)


def check_catalogue(text: str, offer: Offer, conduct: ConductRules) -> None:
    """Hold a filled wording against conduct and catalogue one last time before it is shown.

    Raises:
        UnfitWordingError: it breaks a rule, or links to anything but the offer's own page.
    """
    breach = next(breaches(text, conduct, offer), None)
    if breach is not None:
        raise UnfitWordingError(breach)


class Mentions:
    """The mentions of one playbook as they will be read, each filled and checked once.

    There are few ways to fill one, and to check one takes as long as to judge a short question.
    """

    def __init__(self, playbook: "Playbook") -> None:
        self._playbook = playbook
        self._texts: dict[tuple[str, str, bool, bool], str] = {}
        self._differ: dict[tuple[str, str], bool] = {}

    def text(self, template: Template, noun: str, *, pet_name: bool, emoji: bool) -> str:
        """A wording with its values and its notice; arguments as for `filled`.

        Raises:
            UnfitWordingError: as `check_catalogue`.
        """
        key = (template.id, noun, pet_name, emoji)
        text = self._texts.get(key)
        if text is None:
            playbook = self._playbook
            text = filled(template, playbook, noun=noun, pet_name=pet_name, emoji=emoji)
            text = with_notice(text, playbook.voice.disclosure.notice)
            check_catalogue(text, playbook.offers[template.offer], playbook.conduct)
            self._texts[key] = text
        return text

    def differs(self, template: Template, noun: str) -> bool:
        """Whether a wording has a pet name or an emoji, for which not every reply has room."""
        key = (template.id, noun)
        differs = self._differ.get(key)
        if differs is None:
            text = filled(template, self._playbook, noun=noun, pet_name=False, emoji=True)
            differs = "pet_name" in placeholders(template.text) or has_emoji(text)
            self._differ[key] = differs
        return differs


def readings(template: Template, playbook: "Playbook") -> tuple[str, ...]:
    """Every way in which a wording can be filled: each topic, with and without name and emoji."""
    used = placeholders(template.text)
    nouns = [playbook.offers[template.offer].topic_noun]
    if "topic" in used:
        nouns += [topic.noun for topic in playbook.topics.values()]
    ways = dict.fromkeys(
        filled(template, playbook, noun=noun, pet_name=pet_name, emoji=True)
        for noun in nouns
        for pet_name in ((True, False) if "pet_name" in used else (False,))
    )
    if not any(map(has_emoji, ways)):
        return tuple(ways)
    bare = [
        filled(template, playbook, noun=noun, pet_name=pet_name, emoji=False)
        for noun in nouns
        for pet_name in (True, False)
    ]
    return tuple(dict.fromkeys((*ways, *bare)))


def with_notice(text: str, notice: str) -> str:
    """A filled wording with the notice that it is one, where the playbook has any."""
    return f"{text} {notice}".strip()


def breaches(text: str, conduct: ConductRules, offer: Offer | None = None) -> Iterator[str]:
    """What a text says that it may not: each conduct rule that it breaks, each foreign address.

    The price and the link of its own offer break no rule by themselves.
    """
    for broken in conduct.violations(text, facts_of(offer) if offer else ()):
        yield breach(broken, of_offer=offer is not None)
    link = str(offer.link or "") if offer else ""
    own = f"{offer.name} {offer.price}" if offer else ""
    for found in _ADDRESS.findall(text):
        if found in own:
            continue
        if not link or found.rstrip(_AFTER_LINK) != link.rstrip(_AFTER_LINK):
            mend = "write $link, with nothing but blanks around it"
            yield f"holds a link that is not the catalogue's: {found!r}: {mend}"


def breach(broken: Violation, *, of_offer: bool = False) -> str:
    """A broken rule in words, with what is to be done; `of_offer`: `$price` may be said there."""
    priced = of_offer and broken.rule == INVENTED_PRICE
    mend = "write $price, and the price in offers.yaml" if priced else "say it without"
    return f"breaks the conduct rule {broken.rule!r}: {broken.quote!r}: {mend}"


def facts_of(offer: Offer) -> tuple[str, ...]:
    """What the catalogue says in words of its own: an offer's price and its link."""
    return tuple(str(fact) for fact in (offer.price, offer.link) if fact)
