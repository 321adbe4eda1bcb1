"""What purchases say of each other's buyers. Pure.

A purchase whose own evidence names a user lends that user to the other purchases of the same
customer or address. Nothing else passes from one purchase to another.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from tay_middleware.payments.attribution import Known, direct_users, hands_of
from tay_middleware.payments.facts import Fact

Groups = Mapping[str, tuple[Fact, ...]]
"""The facts of purchases, by the purchase's key."""

_Name = tuple[str, str]
"""What purchases share: `customer` or `email`, and which."""


@dataclass(frozen=True, slots=True)
class Circle:
    """Purchases that share customers and addresses.

    `direct` are the users that a purchase's own evidence names, by its key; `lent` the users to
    whom a name leads by that. A purchase that lends never borrows: its own evidence comes first.
    """

    groups: Groups
    named: Known
    direct: Mapping[str, frozenset[str]]
    lent: Mapping[_Name, frozenset[str]]


def circle_of(groups: Groups, named: Known, stays: Mapping[str, str] | None = None) -> Circle:
    """A circle of purchases.

    Args:
        groups: all of those that share a name with one of them.
        named: what the log says of the tokens, ids and references in their evidence.
        stays: the users that some of them named when the log still knew them, by the key.
    """
    direct = {
        key: frozenset({stays[key]}) if stays and key in stays else direct_users(facts, named)
        for key, facts in groups.items()
    }
    lent: dict[_Name, frozenset[str]] = {}
    for key, facts in groups.items():
        for name in _names(facts) if direct[key] else ():
            lent[name] = lent.get(name, frozenset()) | direct[key]
    return Circle(groups, named, direct, lent)


def known_of(circle: Circle, key: str) -> Known:
    """All that is known beside one purchase of the circle itself.

    One that an admin gave to somebody, or to nobody, borrows no user: else it would hear its own
    word, or another's, as a customer's.
    """
    found: dict[str, dict[str, frozenset[str]]] = {"customer": {}, "email": {}}
    for kind, name in () if hands_of(circle.groups[key]) else _names(circle.groups[key]):
        found[kind][name] = circle.lent.get((kind, name), frozenset())
    return replace(circle.named, customers=found["customer"], emails=found["email"])


def concerned(circle: Circle, touched: Collection[str]) -> set[str]:
    """The purchases to be made again when facts came to those `touched`.

    Beside these it is the ones that a touched one may lend a user to: it has one, or an admin may
    have taken it away; they share a name, and the evidence of the other names nobody, for then it
    would not ask others (`buyer_of`).
    """
    lending = {
        name for key in touched if _may_lend(circle, key) for name in _names(circle.groups[key])
    }
    borrowing = {
        key
        for key, facts in circle.groups.items()
        if not circle.direct[key] and not lending.isdisjoint(_names(facts))
    }
    return borrowing | (set(touched) & set(circle.groups))


def _may_lend(circle: Circle, key: str) -> bool:
    facts = circle.groups.get(key, ())
    return bool(circle.direct.get(key)) or bool(hands_of(facts))


def _names(facts: Iterable[Fact]) -> set[_Name]:
    found: set[_Name] = set()
    for fact in facts:
        if fact.evidence.customer:
            found.add(("customer", fact.evidence.customer))
        if fact.evidence.email_key:
            found.add(("email", fact.evidence.email_key))
    return found
