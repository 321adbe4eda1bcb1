"""Stripe's events as facts. Both shapes of invoices are read: before and since the API of 2025.

An invoice and its payment intent are joined by `invoice_payment.paid` alone in the current API.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tay_middleware.identities import KeyOf
from tay_middleware.payments.facts import Evidence, Fact, Said, Source
from tay_middleware.payments.money import Money, money
from tay_middleware.payments.reading import Part, Reading, evidence_of

PROVIDER = "stripe"


@dataclass(frozen=True, slots=True)
class _Event:
    """An event with its object; makes the facts that its type calls for."""

    id: str
    kind: str
    at: datetime
    object: Part
    key_of: KeyOf

    def fact(
        self,
        said: Said,
        *keys: str | None,
        series: str | None = None,
        money: Money | None = None,
        source: Source | None = None,
        subject: str | None = None,
        state: str | None = None,
        products: tuple[str, ...] = (),
        at: datetime | None = None,
        evidence: Evidence | None = None,
        renewal: bool = False,
    ) -> Fact:
        """The one fact of this event."""
        metadata = self.object.part("metadata")
        return Fact(
            id=f"{PROVIDER}:{self.id}",
            provider=PROVIDER,
            said=said,
            at=at or self.at,
            keys=frozenset(f"{PROVIDER}:{key}" for key in keys if key),
            series=f"{PROVIDER}:{series}" if series else None,
            money=money,
            source=source,
            subject=subject,
            state=state,
            offer=metadata.text("tay_offer"),
            products=products,
            evidence=evidence or self.evidence(),
            renewal=renewal,
            simulated=metadata.values.get("tay_simulated") == "true",
        )

    def evidence(self) -> Evidence:
        """What leads to a person, wherever objects of Stripe keep it."""
        body = self.object
        details = body.part("parent").part("subscription_details").part("metadata").values
        older = body.part("subscription_details").part("metadata").values
        emails = (
            body.part("customer_details").text("email"),
            body.text("customer_email"),
            body.text("receipt_email"),
            body.part("billing_details").text("email"),
        )
        customer = body.ref("customer")
        return evidence_of(
            key_of=self.key_of,
            reference=body.text("client_reference_id"),
            metadata={**older, **details, **body.part("metadata").values},
            customer=f"{PROVIDER}:{customer}" if customer else None,
            email=next((email for email in emails if email), None),
        )


def read(_kind: str, _external_id: str, payload: Part, key_of: KeyOf) -> Reading:
    """An event as facts.

    Raises:
        PayloadError: it is of a type that we know and says what cannot be.
    """
    kind = payload.needed("type")
    event = _Event(
        id=payload.needed("id"),
        kind=kind,
        at=payload.moment("created"),
        object=payload.part("data").part("object"),
        key_of=key_of,
    )
    live = payload.values.get("livemode") is True
    reader = _READERS.get(kind)
    if reader is None:
        return Reading(live, None)
    fact = reader(event)
    return Reading(live, (fact,) if fact is not None else None)


def _session(event: _Event) -> Fact | None:
    session = event.object
    if session.text("mode") == "setup":
        return None
    series = session.ref("subscription")
    paid = session.text("payment_status") != "unpaid"
    said = Said.PAID if paid else Said.PENDING
    if event.kind.endswith("async_payment_failed"):
        said = Said.FAILED
    return event.fact(
        said,
        session.needed("id"),
        session.ref("payment_intent"),
        session.ref("invoice"),
        f"first:{series}" if series else None,
        series=series,
        money=money(session.values.get("amount_total"), session.values.get("currency")),
        source=Source.SESSION,
        products=_products_of(session),
    )


def _products_of(session: Part) -> tuple[str, ...]:
    """The payment link, and prices and products where whoever passed it on had them expanded."""
    prices = [item.part("price") for item in session.parts("line_items")]
    found = {session.ref("payment_link")}
    found |= {name for price in prices for name in (price.ref("id"), price.ref("product"))}
    return tuple(sorted(name for name in found if name))


_GOES_ON = {"subscription_cycle", "subscription_update", "subscription_threshold"}
"""Why a subscription that is there already is billed again."""


def _invoice(event: _Event) -> Fact:
    invoice = event.object
    parent = invoice.part("parent").part("subscription_details")
    series = invoice.ref("subscription") or parent.ref("subscription")
    reason = invoice.text("billing_reason")
    joined = [one.part("payment").ref("payment_intent") for one in invoice.parts("payments")]
    return event.fact(
        Said.PAID,
        invoice.needed("id"),
        invoice.ref("payment_intent"),
        invoice.ref("charge"),
        *joined,
        f"first:{series}" if series and reason == "subscription_create" else None,
        series=series,
        renewal=series is not None and reason in _GOES_ON,
        money=money(invoice.values.get("amount_paid"), invoice.values.get("currency")),
        source=Source.INVOICE,
        products=_products(invoice),
    )


def _products(invoice: Part) -> tuple[str, ...]:
    found: list[str | None] = []
    for line in invoice.parts("lines"):
        details = line.part("pricing").part("price_details")
        found += [details.ref("price"), details.ref("product")]
        if isinstance(line.values.get("price"), dict):
            found += [line.ref("price"), line.part("price").ref("product")]
    return tuple(sorted({name for name in found if name}))


def _invoice_payment(event: _Event) -> Fact | None:
    payment = event.object.part("payment")
    keys = (
        event.object.ref("invoice"),
        payment.ref("payment_intent"),
        payment.ref("charge"),
    )
    return event.fact(Said.JOINED, *keys) if any(keys) else None


def _intent(event: _Event) -> Fact:
    intent = event.object
    return event.fact(
        Said.PAID,
        intent.needed("id"),
        intent.ref("latest_charge"),
        intent.ref("invoice"),
        money=money(intent.values.get("amount_received"), intent.values.get("currency")),
        source=Source.PAYMENT,
        subject=intent.needed("id"),
    )


def _charge_refunded(event: _Event) -> Fact:
    charge = event.object
    return event.fact(
        Said.REFUNDED_SO_FAR,
        charge.needed("id"),
        charge.ref("payment_intent"),
        charge.ref("invoice"),
        money=money(charge.values.get("amount_refunded"), charge.values.get("currency")),
        subject=charge.needed("id"),
    )


def _refund(event: _Event) -> Fact | None:
    refund = event.object
    keys = (refund.ref("charge"), refund.ref("payment_intent"))
    if not any(keys):
        return None
    return event.fact(
        Said.REFUND,
        *keys,
        money=money(refund.values.get("amount"), refund.values.get("currency")),
        subject=refund.needed("id"),
        state=refund.text("status") or "pending",
    )


_OVER = {"won": "won", "warning_closed": "won", "prevented": "won", "lost": "lost"}


def _dispute(event: _Event) -> Fact | None:
    dispute = event.object
    keys = (dispute.ref("charge"), dispute.ref("payment_intent"))
    if not any(keys):
        return None
    state = _OVER.get(dispute.text("status") or "", "open")
    if event.kind.endswith("funds_reinstated"):
        state = "won"
    return event.fact(
        Said.DISPUTE,
        *keys,
        money=money(dispute.values.get("amount"), dispute.values.get("currency")),
        subject=dispute.needed("id"),
        state=state,
    )


def _ended(event: _Event) -> Fact:
    return event.fact(Said.ENDED, series=event.object.needed("id"))


_READERS: dict[str, Callable[[_Event], Fact | None]] = {
    "checkout.session.completed": _session,
    "checkout.session.async_payment_succeeded": _session,
    "checkout.session.async_payment_failed": _session,
    "invoice.paid": _invoice,
    "invoice_payment.paid": _invoice_payment,
    "payment_intent.succeeded": _intent,
    "charge.refunded": _charge_refunded,
    "charge.refund.updated": _refund,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "charge.dispute.created": _dispute,
    "charge.dispute.updated": _dispute,
    "charge.dispute.closed": _dispute,
    "charge.dispute.funds_withdrawn": _dispute,
    "charge.dispute.funds_reinstated": _dispute,
    "customer.subscription.deleted": _ended,
}
