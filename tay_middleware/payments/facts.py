"""What a delivery says, in one vocabulary for all providers.

A delivery, the `PaymentEvent` of the architecture, comes to a few facts. Facts are kept for ever
and never changed; what a purchase is follows from the set of its facts alone (see `purchases`), so
their order and repetition say nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tay_middleware.payments.money import Money


class Said(StrEnum):
    """What a fact says of a payment."""

    PAID = "paid"
    PENDING = "pending"
    FAILED = "failed"
    JOINED = "joined"
    """Two ids are of one payment; nothing about money."""
    REFUNDED_SO_FAR = "refunded_so_far"
    """The cumulative figure of a charge (`subject`)."""
    REFUND = "refund"
    """One refund (`subject`) and its `state`."""
    DISPUTE = "dispute"
    """One dispute (`subject`) and its `state`."""
    ENDED = "ended"
    """A subscription has ended."""
    ASSIGNED = "assigned"
    """An admin's word on whose purchase it is."""


class Source(StrEnum):
    """Who tells an amount; of several that tell one payment's, the first here is believed."""

    INVOICE = "invoice"
    PAYMENT = "payment"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What leads from a purchase to a mention or a person.

    `token` of a tracked link, `metadata_token` one in our own metadata; `reference_key`, the key of
    the user whose id an app may have put into the link's field; `escalation_id` and `user_key` from
    our own metadata; `customer` with the provider's name before it; `email_key`, the HMAC of the
    address. `dismissed` and `by_hand` are an admin's.
    """

    token: str | None = None
    reference_key: str | None = None
    escalation_id: UUID | None = None
    user_key: str | None = None
    customer: str | None = None
    email_key: str | None = None
    by_hand: bool = False
    dismissed: bool = False
    metadata_token: str | None = None

    @property
    def tokens(self) -> frozenset[str]:
        """All tokens that it names."""
        return frozenset(filter(None, (self.token, self.metadata_token)))


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact. `keys` are ids that one payment has, `series` is what renewals share.

    `renewal` says that its payment goes on with a series which another one began. `simulated` says
    that the delivery itself called its purchase made up, `test` that it came while test ones
    counted. `revised_at` is of which revision of an order its amount is, where orders change.
    """

    id: str
    provider: str
    said: Said
    at: datetime
    keys: frozenset[str]
    series: str | None = None
    money: Money | None = None
    source: Source | None = None
    subject: str | None = None
    state: str | None = None
    offer: str | None = None
    products: tuple[str, ...] = ()
    evidence: Evidence = field(default_factory=Evidence)
    renewal: bool = False
    simulated: bool = False
    test: bool = False
    revised_at: datetime | None = None

    @property
    def all_keys(self) -> frozenset[str]:
        """All keys by which it belongs to a purchase."""
        return self.keys | {self.series} if self.series else self.keys

    @property
    def payment_keys(self) -> frozenset[str]:
        """The keys of its payment. A renewal that names none is known by its time.

        Facts of earlier versions named it by their delivery instead, and are known by both.
        """
        own = self.id.removeprefix(f"{self.provider}:")
        stem = (self.series or "").removesuffix("series")
        if not self.renewal or not stem or self.keys != {f"{stem}{own}"}:
            return self.keys
        return self.keys | {f"{stem}{period_of(self.at)}"}


def period_of(at: datetime) -> str:
    """What a renewal is called that has no id of its own: its time in UTC."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat()


_PERSONAL = ("user_key", "reference_key", "customer", "email_key")


def to_row(fact: Fact, purchase_key: str) -> dict[str, Any]:
    """The row of `payment_facts`."""
    evidence = fact.evidence
    said = {
        "keys": sorted(fact.keys),
        "series": fact.series,
        "amount": fact.money.amount if fact.money else None,
        "currency": fact.money.currency if fact.money else None,
        "source": fact.source,
        "subject": fact.subject,
        "state": fact.state,
        "offer": fact.offer,
        "products": list(fact.products),
        "token": evidence.token,
        "escalation_id": str(evidence.escalation_id) if evidence.escalation_id else None,
        "by_hand": evidence.by_hand,
        "dismissed": evidence.dismissed,
        "renewal": fact.renewal,
        "simulated": fact.simulated,
        "test": fact.test,
        "metadata_token": evidence.metadata_token,
        "revised_at": fact.revised_at.isoformat() if fact.revised_at else None,
    }
    row: dict[str, Any] = {name: getattr(evidence, name) for name in _PERSONAL}
    return row | {
        "id": fact.id,
        "purchase_key": purchase_key,
        "provider": fact.provider,
        "kind": fact.said.value,
        "at": fact.at,
        "said": {name: value for name, value in said.items() if _says(value)},
    }


def _says(value: object) -> bool:
    """Whether a value is worth keeping; 0 is, and equals `False`."""
    return value is not None and value is not False and value != []


def from_row(row: Mapping[str, Any]) -> Fact:
    """The fact again; a currency without an amount is 0, which rows once left out."""
    said = row["said"]
    escalation = said.get("escalation_id")
    return Fact(
        id=row["id"],
        provider=row["provider"],
        said=Said(row["kind"]),
        at=row["at"],
        keys=frozenset(said.get("keys", ())),
        series=said.get("series"),
        money=Money(said.get("amount", 0), said["currency"]) if "currency" in said else None,
        source=Source(said["source"]) if said.get("source") else None,
        subject=said.get("subject"),
        state=said.get("state"),
        offer=said.get("offer"),
        products=tuple(said.get("products", ())),
        evidence=Evidence(
            token=said.get("token"),
            metadata_token=said.get("metadata_token"),
            escalation_id=UUID(escalation) if escalation else None,
            by_hand=said.get("by_hand", False),
            dismissed=said.get("dismissed", False),
            **{name: row[name] for name in _PERSONAL},
        ),
        renewal=said.get("renewal", False),
        simulated=said.get("simulated", False),
        test=said.get("test", False),
        revised_at=datetime.fromisoformat(revised) if (revised := said.get("revised_at")) else None,
    )
