"""Payments, clicks, feedback, admin tokens; filters of the list of escalations."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from tay_middleware.storage.columns import JSON_TYPE, Id, Utc

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATUSES = (
    "'pending', 'failed', 'free', 'paid', 'partially_refunded', 'disputed', 'refunded', "
    "'dispute_lost'"
)
KINDS = "'attributed', 'cross_sale', 'organic', 'unmatched', 'ambiguous', 'dismissed'"
SOLD = ("id", "offer", "reason", "template", "tier", "strength")


def upgrade() -> None:
    op.add_column("escalation_logs", sa.Column("link_token", sa.String(32), nullable=True))
    for column in ("template", "reason", "tier", "strength"):
        op.create_index(op.f(f"ix_escalation_logs_{column}_id"), "escalation_logs", [column, "id"])
    op.create_index(op.f("ix_escalation_logs_link_token"), "escalation_logs", ["link_token"])
    op.create_index(
        "ix_escalation_logs_sold",
        "escalation_logs",
        list(SOLD),
        sqlite_where=sa.text("converted = 1"),
        postgresql_where=sa.text("converted"),
    )
    _daily_counts()
    for make in (_inbox, _facts, _conversions, _marks, _touches, _tokens):
        _indexed(*make())


def _daily_counts() -> None:
    """Counts by day and dimension, of the hours that were counted so far."""
    op.create_table(
        "daily_counts",
        _needed("day", sa.Date()),
        _needed("dimension", sa.String(16)),
        _needed("value", sa.Text()),
        _needed("questions", sa.BigInteger()),
        _needed("escalations", sa.BigInteger()),
        sa.PrimaryKeyConstraint("day", "dimension", "value", name=op.f("pk_daily_counts")),
    )
    postgres = op.get_bind().dialect.name == "postgresql"
    day = "CAST(hour AT TIME ZONE 'UTC' AS date)" if postgres else "date(hour)"
    mentions = "sum(CASE WHEN kind = 'mention' THEN questions ELSE 0 END)"
    op.execute(
        "INSERT INTO daily_counts (day, dimension, value, questions, escalations) "  # noqa: S608 - our own names
        f"SELECT {day} AS d, 'all', '', sum(questions), {mentions} FROM hourly_stats GROUP BY d"
    )
    for name in SOLD[1:]:
        op.execute(
            "INSERT INTO daily_counts (day, dimension, value, questions, escalations) "  # noqa: S608 - our own names
            f"SELECT {day} AS d, '{name}', {name}, 0, sum(questions) FROM hourly_stats "
            f"WHERE kind = 'mention' GROUP BY d, {name}"
        )


def _indexed(table: str, *indexes: tuple[str, ...]) -> None:
    for columns in indexes:
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def _table(name: str, *columns: sa.Column[object] | sa.Constraint, key: str = "id") -> None:
    op.create_table(name, *columns, sa.PrimaryKeyConstraint(key, name=op.f(f"pk_{name}")))


def _needed(name: str, kind: Any) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=False)


def _maybe(name: str, kind: Any) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=True)


def _inbox() -> tuple[str, *tuple[tuple[str, ...], ...]]:
    _table(
        "webhook_events",
        _needed("id", Id(length=36)),
        _needed("provider", sa.String(32)),
        _needed("external_id", sa.String(255)),
        _maybe("kind", sa.Text()),
        _needed("headers", JSON_TYPE),
        _maybe("body", sa.LargeBinary()),
        _needed("received_at", Utc(timezone=True)),
        _maybe("due_at", Utc(timezone=True)),
        _needed("attempts", sa.Integer()),
        _maybe("handled_at", Utc(timezone=True)),
        _maybe("outcome", sa.String(32)),
        _maybe("error", sa.Text()),
        _maybe("dead_at", Utc(timezone=True)),
        _maybe("redacted_at", Utc(timezone=True)),
        sa.UniqueConstraint(
            "provider", "external_id", name=op.f("uq_webhook_events_provider_external_id")
        ),
    )
    return "webhook_events", ("due_at", "id"), ("dead_at",), ("received_at",)


def _facts() -> tuple[str, *tuple[tuple[str, ...], ...]]:
    _table(
        "payment_keys",
        _needed("key", sa.Text()),
        _needed("purchase_key", sa.Text()),
        key="key",
    )
    _indexed("payment_keys", ("purchase_key",))
    _table(
        "payment_facts",
        _needed("id", sa.String(320)),
        _needed("purchase_key", sa.Text()),
        _needed("provider", sa.String(32)),
        _needed("kind", sa.String(32)),
        _needed("at", Utc(timezone=True)),
        _needed("said", JSON_TYPE),
        _maybe("customer", sa.String(255)),
        _maybe("email_key", sa.String(64)),
        _maybe("user_key", sa.String(64)),
        _maybe("reference_key", sa.String(64)),
    )
    return "payment_facts", ("purchase_key",), ("customer",), ("email_key",), ("user_key",)


def _conversions() -> tuple[str, *tuple[tuple[str, ...], ...]]:
    amounts = ("amount", "refunded", "disputed", "lost", "net", "lifetime")
    _table(
        "conversions",
        _needed("id", Id(length=36)),
        _needed("purchase_key", sa.Text()),
        _needed("provider", sa.String(32)),
        _needed("status", sa.String(32)),
        _needed("kind", sa.String(32)),
        _needed("counts", sa.Boolean()),
        _maybe("offer", sa.String(64)),
        _maybe("product", sa.Text()),
        _maybe("user_key", sa.String(64)),
        _maybe("escalation_id", Id(length=36)),
        _maybe("first_escalation_id", Id(length=36)),
        _maybe("cross_escalation_id", Id(length=36)),
        _maybe("method", sa.String(32)),
        _maybe("confidence", sa.Integer()),
        *(_needed(name, sa.BigInteger()) for name in amounts),
        _maybe("currency", sa.String(3)),
        _needed("payments", sa.Integer()),
        _needed("begun_at", Utc(timezone=True)),
        _maybe("paid_at", Utc(timezone=True)),
        _maybe("ended_at", Utc(timezone=True)),
        _needed("settled_at", Utc(timezone=True)),
        sa.UniqueConstraint("purchase_key", name=op.f("uq_conversions_purchase_key")),
        sa.CheckConstraint(f"status IN ({STATUSES})", name=op.f("ck_conversions_status")),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_conversions_kind")),
    )
    return (
        "conversions",
        ("escalation_id",),
        ("user_key",),
        ("kind", "begun_at", "id"),
        ("begun_at", "id"),
    )


def _marks() -> tuple[str, *tuple[tuple[str, ...], ...]]:
    _table(
        "conversion_marks",
        _needed("id", Id(length=36)),
        _needed("escalation_id", Id(length=36)),
        _maybe("converted", sa.Boolean()),
        _maybe("amount", sa.BigInteger()),
        _maybe("currency", sa.String(3)),
        _maybe("note", sa.Text()),
        _needed("actor", sa.String(80)),
        _needed("at", Utc(timezone=True)),
    )
    return "conversion_marks", ("escalation_id",)


def _touches() -> tuple[str, *tuple[tuple[str, ...], ...]]:
    _table(
        "link_clicks",
        _needed("escalation_id", Id(length=36)),
        _maybe("user_key", sa.String(64)),
        _needed("clicked_at", Utc(timezone=True)),
        key="escalation_id",
    )
    _indexed("link_clicks", ("user_key",))
    _table(
        "feedback",
        _needed("escalation_id", Id(length=36)),
        _maybe("user_key", sa.String(64)),
        _maybe("helpful", sa.Boolean()),
        _needed("stop", sa.Boolean()),
        _maybe("note", sa.Text()),
        _needed("at", Utc(timezone=True)),
        key="escalation_id",
    )
    return "feedback", ("user_key",)


def _tokens() -> tuple[str, *tuple[tuple[str, ...], ...]]:
    _table(
        "admin_tokens",
        _needed("id", sa.String(16)),
        _needed("name", sa.Text()),
        _needed("hash", sa.String(64)),
        _needed("scopes", JSON_TYPE),
        _needed("created_at", Utc(timezone=True)),
        _maybe("expires_at", Utc(timezone=True)),
        _maybe("revoked_at", Utc(timezone=True)),
        _maybe("last_used_at", Utc(timezone=True)),
    )
    return ("admin_tokens",)
