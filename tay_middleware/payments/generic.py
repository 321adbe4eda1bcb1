"""Our own small format, for Zapier, Make, files, and everything that can send JSON.

    {"type": "purchase.paid",
     "data": {"purchase_id": "o-17", "amount": "49.00", "currency": "usd", "user_id": "u1",
              "occurred_at": "2026-03-02T12:00:00Z"}}

Types: `purchase.paid`, `purchase.pending`, `purchase.failed`, `purchase.refunded` (`amount` is
what went back so far), `purchase.renewed` (with a `payment_id` of its own; without one it is known
by its time), `purchase.ended`. `test` says that it is of the provider's test world.
`amount` is in major units, `amount_minor` in minor ones. Who bought: `reference` (the token of a
tracked link), `escalation_id`, `user_id`, `customer_id`, `email`. What: `offer`, `product`.
Blanks around a text do not count.
"""

import json
from difflib import get_close_matches
from typing import Any

from tay_middleware.errors import PayloadError
from tay_middleware.identities import KeyOf
from tay_middleware.payments.facts import Fact, Said, Source, period_of
from tay_middleware.payments.money import Money, major, money
from tay_middleware.payments.reading import MOST_APP_CHARS, Part, Reading, evidence_of, uuid_of

KINDS = {
    "purchase.paid": Said.PAID,
    "purchase.pending": Said.PENDING,
    "purchase.failed": Said.FAILED,
    "purchase.refunded": Said.REFUNDED_SO_FAR,
    "purchase.renewed": Said.PAID,
    "purchase.ended": Said.ENDED,
}

FIELDS = (
    *("purchase_id", "payment_id", "amount", "amount_minor", "currency", "occurred_at"),
    *("reference", "escalation_id", "user_id", "customer_id", "email", "offer", "product"),
    *("test", "simulated"),
)


def as_body(payload: dict[str, Any]) -> bytes:
    """A payload of our own as a delivery's body."""
    return json.dumps(payload, separators=(",", ":"), sort_keys=True).encode()


class GenericReader:
    """Reads deliveries in this format by one provider."""

    def __init__(self, provider: str) -> None:
        self._provider = provider

    def __call__(self, _kind: str, external_id: str, payload: Part, key_of: KeyOf) -> Reading:
        """A delivery as facts.

        Raises:
            PayloadError: it is of a type that we know and says what cannot be.
        """
        kind, data = payload.needed("type"), _bare(payload.part("data"))
        said = KINDS.get(kind)
        if said is None:
            self._check_foreign(kind)
            return Reading(True, None)
        live = not (data.flag("test") or payload.flag("test"))
        return Reading(live, (self._fact(kind, said, external_id, data, key_of),))

    def _check_foreign(self, kind: str) -> None:
        """A type that is not ours is another sender's, unless it is plainly ours and misspelt."""
        if self._provider == "import" or kind.strip().casefold().startswith("purchase"):
            raise PayloadError(f"unknown type {kind[:64]!r}; there are {', '.join(KINDS)}")

    def _fact(self, kind: str, said: Said, external_id: str, data: Part, key_of: KeyOf) -> Fact:
        purchase = data.ref("purchase_id") or data.needed("purchase_id")
        payment = data.ref("payment_id")
        if payment is None and kind == "purchase.renewed":
            payment = period_of(data.moment("occurred_at"))
        name = f"{purchase}:{payment}" if payment else purchase
        customer = data.ref("customer_id")
        ended = said is Said.ENDED
        return Fact(
            id=f"{self._provider}:{external_id}",
            provider=self._provider,
            said=said,
            at=data.moment("occurred_at"),
            keys=frozenset() if ended else frozenset({f"{self._provider}:{name}"}),
            series=f"{self._provider}:{purchase}:series",
            money=None if ended else _amount(data),
            source=Source.PAYMENT,
            subject=name if said is Said.REFUNDED_SO_FAR else None,
            offer=data.text("offer"),
            products=tuple(filter(None, (data.ref("product"),))),
            evidence=evidence_of(
                key_of=key_of,
                reference=data.text("reference"),
                metadata={
                    "tay_escalation_id": data.text("escalation_id"),
                    "tay_user_id": data.ref("user_id", MOST_APP_CHARS),
                },
                customer=f"{self._provider}:{customer}" if customer else None,
                email=data.text("email"),
            ),
            renewal=kind == "purchase.renewed",
            simulated=data.flag("simulated"),
        )


def check_fields(payload: Part) -> None:
    """Refuse, while its sender can still be told, a sale that would be read without what it says.

    Raises:
        PayloadError: a field of `data` is none of `FIELDS`, or `escalation_id` is no id.
    """
    if payload.values.get("type") not in KINDS:
        return
    data = _bare(payload.part("data"))
    for name in data.values:
        if name not in FIELDS:
            nearest = next(iter(get_close_matches(name[:64], FIELDS, 1)), None)
            meant = f"is {nearest} meant?" if nearest else f"there are {', '.join(FIELDS)}"
            raise PayloadError(f"data has no field {name[:64]!r}: {meant}")
    mention = data.text("escalation_id")
    if mention is not None and uuid_of(mention) is None:
        raise PayloadError(f"escalation_id is no id of a mention: {mention[:64]!r}")


def _bare(data: Part) -> Part:
    """The same without blanks around texts."""
    return Part(
        {name: one.strip() if isinstance(one, str) else one for name, one in data.values.items()}
    )


def _amount(data: Part) -> Money:
    currency = data.values.get("currency")
    if "amount_minor" in data.values:
        return money(data.values["amount_minor"], currency)
    return major(data.values.get("amount"), currency)
