"""Names of offers that a wording types out instead of `$offer`, in a form that reads badly."""

import re
from collections.abc import Iterator

from tay_middleware import naming
from tay_middleware.playbook.schema import Offer

DETERMINERS = frozenset(
    {"the", "a", "an", "this", "my", "our", "your", "her", "his", "their", "its", "any", "one"}
)
"""Words of which one must stand before a name that has no article of its own."""

REACH_WORDS = 4
"""How far before the name: "my own hands-on mentorship"."""

_CLAUSE_ENDS = re.compile(r"\S*\w[./@]\w\S*|[.,;:!?()\u2013\u2014\u2026]+(?=\s|$)|\$\{?[a-z_]+\}?")
"""Marks, placeholders, and addresses, in which a name is no word."""


def badly_typed(text: str, offer: Offer) -> Iterator[str]:
    """What is wrong with the names in the text of a wording, before anything is filled in."""
    own = tuple(naming.words(offer.name))
    names = [tuple(naming.words(name)) for name in offer.names]
    for clause in _CLAUSE_ENDS.split(text):
        said = naming.words(clause)
        for name in names:
            if not name:
                continue
            if _found(said, (*name[:-1], naming.plural(name[-1]))) is not None:
                yield f"names its offer in the plural, of {' '.join(name)!r}: write $offer"
            at = _found(said, name)
            if at is not None and name != own and not _has_article(said[: at + 1]):
                yield f"names its offer without an article, {' '.join(name)!r}: write $offer"


def has_article(name: str) -> bool:
    """Whether a name brings what must stand before it, or is a proper one: "Tay's Wig School"."""
    return not name[:1].islower() or _has_article(naming.words(name)[:1]) or "'s " in name


def _has_article(said: list[str]) -> bool:
    """Whether one of the last words, that of the name itself with them, is an article."""
    return not DETERMINERS.isdisjoint(said[-REACH_WORDS - 1 :])


def _found(said: list[str], name: tuple[str, ...]) -> int | None:
    """Where `name` first begins in `said`."""
    places = range(len(said) - len(name) + 1)
    return next((at for at in places if tuple(said[at : at + len(name)]) == name), None)
