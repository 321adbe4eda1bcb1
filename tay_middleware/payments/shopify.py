"""Shopify's deliveries as facts; the type stands in the header `X-Shopify-Topic`.

A refund may still be pending when it is told of, and nothing but the transaction says how it ended.
It counts from the beginning, for most succeed, and is undone when its transaction fails.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from tay_middleware.identities import KeyOf
from tay_middleware.payments.facts import Fact, Said, Source
from tay_middleware.payments.money import Money, major
from tay_middleware.payments.reading import (
    MOST_APP_CHARS,
    MOST_LOOSE_CHARS,
    Part,
    Reading,
    evidence_of,
)

PROVIDER = "shopify"

_FAILED = {"failure", "error"}


def read(kind: str, external_id: str, payload: Part, key_of: KeyOf) -> Reading:
    """A delivery as facts.

    Raises:
        PayloadError: it is of a type that we know and says what cannot be.
    """
    if kind == "refunds/create":
        transactions = [one for one in payload.parts("transactions") if _is_refund(one)]
        live = not any(map(_is_test, transactions))
        return Reading(live, _refunds(external_id, payload, transactions))
    live = not _is_test(payload)
    if kind == "orders/paid":
        return Reading(live, (_order(external_id, payload, key_of),))
    if kind == "order_transactions/create" and _is_refund(payload):
        return Reading(live, (_refund(external_id, payload, payload),))
    return Reading(live, None)


def _order(external_id: str, order: Part, key_of: KeyOf) -> Fact:
    customer = order.loose("customer")
    buyer = order.values.get("customer")
    buyer = buyer if isinstance(buyer, Mapping) else {}
    attributes = _attributes(order)
    lines = (line.loose("product_id") for line in order.parts("line_items"))
    return Fact(
        id=f"{PROVIDER}:{external_id}",
        provider=PROVIDER,
        said=Said.PAID,
        at=_at(order, "processed_at"),
        keys=frozenset({f"{PROVIDER}:order:{_id(order, 'id')}"}),
        money=_money(order, "total_price"),
        source=Source.PAYMENT,
        offer=attributes.get("tay_offer"),
        products=tuple(sorted({product for product in lines if product})),
        evidence=evidence_of(
            key_of=key_of,
            metadata=attributes,
            customer=f"{PROVIDER}:{customer}" if customer else None,
            email=order.loose("email") or Part(buyer).loose("email"),
        ),
        revised_at=order.moment("updated_at") if order.loose("updated_at") else None,
    )


def _attributes(order: Part) -> dict[str, str]:
    """What our links and apps put into an order; other apps put there whatever they like."""
    found = {}
    for one in order.parts("note_attributes"):
        name = one.loose("name")
        most = MOST_APP_CHARS if name == "tay_user_id" else MOST_LOOSE_CHARS
        value = one.loose("value", most)
        if name is not None and name.startswith("tay_") and value is not None:
            found[name] = value
    return found


def _refunds(external_id: str, refund: Part, transactions: list[Part]) -> tuple[Fact, ...]:
    """A fact for each transaction; the first has the delivery's own id."""
    facts = [_refund(external_id, refund, one) for one in transactions]
    return tuple(
        replace(fact, id=f"{fact.id}#{number}") if number else fact
        for number, fact in enumerate(facts)
    )


def _refund(external_id: str, refund: Part, transaction: Part) -> Fact:
    its_id = transaction.loose("id")
    failed = transaction.loose("status") in _FAILED
    return Fact(
        id=f"{PROVIDER}:{external_id}",
        provider=PROVIDER,
        said=Said.REFUND,
        at=_at(refund, "processed_at"),
        keys=frozenset({f"{PROVIDER}:order:{_id(refund, 'order_id')}"}),
        money=_money(transaction, "amount"),
        subject=f"transaction:{its_id}" if its_id else _id(refund, "id"),
        state="failed" if failed else "succeeded",
    )


def _is_refund(transaction: Part) -> bool:
    return transaction.loose("kind") == "refund"


def _at(part: Part, name: str) -> datetime:
    return part.moment(name if part.loose(name) else "created_at")


def _is_test(part: Part) -> bool:
    return part.values.get("test") is True


def _money(part: Part, name: str) -> Money:
    """An amount in the currency that the customer paid in, the only one in which refunds come."""
    shown = part.part(f"{name}_set").part("presentment_money").values
    if "amount" in shown:
        return major(shown["amount"], shown.get("currency_code"))
    return major(part.values.get(name), part.values.get("currency"))


def _id(part: Part, name: str) -> str:
    return part.ref(name) or part.needed(name)
