"""Credit that stays as it is once the rows of the log that it rests on are gone. Pure.

A purchase is made again from all of its facts whenever one comes, and the log is asked again for
its mention. Where that was removed or made anonymous the log would answer that there was none.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from tay_middleware.payments.catalogue import named_by
from tay_middleware.payments.facts import Evidence, Fact
from tay_middleware.payments.purchases import purchase_of
from tay_middleware.storage.transaction import Row

Teller = Literal["admin", "provider"]
"""Who said something new of whose a purchase is."""

CREDIT = (
    *("user_key", "method", "confidence", "kind", "offer", "product"),
    *("escalation_id", "first_escalation_id", "cross_escalation_id"),
)
"""The columns that say whose a purchase is and which mention earned it."""

_SUREST_FIRST = ("token", "metadata", "reference", "by_hand", "customer", "email", None)


def of_one(rows: Iterable[Row]) -> Row | None:
    """The credit of purchases that turned out to be one: a mention's before none, then the first.

    `None` where none of them has any that stays.
    """

    def place(row: Row) -> tuple[bool, bool, Any, str]:
        none = row["escalation_id"] is None
        return none, row["cross_escalation_id"] is None, row["begun_at"], row["purchase_key"]

    return min(rows, key=place, default=None)


def told_anew(coming: Iterable[Fact], known: Iterable[Fact]) -> Teller | None:
    """Who names a person or a mention that the known facts did not: facts that come, or nobody."""
    told = {fact.id: fact for fact in known}
    said = {name for fact in told.values() for name in _names(fact.evidence)}
    new = [fact.evidence for fact in coming if fact.id not in told]
    if any(evidence.by_hand for evidence in new):
        return "admin"
    return "provider" if any(_names(evidence) - said for evidence in new) else None


def rests_on(facts: Sequence[Fact]) -> tuple[Any, ...]:
    """What the facts of one purchase say that its credit follows from: when, what, and whose."""
    if not facts:
        return ()
    purchase = purchase_of(facts)
    whose = {name for fact in facts for name in _names(fact.evidence)}
    hands = [fact.id for fact in facts if fact.evidence.by_hand]
    return purchase.begun_at, purchase.is_earlier, named_by(purchase), whose, hands


def _names(evidence: Evidence) -> set[tuple[str, Any]]:
    names = ("escalation_id", "user_key", "reference_key")
    found = {(name, getattr(evidence, name)) for name in names}
    found |= {("token", token) for token in evidence.tokens}
    return {(name, value) for name, value in found if value is not None}


def credit_of(made: Row, stays: Row | None, news: Teller | None) -> Row:
    """The row to write: with the credit that stays, unless what is new says better.

    Args:
        made: the purchase as its facts and the log make it now.
        stays: the purchase as it stands, if its credit stays.
        news: `told_anew`. It says better where an admin's word decides, or where it leads to a
            mention at least as surely as the credit that stays was found.
    """
    if stays is None:
        return made
    marked = {**made, "credit_stays": True}
    if stays["kind"] == "earlier":
        return marked
    by_word = news == "admin" and made["method"] == "by_hand"
    if by_word or (news is not None and _is_better(made, stays)):
        return marked
    return marked | {name: stays[name] for name in CREDIT}


def _is_better(made: Row, stays: Row) -> bool:
    if made["escalation_id"] is None and made["cross_escalation_id"] is None:
        return False
    return _SUREST_FIRST.index(made["method"]) <= _SUREST_FIRST.index(stays["method"])
