"""What they buy, as a payment provider would tell us of it: deliveries for the inbox."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tay_middleware.domain import Decision, uuid7
from tay_middleware.simulate.people import (
    CLICK_SHARE,
    MEAN_DAYS_TO_BUY,
    PRICES,
    Visit,
    chance_to_buy,
)

PROVIDER = "stripe"
TELLS_NOBODY = 0.08
"""Share of purchases that do not say whose they are: those wait for a person."""

REFUNDED = 0.05


@dataclass(frozen=True, slots=True)
class Sale:
    """A purchase: `mention_id` is the mention that is named in it, if any."""

    at: datetime
    offer: str
    user_id: str | None
    number: int
    refunded: bool


def sale_of(
    visit: Visit, decision: Decision, number: int, ends: datetime, random: Random
) -> Sale | None:
    """What becomes of a need: a purchase before the end of the simulation, or nothing."""
    offer = decision.offer or visit.need
    if visit.need is None or offer not in PRICES:
        return None
    chance = chance_to_buy(offer, visit.tier, decision.variant, shown=decision.shown)
    at = visit.at + timedelta(days=random.expovariate(1 / MEAN_DAYS_TO_BUY), minutes=20)
    if random.random() > chance or at >= ends:
        return None
    user = None if random.random() < TELLS_NOBODY else visit.user_id
    return Sale(at, offer, user, number, random.random() < REFUNDED)


def clicks(decision: Decision, random: Random) -> bool:
    """Whether somebody follows the link of a mention."""
    return decision.shown and random.random() < CLICK_SHARE


def deliveries(sale: Sale, random: Random) -> Iterator[dict[str, Any]]:
    """The rows of the inbox that tell of a sale."""
    amount = PRICES[sale.offer]
    metadata = {"tay_offer": sale.offer}
    if sale.user_id is not None:
        metadata["tay_user_id"] = sale.user_id
    ids = {"payment_intent": f"pi_sim{sale.number:06d}", "customer": f"cus_sim{sale.number:06d}"}
    paid = {
        "id": f"cs_sim{sale.number:06d}",
        "object": "checkout.session",
        "mode": "payment",
        "payment_status": "paid",
        "amount_total": amount,
        "currency": "usd",
        "metadata": metadata,
        **ids,
    }
    yield _row("checkout.session.completed", f"evt_sim{sale.number:06d}", sale.at, paid, random)
    if sale.refunded:
        back = {
            "id": f"ch_sim{sale.number:06d}",
            "amount_refunded": amount,
            "currency": "usd",
            "payment_intent": ids["payment_intent"],
        }
        later = sale.at + timedelta(hours=30)
        yield _row("charge.refunded", f"evt_simr{sale.number:06d}", later, back, random)


def broken(number: int, at: datetime, random: Random) -> dict[str, Any]:
    """A delivery that cannot be understood: it ends among those that were given up."""
    odd = {"id": f"cs_odd{number}", "payment_status": "paid", "amount_total": -5, "currency": "usd"}
    return _row("checkout.session.completed", f"evt_odd{number}", at, odd, random)


def _row(kind: str, name: str, at: datetime, obj: dict[str, Any], random: Random) -> dict[str, Any]:
    event = {
        "id": name,
        "object": "event",
        "type": kind,
        "created": int(at.timestamp()),
        "livemode": True,
        "data": {"object": obj},
    }
    return {
        "id": uuid7(at, random.getrandbits(74)),
        "provider": PROVIDER,
        "external_id": name,
        "kind": kind,
        "headers": {},
        "body": json.dumps(event).encode(),
        "received_at": at,
        "due_at": at,
        "attempts": 0,
    }
