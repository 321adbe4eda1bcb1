"""Facts in, purchases and their credit out, in one transaction; the same set gives the same rows.

Whatever comes, the whole purchase is made again from all of its facts, and so is every other one
of the same customer that it may say something about: one delivery may name the person whom an
earlier one only hinted at.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from tay_middleware.payments.attribution import (
    CLOCK_SKEW,
    CONFIDENCE,
    OF_ITS_OWN,
    Buyer,
    Known,
    Touch,
    buyer_of,
    credit,
)
from tay_middleware.payments.catalogue import Rules, product_of, sold
from tay_middleware.payments.circle import Circle, Groups, circle_of, concerned, known_of
from tay_middleware.payments.facts import Evidence, Fact, from_row, to_row
from tay_middleware.payments.purchases import Purchase, components, left_out, purchase_of
from tay_middleware.payments.standing import is_all_back, standing
from tay_middleware.payments.staying import Row, Teller, credit_of, of_one, told_anew
from tay_middleware.storage import purchases as sql
from tay_middleware.storage.credits import lock, staying
from tay_middleware.storage.purchases import Transaction

_log = logging.getLogger("tay_middleware.payments")

PURCHASES = UUID("0c9b6f5e-2f43-5d0e-8f3f-5b1f0c6a9d27")
"""Ids of purchases are made from their keys, in a namespace of their own."""


@dataclass(frozen=True, slots=True)
class _News:
    """What facts that came change, beside the purchases that they belong to.

    `freed` are mentions whose purchase went into another one. By the key that they have now:
    `stays` are purchases whose credit stays, `tellers` who says of them anew whose they are.
    """

    freed: set[UUID] = field(default_factory=set)
    stays: dict[str, Row] = field(default_factory=dict)
    tellers: dict[str, Teller] = field(default_factory=dict)


def settle(
    transaction: Transaction, facts: Iterable[Fact], rules: Rules, now: datetime
) -> list[Mapping[str, Any]]:
    """Take facts in and write what follows; the rows of `conversions` that were written."""
    lock(transaction)
    news = _News()
    touched = {
        _put(transaction, group, news)
        for group in components(_without_erased(transaction, tuple(facts)))
    }
    groups = _grouped(transaction, touched)
    for facts_of_one in groups.values():
        _tell_left_out(facts_of_one)
    return _restate(transaction, groups, news, rules, now)


def reconsider(
    transaction: Transaction, since: datetime, rules: Rules, now: datetime
) -> list[Mapping[str, Any]]:
    """Look again for whom recent purchases without a mention are: the log may have caught up."""
    lock(transaction)
    groups = _grouped(transaction, sql.open_ends(transaction, since))
    return _restate(transaction, groups, _News(), rules, now)


def restate_mentions(transaction: Transaction, escalations: Collection[UUID]) -> None:
    """Write for some mentions whether they are converted, by sales and by admins."""
    sales, marks = sql.sales_and_marks(transaction, escalations)
    for escalation_id in sorted(escalations):
        of_it, said = sales.get(escalation_id, ()), marks.get(escalation_id, ())
        back = _went_back_at(transaction, of_it) if said and is_all_back(of_it) else None
        verdict = standing(of_it, said, back)
        sql.write_standing(transaction, escalation_id, verdict.converted, verdict.converted_at)


def _went_back_at(transaction: Transaction, sales: Sequence[Any]) -> datetime | None:
    """When the last of what was paid in some purchases went back."""
    found = []
    for sale in sales:
        facts = [from_row(row) for row in sql.facts_of(transaction, [sale.purchase_key])]
        first = purchase_of(facts).first if facts else None
        if first is not None and first.went_back_at is not None:
            found.append(first.went_back_at)
    return max(found, default=None)


def _put(transaction: Transaction, group: Sequence[Fact], news: _News) -> str:
    keys = {key for fact in group for key in fact.all_keys}
    merged = sql.purchases_with(transaction, keys)
    purchase_key = min(keys | merged)
    stays = of_one(staying(transaction, merged).values())
    if stays is not None:
        news.stays[purchase_key] = stays
        known = [from_row(row) for row in sql.facts_of(transaction, merged)]
        if teller := told_anew(group, known):
            news.tellers[purchase_key] = teller
    rows = [to_row(fact, purchase_key) for fact in group]
    news.freed.update(sql.put(transaction, purchase_key, keys, rows, merged))
    return purchase_key


def _tell_left_out(facts: Sequence[Fact]) -> None:
    for fact in left_out(facts):
        _log.warning(
            "%s is left out: it is of another currency than the payment of %s",
            fact.id,
            ", ".join(sorted(fact.keys)),
        )


def _restate(
    transaction: Transaction, groups: Groups, news: _News, rules: Rules, now: datetime
) -> list[Mapping[str, Any]]:
    touched = set(groups)
    if not touched and not news.freed:
        return []
    groups = dict(groups)
    while others := sql.of_same_buyers(transaction, *_buyers(groups.values())) - set(groups):
        groups |= _grouped(transaction, others)
    stays = staying(transaction, groups) | news.stays
    circle = circle_of(groups, _named(transaction, groups), _users_by_credit(stays, news))
    written: list[Mapping[str, Any]] = []
    mentions = set(news.freed)
    for key in sorted(concerned(circle, touched)):
        made = _row(transaction, circle, key, rules, now)
        row = credit_of(made, stays.get(key), news.tellers.get(key))
        before = sql.write_purchase(transaction, row)
        mentions |= {one for one in (before, row["escalation_id"]) if one is not None}
        written.append(row)
    restate_mentions(transaction, mentions)
    return written


def _users_by_credit(stays: Mapping[str, Row], news: _News) -> dict[str, str]:
    """The users whom purchases named when the log still knew them, by the purchase's key."""
    told = OF_ITS_OWN | {"by_hand"}
    return {
        key: row["user_key"]
        for key, row in stays.items()
        if key not in news.tellers and row["user_key"] is not None and row["method"] in told
    }


