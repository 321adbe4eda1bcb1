"""The tables of payments, and what a row of them means.

What a provider said is never changed: `webhook_events` keeps it as it came, `payment_facts` as it
was understood. `conversions` and the two columns of `escalation_logs` are made from them and from
what admins said (`conversion_marks`), and can be made again. Amounts are whole minor units.
"""

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from tay_middleware.storage.columns import JSON_TYPE, Id, Utc, Words, one_of
from tay_middleware.storage.sql import metadata


class PurchaseStatus(StrEnum):
    """How a purchase stands, by its first payment."""

    PENDING = "pending"
    FAILED = "failed"
    FREE = "free"
    PAID = "paid"
    PARTIALLY_REFUNDED = "partially_refunded"
    DISPUTED = "disputed"
    REFUNDED = "refunded"
    DISPUTE_LOST = "dispute_lost"


class PurchaseKind(StrEnum):
    """What a purchase is, seen from the mentions."""

    ATTRIBUTED = "attributed"
    CROSS_SALE = "cross_sale"
    ORGANIC = "organic"
    UNMATCHED = "unmatched"
    AMBIGUOUS = "ambiguous"
    DISMISSED = "dismissed"
    EARLIER = "earlier"


_IS_KEPT = text("body IS NOT NULL")

webhook_events = Table(
    "webhook_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("provider", String(32), nullable=False),
    Column("external_id", String(255), nullable=False),
    Column("kind", Words),
    Column("headers", JSON_TYPE, nullable=False),
    Column("body", LargeBinary),
    Column("body_hash", String(64)),
    Column("received_at", Utc, nullable=False),
    Column("due_at", Utc),
    Column("attempts", Integer, nullable=False),
    Column("handled_at", Utc),
    Column("outcome", String(32)),
    Column("error", Words),
    Column("dead_at", Utc),
    Column("redacted_at", Utc),
    UniqueConstraint("provider", "external_id"),
    Index(None, "due_at", "id"),
    Index(None, "dead_at"),
    Index(None, "received_at", sqlite_where=_IS_KEPT, postgresql_where=_IS_KEPT),
)
"""The inbox: one row a delivery, however often it was delivered.

`due_at` is when it will be handled; `null` once it is handled (`handled_at`) or given up
(`dead_at`). `outcome` says what it was: `applied`, `ignored` (a type that means nothing to us),
`other_mode` (test while live counts, or the reverse). `body` is null after its retention time, of
what is `ignored`, and of who is erased;
`body_hash` (`payments.providers.digest`) tells even then a delivery that comes again from another
one under its name; `null` where that is not looked at, and of who is erased.
"""

