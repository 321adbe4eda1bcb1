"""Shopify's deliveries as facts; the type stands in the header `X-Shopify-Topic`."""

from tay_middleware.payments.facts import Fact, KeyOf, Said, Source
from tay_middleware.payments.money import Money, major
from tay_middleware.payments.reading import Part, Reading, evidence_of

PROVIDER = "shopify"


def read(kind: str, external_id: str, payload: Part, key_of: KeyOf) -> Reading:
    """A delivery as facts.

    Raises:
        PayloadError: it is of a type that we know and says what cannot be.
    """
    live = payload.values.get("test") is not True
    if kind == "orders/paid":
        return Reading(live, (_order(external_id, payload, key_of),))
    if kind == "refunds/create":
        return Reading(live, (_refund(external_id, payload),))
    return Reading(live, None)


def _order(external_id: str, order: Part, key_of: KeyOf) -> Fact:
    customer = order.part("customer").ref("id")
    attributes = {
        one.text("name") or "": one.text("value") for one in order.parts("note_attributes")
    }
    lines = (line.ref("product_id") for line in order.parts("line_items"))
    return Fact(
        id=f"{PROVIDER}:{external_id}",
        provider=PROVIDER,
        said=Said.PAID,
        at=order.moment("processed_at" if order.text("processed_at") else "created_at"),
        keys=frozenset({f"{PROVIDER}:order:{_id(order, 'id')}"}),
        money=_money(order, "total_price"),
        source=Source.PAYMENT,
        offer=attributes.get("tay_offer"),
        products=tuple(sorted({product for product in lines if product})),
        evidence=evidence_of(
            key_of=key_of,
            metadata=attributes,
            customer=f"{PROVIDER}:{customer}" if customer else None,
            email=order.text("email") or order.part("customer").text("email"),
        ),
    )


def _refund(external_id: str, refund: Part) -> Fact:
    returned = [
        _money(one, "amount")
        for one in refund.parts("transactions")
        if one.text("kind") == "refund" and one.text("status") == "success"
    ]
    total = Money(sum(one.amount for one in returned), returned[0].currency) if returned else None
    return Fact(
        id=f"{PROVIDER}:{external_id}",
        provider=PROVIDER,
        said=Said.REFUND,
        at=refund.moment("created_at"),
        keys=frozenset({f"{PROVIDER}:order:{_id(refund, 'order_id')}"}),
        money=total,
        subject=_id(refund, "id"),
        state="succeeded",
    )


def _money(part: Part, name: str) -> Money:
    """An amount in the currency that the customer paid in, the only one in which refunds come."""
    shown = part.part(f"{name}_set").part("presentment_money").values
    if "amount" in shown:
        return major(shown["amount"], shown.get("currency_code"))
    return major(part.values.get(name), part.values.get("currency"))


def _id(part: Part, name: str) -> str:
    return part.ref(name) or part.needed(name)
