"""Deliveries for tests: payloads of Stripe's shape, and how they are signed."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from functools import partial
from typing import Any

from tay_middleware.identities import user_key
from tay_middleware.payments import stripe
from tay_middleware.payments.catalogue import Rules
from tay_middleware.payments.facts import Fact
from tay_middleware.payments.reading import Part
from tests.builders import NOON, SECRET

KEY_OF = partial(user_key, SECRET)
RULES = Rules(offers={"plink_course": "course"})
Payload = dict[str, Any]
"""A delivery, as JSON."""

STRIPE_SECRET = "whsec_of_stripe_in_tests"  # noqa: S105 - of tests


def at(seconds: float) -> int:
    return int(NOON.timestamp() + seconds)


def event(
    name: str, kind: str, seconds: float = 0, *, live: bool = True, **obj: Any
) -> dict[str, Any]:
    return {
        "id": f"evt_{name}",
        "object": "event",
        "type": kind,
        "created": at(seconds),
        "livemode": live,
        "data": {"object": obj},
    }


def session(name: str = "s1", seconds: float = 0, **obj: Any) -> dict[str, Any]:
    fields: Payload = {
        "id": "cs_1",
        "object": "checkout.session",
        "mode": "payment",
        "payment_status": "paid",
        "payment_intent": "pi_1",
        "amount_total": 4900,
        "currency": "usd",
        "customer": "cus_1",
    }
    return event(name, "checkout.session.completed", seconds, **(fields | obj))


def intent(name: str = "p1", seconds: float = 1, **obj: Any) -> dict[str, Any]:
    fields: Payload = {
        "id": "pi_1",
        "latest_charge": "ch_1",
        "amount_received": 4900,
        "currency": "usd",
    }
    return event(name, "payment_intent.succeeded", seconds, **(fields | obj))


def refunded(name: str, seconds: float, so_far: int, **obj: Any) -> dict[str, Any]:
    fields: Payload = {
        "id": "ch_1",
        "payment_intent": "pi_1",
        "amount_refunded": so_far,
        "currency": "usd",
    }
    return event(name, "charge.refunded", seconds, **(fields | obj))


def refund(
    name: str, kind: str, seconds: float, amount: int, status: str, **obj: Any
) -> dict[str, Any]:
    fields: Payload = {"id": "re_1", "charge": "ch_1", "payment_intent": "pi_1", "amount": amount}
    return event(name, kind, seconds, **(fields | {"currency": "usd", "status": status} | obj))


def dispute(name: str, kind: str, seconds: float, status: str, **obj: Any) -> dict[str, Any]:
    fields: Payload = {"id": "dp_1", "charge": "ch_1", "payment_intent": "pi_1", "amount": 4900}
    return event(name, kind, seconds, **(fields | {"currency": "usd", "status": status} | obj))


def invoice(name: str, number: int, seconds: float, *, reason: str, **obj: Any) -> dict[str, Any]:
    fields: Payload = {
        "id": f"in_{number}",
        "billing_reason": reason,
        "amount_paid": 2000,
        "currency": "usd",
        "customer": "cus_1",
        "parent": {"subscription_details": {"subscription": "sub_1", "metadata": {}}},
    }
    return event(name, "invoice.paid", seconds, **(fields | obj))


def joined(name: str, number: int, seconds: float) -> dict[str, Any]:
    return event(
        name,
        "invoice_payment.paid",
        seconds,
        id=f"inpay_{number}",
        invoice=f"in_{number}",
        payment={"type": "payment_intent", "payment_intent": f"pi_{number}"},
    )


def facts(*events: dict[str, Any]) -> list[Fact]:
    found: list[Fact] = []
    for one in events:
        found += stripe.read("", "", Part(one), KEY_OF).facts or ()
    return found


def body_of(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload).encode()


def signed(
    body: bytes, *, now: datetime | None = None, secret: str = STRIPE_SECRET
) -> dict[str, str]:
    """Stripe's header for a body."""
    stamp = int((now or datetime.now(UTC)).timestamp())
    content = f"{stamp}.".encode() + body
    digest = hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()
    return {"stripe-signature": f"t={stamp},v1={digest}", "content-type": "application/json"}


ONE_TIME = (session(), intent())
SUBSCRIPTION = (
    session(
        "s1",
        0,
        mode="subscription",
        subscription="sub_1",
        invoice="in_1",
        payment_intent=None,
        amount_total=2000,
    ),
    invoice("i1", 1, 1, reason="subscription_create"),
    joined("j1", 1, 2),
    intent("p1", 1, id="pi_1", latest_charge="ch_1", amount_received=2000),
    invoice("i2", 2, 2_592_000, reason="subscription_cycle"),
    joined("j2", 2, 2_592_001),
    intent("p2", 2_592_000, id="pi_2", latest_charge="ch_2", amount_received=2000),
    refunded("r2", 2_600_000, 500, id="ch_2", payment_intent="pi_2"),
    event("e1", "customer.subscription.deleted", 2_700_000, id="sub_1"),
)
ASYNC = (
    session("s1", 0, payment_status="unpaid"),
    event(
        "s2",
        "checkout.session.async_payment_succeeded",
        3600,
        **(ONE_TIME[0]["data"]["object"] | {"payment_status": "paid"}),
    ),
    intent("p1", 3600),
)
ASYNC_FAILED = (
    session("s1", 0, payment_status="unpaid"),
    event(
        "s2",
        "checkout.session.async_payment_failed",
        3600,
        **(ONE_TIME[0]["data"]["object"] | {"payment_status": "unpaid"}),
    ),
)
REFUNDS = (
    *ONE_TIME,
    refund("f0", "refund.created", 99, 1000, "pending"),
    refunded("r1", 100, 1000),
    refund("f1", "refund.updated", 101, 1000, "succeeded"),
    refund("f2", "refund.created", 200, 900, "succeeded", id="re_2"),
    refunded("r2", 201, 1900),
)
WHOLLY_REFUNDED = (*REFUNDS, refunded("r3", 300, 4900))
REFUND_FAILED = (
    *ONE_TIME,
    refunded("r1", 100, 1000),
    refund("f1", "refund.failed", 200, 1000, "failed"),
)
LOST = (
    *ONE_TIME,
    dispute("d1", "charge.dispute.created", 100, "needs_response"),
    dispute("d2", "charge.dispute.funds_withdrawn", 100, "needs_response"),
    dispute("d3", "charge.dispute.closed", 900, "lost"),
)
WON = (
    *LOST,
    dispute("d4", "charge.dispute.funds_reinstated", 950, "won"),
    dispute("d5", "charge.dispute.closed", 950, "won"),
)