payment_facts = Table(
    "payment_facts",
    metadata,
    Column("id", String(320), primary_key=True),
    Column("purchase_key", Text, nullable=False),
    Column("provider", String(32), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("at", Utc, nullable=False),
    Column("said", JSON_TYPE, nullable=False),
    Column("customer", String(255)),
    Column("email_key", String(64)),
    Column("user_key", String(64)),
    Column("reference_key", String(64)),
    Index(None, "purchase_key"),
    Index(None, "customer"),
    Index(None, "email_key"),
    Index(None, "user_key"),
    Index(None, "reference_key"),
)
"""What deliveries, files and admins say of purchases, one fact a row; `said` is the rest of a
`payments.facts.Fact`. `purchase_key` is the least key of all facts that share a key. What leads to
a person stands in columns of its own, so that erasing can take it away."""

payment_keys = Table(
    "payment_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("purchase_key", Text, nullable=False),
    Column("id", Id),
    Index(None, "purchase_key"),
    Index(None, "id"),
)
"""Which purchase an id of a provider (a session, a charge, an invoice, …) belongs to. `id` is the
purchase's id while this key was its least one: an id that was listed once is still understood."""

awaited_mentions = Table(
    "awaited_mentions",
    metadata,
    Column("purchase_key", Text, primary_key=True),
    Column("name", String(64), primary_key=True),
)
"""Mentions that purchases name, by their token or their id, and that the log does not have yet."""

conversions = Table(
    "conversions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("purchase_key", Text, nullable=False, unique=True),
    Column("provider", String(32), nullable=False),
    Column("status", String(32), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("counts", Boolean(create_constraint=False), nullable=False),
    Column("offer", String(64)),
    Column("product", Words),
    Column("user_key", String(64)),
    Column("escalation_id", Id),
    Column("first_escalation_id", Id),
    Column("cross_escalation_id", Id),
    Column("method", String(32)),
    Column("confidence", Integer),
    Column("amount", BigInteger, nullable=False),
    Column("refunded", BigInteger, nullable=False),
    Column("disputed", BigInteger, nullable=False),
    Column("lost", BigInteger, nullable=False),
    Column("net", BigInteger, nullable=False),
    Column("lifetime", BigInteger, nullable=False),
    Column("currency", String(3)),
    Column("payments", Integer, nullable=False),
    Column("begun_at", Utc, nullable=False),
    Column("paid_at", Utc),
    Column("ended_at", Utc),
    Column("settled_at", Utc, nullable=False),
    Column("simulated", Boolean(create_constraint=False)),
    Column("test", Boolean(create_constraint=False)),
    Column(
        "credit_stays", Boolean(create_constraint=False), nullable=False, server_default=false()
    ),
    one_of("status", PurchaseStatus),
    one_of("kind", PurchaseKind),
    Index(None, "escalation_id"),
    Index(None, "user_key"),
    Index(None, "kind", "begun_at", "id"),
    Index(None, "begun_at", "id"),
)
"""Every purchase as it stands, joined to the mention that it is credited to.

`counts` is whether it is a conversion now: some of what was paid is neither refunded nor lost.
`net` is the first payment less what went back; `lifetime` the net of all payments. `kind`:
`attributed` to `escalation_id` (last touch; `first_escalation_id` is the first touch in the
window), `cross_sale` (another offer was mentioned: `cross_escalation_id`), `organic` (a known user
who was shown nothing in the window), `unmatched`, `ambiguous`, `dismissed` by an admin, or
`earlier`: renewals, refunds, an end of what nobody saw begin, which counts for no mention.
`simulated` is whether a delivery said that nobody bought anything (see `tay simulate`).
`test` is whether it came while test deliveries counted (`null`: before anybody wrote it down).
`credit_stays` is whether rows that the credit rests on are past retention or were made anonymous:
what comes later changes amounts, and the credit only by evidence that is new (`payments.staying`).
"""

conversion_marks = Table(
    "conversion_marks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("escalation_id", Id, nullable=False),
    Column("converted", Boolean(create_constraint=False)),
    Column("amount", BigInteger),
    Column("currency", String(3)),
    Column("note", Words),
    Column("actor", String(80), nullable=False),
    Column("at", Utc, nullable=False),
    Column("user_key", String(64)),
    Column("sold_at", Utc),
    Index(None, "escalation_id"),
    Index(None, "user_key"),
)
"""What admins said of a mention by hand: the last one stands; `converted` null takes it back.
`user_key` is whose mention it was, as in `desk.tables.escalation_notes`. `at` is when it was said,
`sold_at` when it was sold, if anybody said so."""

link_clicks = Table(
    "link_clicks",
    metadata,
    Column("escalation_id", Id, primary_key=True),
    Column("user_key", String(64)),
    Column("clicked_at", Utc, nullable=False),
    Index(None, "user_key"),
)
"""The first click on the tracked link of a mention."""

feedback = Table(
    "feedback",
    metadata,
    Column("escalation_id", Id, primary_key=True),
    Column("user_key", String(64)),
    Column("helpful", Boolean(create_constraint=False)),
    Column("stop", Boolean(create_constraint=False), nullable=False),
    Column("note", Words),
    Column("at", Utc, nullable=False),
    Index(None, "user_key"),
)
"""What a user said of a mention; saying it again replaces it, but a `stop` stays one."""

admin_tokens = Table(
    "admin_tokens",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", Words, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("scopes", JSON_TYPE, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc),
    Column("revoked_at", Utc),
    Column("last_used_at", Utc),
)
"""Who may use the admin API. `hash` is the SHA-256 of the token's secret half."""