def _grouped(transaction: Transaction, keys: Collection[str]) -> dict[str, tuple[Fact, ...]]:
    found: dict[str, list[Fact]] = {}
    for row in sql.facts_of(transaction, keys) if keys else ():
        found.setdefault(row["purchase_key"], []).append(from_row(row))
    return {key: tuple(facts) for key, facts in found.items()}


def _buyers(groups: Iterable[Sequence[Fact]]) -> tuple[set[str], set[str]]:
    evidence = [fact.evidence for group in groups for fact in group]
    customers = {one.customer for one in evidence if one.customer}
    return customers, {one.email_key for one in evidence if one.email_key}


def _row(
    transaction: Transaction, circle: Circle, key: str, rules: Rules, now: datetime
) -> dict[str, Any]:
    purchase = purchase_of(circle.groups[key])
    buyer = buyer_of(purchase, known_of(circle, key))
    bought = sold(purchase, rules)
    touches = []
    if buyer.user_key is not None:
        since, until = purchase.begun_at - rules.window, purchase.begun_at + CLOCK_SKEW
        touches = [
            _touch(row) for row in sql.mentions_of(transaction, buyer.user_key, since, until)
        ]
    given = credit(purchase, buyer, touches, sold=bought, window=rules.window)
    return {
        **_figures(purchase),
        **_who(buyer),
        "kind": given.kind,
        "offer": given.offer,
        "product": product_of(bought, given.offer, rules),
        "escalation_id": given.escalation_id,
        "first_escalation_id": given.first_escalation_id,
        "cross_escalation_id": given.cross_escalation_id,
        "settled_at": now,
        "simulated": any(fact.simulated for fact in purchase.facts),
        "test": any(fact.test for fact in purchase.facts),
    }


def _figures(purchase: Purchase) -> dict[str, Any]:
    first = purchase.first
    return {
        "id": uuid5(PURCHASES, purchase.key),
        "purchase_key": purchase.key,
        "provider": purchase.provider,
        "status": purchase.status,
        "counts": purchase.counts,
        "amount": first.amount if first else 0,
        "refunded": first.refunded if first else 0,
        "disputed": first.disputed if first else 0,
        "lost": first.lost if first else 0,
        "net": first.net if first else 0,
        "lifetime": purchase.lifetime,
        "currency": first.currency if first else None,
        "payments": purchase.payments,
        "begun_at": purchase.begun_at,
        "paid_at": purchase.paid_at,
        "ended_at": purchase.ended_at,
    }


def _who(buyer: Buyer) -> dict[str, Any]:
    return {
        "user_key": buyer.user_key,
        "method": buyer.method,
        "confidence": CONFIDENCE.get(buyer.method or ""),
    }


def _named(transaction: Transaction, groups: Groups) -> Known:
    """What the log says of the tokens, ids and references in the evidence of some purchases."""
    evidence = [fact.evidence for facts in groups.values() for fact in facts]
    rows = sql.mentions_named(
        transaction,
        {one.token for one in evidence if one.token},
        {one.escalation_id for one in evidence if one.escalation_id},
    )
    touches = [_touch(row) for row in rows]
    return Known(
        by_token={touch.token: touch for touch in touches if touch.token},
        by_id={touch.escalation_id: touch for touch in touches},
        users=sql.users_seen(
            transaction, {one.reference_key for one in evidence if one.reference_key}
        ),
    )


def _touch(row: Any) -> Touch:
    return Touch(
        escalation_id=row.id,
        user_key=row.user_key,
        offer=row.offer,
        shown_at=row.created_at,
        clicked_at=row.clicked_at,
        token=row.link_token,
    )


def _without_erased(transaction: Transaction, facts: Sequence[Fact]) -> list[Fact]:
    """Facts from before their user was erased come without the user."""
    users = {
        key
        for fact in facts
        for key in (fact.evidence.user_key, fact.evidence.reference_key)
        if key is not None
    }
    erased = sql.erased_among(transaction, users) if users else {}
    return [_anonymous(fact) if _is_erased(fact, erased) else fact for fact in facts]


def _is_erased(fact: Fact, erased: Mapping[str, datetime]) -> bool:
    keys = (fact.evidence.user_key, fact.evidence.reference_key)
    return any(key in erased and fact.at <= erased[key] for key in keys if key is not None)


def _anonymous(fact: Fact) -> Fact:
    kept = fact.evidence
    return replace(fact, evidence=Evidence(token=kept.token, escalation_id=kept.escalation_id))
