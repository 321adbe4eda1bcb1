"""One purchase as a row of `conversions`: its figures, its buyer, and whose credit it is."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tay_middleware.payments.attribution import (
    CLOCK_SKEW,
    CONFIDENCE,
    Buyer,
    Credit,
    Known,
    Touch,
    buyer_of,
    credit,
    named_for,
)
from tay_middleware.payments.catalogue import Rules, Sold, product_of, sold
from tay_middleware.payments.circle import Circle, Groups, known_of
from tay_middleware.payments.purchases import Purchase, purchase_of
from tay_middleware.storage.payments import purchases as sql
from tay_middleware.storage.transaction import Row, Transaction


def row_of(
    transaction: Transaction,
    circle: Circle,
    key: str,
    rules: Rules,
    held: Row | None,
    now: datetime,
) -> dict[str, Any]:
    """The row of a purchase.

    Args:
        transaction: where the log is asked.
        circle: the purchase, and those that may say whose it is.
        key: the purchase's.
        rules: how purchases are credited today.
        held: the purchase as it stands, where nothing that its credit rests on is told otherwise.
            A mention that was credited then keeps it, whatever became of the rules since: a price
            that was replaced, a shorter window.
        now: for `settled_at`.
    """
    purchase = purchase_of(circle.groups[key])
    buyer = buyer_of(purchase, known_of(circle, key))
    bought = sold(purchase, rules)
    given = _given(transaction, purchase, buyer, bought, rules, held)
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


def _given(
    transaction: Transaction,
    purchase: Purchase,
    buyer: Buyer,
    bought: Sold,
    rules: Rules,
    held: Row | None,
) -> Credit:
    touches, window = _touches(transaction, purchase, buyer, rules.window), rules.window
    holder = _holder(transaction, buyer, touches, held)
    if holder is not None:
        if holder not in touches and holder.user_key == buyer.user_key:
            touches.append(holder)
        if named_for(buyer, bought) is None:
            bought = Sold(frozenset({holder.offer}), known=True, products=bought.products)
            window = max(window, purchase.begun_at + CLOCK_SKEW - holder.shown_at)
    ids = [touch.escalation_id for touch in touches]
    marked = sql.marked_unpaid(transaction, ids, purchase.key) if len(ids) > 1 else set()
    if holder is not None:  # what is marked after the payment was credited is another sale
        marked &= {holder.escalation_id}
    given = credit(purchase, buyer, touches, sold=bought, window=window, marked=marked)
    if held is None or holder is None or given.escalation_id != holder.escalation_id:
        return given
    firsts = (given.first_escalation_id, held["first_escalation_id"])
    first = min((one for one in firsts if one is not None), default=None)
    return replace(given, offer=held["offer"], first_escalation_id=first)


def _holder(
    transaction: Transaction, buyer: Buyer, touches: Sequence[Touch], held: Row | None
) -> Touch | None:
    """The mention that has the credit, if it is still the buyer's."""
    if held is None or held["escalation_id"] is None:
        return None
    its_id: UUID = held["escalation_id"]
    listed = [*touches, *((buyer.named,) if buyer.named else ())]
    here = [touch for touch in listed if touch.escalation_id == its_id]
    if not here:
        found = touches_named(transaction, (), [its_id])
        here = [touch for touch in found if touch.user_key == buyer.user_key]
    return here[0] if here else None


def _touches(
    transaction: Transaction, purchase: Purchase, buyer: Buyer, window: timedelta
) -> list[Touch]:
    if buyer.user_key is None:
        return []
    since, until = purchase.begun_at - window, purchase.begun_at + CLOCK_SKEW
    return [_touch(row) for row in sql.mentions_of(transaction, buyer.user_key, since, until)]


def _figures(purchase: Purchase) -> dict[str, Any]:
    first = purchase.first
    return {
        "id": sql.id_of(purchase.key),
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


def known_named(transaction: Transaction, groups: Groups) -> Known:
    """What the log says of the tokens, ids and references in the evidence of some purchases."""
    evidence = [fact.evidence for facts in groups.values() for fact in facts]
    touches = touches_named(
        transaction,
        {token for one in evidence for token in one.tokens},
        {one.escalation_id for one in evidence if one.escalation_id},
    )
    return Known(
        by_token={touch.token: touch for touch in touches if touch.token},
        by_id={touch.escalation_id: touch for touch in touches},
        users=sql.users_seen(
            transaction, {one.reference_key for one in evidence if one.reference_key}
        ),
    )


def touches_named(
    transaction: Transaction, tokens: Collection[str], ids: Collection[UUID]
) -> list[Touch]:
    """The mentions that the log has of these tokens and ids."""
    return [_touch(row) for row in sql.mentions_named(transaction, tokens, ids)]


def _touch(row: Any) -> Touch:
    return Touch(
        escalation_id=row.id,
        user_key=row.user_key,
        offer=row.offer,
        shown_at=row.created_at,
        clicked_at=row.clicked_at,
        token=row.link_token,
    )
