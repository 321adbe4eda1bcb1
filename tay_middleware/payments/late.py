"""Purchases that mentions may change which came to the log after them."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from tay_middleware.payments.attribution import CLOCK_SKEW
from tay_middleware.payments.catalogue import Rules
from tay_middleware.payments.circle import Circle
from tay_middleware.storage.payments import awaited
from tay_middleware.storage.payments.awaited import Stretch
from tay_middleware.storage.transaction import Transaction

RECONSIDERED = timedelta(days=35)
"""How long after a purchase a mention of its user is still looked for that led to it: a spool may
be found again after a month. For one that the purchase names there is no limit."""


def joinable(transaction: Transaction, rules: Rules, now: datetime) -> list[str]:
    """The keys of those that a mention of their user's joins; few of them does it change.

    It writes nothing and takes no lock.
    """
    since = now - max(rules.window, RECONSIDERED)
    stretch = Stretch(since, rules.window, CLOCK_SKEW)
    by_user = awaited.joined_by_user(transaction, stretch)
    return sorted(by_user | awaited.joined_by_reference(transaction, stretch))


def await_named(
    transaction: Transaction, circle: Circle, keys: Iterable[str], stays: Collection[str]
) -> None:
    """Note which mentions some purchases name that the log does not have.

    One whose credit `stays` waits for none: what it names was there, and is past its retention.
    """
    missing: dict[str, set[str]] = {}
    for key in keys:
        evidence = [fact.evidence for fact in circle.groups[key]]
        tokens = {token for one in evidence for token in one.tokens}
        ids = {one.escalation_id for one in evidence if one.escalation_id}
        if tokens or ids:
            strange = ids - circle.named.by_id.keys()
            names = {*(tokens - circle.named.by_token.keys()), *map(str, strange)}
            missing[key] = set() if key in stays else names
    if missing:
        awaited.await_mentions(transaction, missing)
