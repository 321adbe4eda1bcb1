"""A purchase as payment providers tell of it: signed payloads, as they come over the wire.

Ids hold the word `simulated` and payloads say it, so that whoever looks at a delivery knows.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tay_middleware.payments.generic import as_body
from tay_middleware.payments.signatures import sign_standard

STRIPE_SECRET = "whsec_of_nobody_who_sells"  # noqa: S105 - signs deliveries of a simulation, and only there
STANDARD_SECRET = "whsec_" + base64.b64encode(b"simulated, of nobody").decode()

PRICES = {"mentorship": 48_000, "course": 14_900, "masterclass": 8_900}
"""Cents of a whole payment."""

RATE = 16_000
"""Cents a month of a mentorship that is paid by the month."""

Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Purchase:
    """What is bought by whom. `name` is unique.

    `token` is of the tracked link that led there; without one the buyer is known by `user_id`, or
    by her address alone when that is `None`.
    """

    name: str
    offer: str
    at: datetime
    user_id: str | None
    email: str
    token: str | None = None
    monthly: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery, when it comes and to which endpoint."""

    at: datetime
    provider: str
    body: bytes
    headers: Headers


def deliveries(purchase: Purchase, refunded_at: datetime | None = None) -> Iterator[Delivery]:
    """Everything that a purchase sends, in order."""
    if purchase.offer == "masterclass":
        yield from _by_standard(purchase, refunded_at)
    elif purchase.monthly:
        yield from _by_month(purchase)
    else:
        yield from _at_once(purchase, refunded_at)


def _at_once(purchase: Purchase, refunded_at: datetime | None) -> Iterator[Delivery]:
    price, intent = PRICES[purchase.offer], f"pi_simulated_{purchase.name}"
    yield _stripe(purchase, "checkout.session.completed", 0, _session(purchase, price, intent))
    paid = {
        "id": intent,
        "amount_received": price,
        "currency": "usd",
        "latest_charge": f"ch_simulated_{purchase.name}",
        "metadata": _said(purchase),
    }
    yield _stripe(purchase, "payment_intent.succeeded", 2, paid)
    if refunded_at is not None:
        refund = {
            "id": f"ch_simulated_{purchase.name}",
            "payment_intent": intent,
            "amount_refunded": price,
            "currency": "usd",
            "metadata": {"tay_simulated": "true"},
        }
        later = int((refunded_at - purchase.at).total_seconds())
        yield _stripe(purchase, "charge.refunded", later, refund)


def _by_month(purchase: Purchase) -> Iterator[Delivery]:
    series, invoice = f"sub_simulated_{purchase.name}", f"in_simulated_{purchase.name}"
    session = _session(purchase, RATE, None) | {
        "mode": "subscription",
        "subscription": series,
        "invoice": invoice,
    }
    yield _stripe(purchase, "checkout.session.completed", 0, session)
    first = {
        "id": invoice,
        "amount_paid": RATE,
        "currency": "usd",
        "billing_reason": "subscription_create",
        "parent": {"subscription_details": {"subscription": series}},
        "metadata": _said(purchase),
    }
    yield _stripe(purchase, "invoice.paid", 3, first)
    second = first | {"id": f"{invoice}_2", "billing_reason": "subscription_cycle"}
    yield _stripe(purchase, "invoice.paid", 30 * 86_400, second)


def _session(purchase: Purchase, price: int, intent: str | None) -> dict[str, Any]:
    return {
        "id": f"cs_simulated_{purchase.name}",
        "mode": "payment",
        "payment_status": "paid",
        "payment_intent": intent,
        "client_reference_id": purchase.token,
        "amount_total": price,
        "currency": "usd",
        "customer_details": {"email": purchase.email},
        "metadata": _said(purchase),
    }


def _said(purchase: Purchase) -> dict[str, str]:
    said = {"tay_simulated": "true", "tay_offer": purchase.offer}
    return said | ({"tay_user_id": purchase.user_id} if purchase.user_id else {})


def _stripe(purchase: Purchase, kind: str, seconds: int, content: dict[str, Any]) -> Delivery:
    at = purchase.at + timedelta(seconds=seconds)
    stamp = int(at.timestamp())
    body = as_body(
        {
            "id": f"evt_simulated_{purchase.name}_{kind}_{seconds}",
            "type": kind,
            "created": stamp,
            "livemode": True,
            "data": {"object": content},
        }
    )
    digest = hmac.new(STRIPE_SECRET.encode(), b"%d." % stamp + body, hashlib.sha256).hexdigest()
    return Delivery(at, "stripe", body, {"stripe-signature": f"t={stamp},v1={digest}"})


def _by_standard(purchase: Purchase, refunded_at: datetime | None) -> Iterator[Delivery]:
    yield _standard(purchase, "purchase.paid", purchase.at)
    if refunded_at is not None:
        yield _standard(purchase, "purchase.refunded", refunded_at)


def _standard(purchase: Purchase, kind: str, at: datetime) -> Delivery:
    data = {
        "purchase_id": f"simulated-{purchase.name}",
        "amount_minor": PRICES[purchase.offer],
        "currency": "usd",
        "occurred_at": at.isoformat(),
        "offer": purchase.offer,
        "email": purchase.email,
        "simulated": True,
        "user_id": purchase.user_id,
        "reference": purchase.token,
    }
    named = {name: value for name, value in data.items() if value is not None}
    body, message = as_body({"type": kind, "data": named}), f"msg_simulated_{purchase.name}_{kind}"
    return Delivery(at, "standard", body, sign_standard(STANDARD_SECRET, message, body, at))
