"""Figures kept ready, and what the drain remembers; default partitions on PostgreSQL."""

import sqlalchemy as sa
from alembic import op

from tay_middleware.storage.columns import Id, Utc

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

DIMENSIONS = ("tier", "kind", "suppressed", "offer", "reason", "strength", "template", "arm")
LENGTHS = {"suppressed": 32, "kind": 32, "offer": 64, "reason": 32}


def upgrade() -> None:
    for column in ("offer", "converted"):
        op.create_index(op.f(f"ix_escalation_logs_{column}_id"), "escalation_logs", [column, "id"])
    _make_figures()
    _make_memory()
    if op.get_bind().dialect.name == "postgresql":
        for table in ("question_logs", "escalation_logs"):
            op.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")
    else:
        _count_what_is_there()


def _make_figures() -> None:
    columns = [
        sa.Column(
            name,
            sa.Text() if name == "template" else sa.String(LENGTHS.get(name, 16)),
            nullable=False,
        )
        for name in DIMENSIONS
    ]
    op.create_table(
        "hourly_stats",
        sa.Column("hour", Utc(timezone=True), nullable=False),
        *columns,
        sa.Column("questions", sa.BigInteger(), nullable=False),
        sa.Column("detected", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hour", *DIMENSIONS, name=op.f("pk_hourly_stats")),
    )
    op.create_table(
        "daily_users",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("user_key", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("day", "user_key", name=op.f("pk_daily_users")),
    )
    op.create_index(op.f("ix_daily_users_user_key"), "daily_users", ["user_key"])


def _make_memory() -> None:
    op.create_table(
        "retracted_turns",
        sa.Column("turn_id", Id(length=36), nullable=False),
        sa.Column("retracted_at", Utc(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("turn_id", name=op.f("pk_retracted_turns")),
    )
    op.create_table(
        "erased_users",
        sa.Column("user_key", sa.String(64), nullable=False),
        sa.Column("erased_at", Utc(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_key", name=op.f("pk_erased_users")),
    )
    op.create_table(
        "dead_letters",
        sa.Column("stream_id", sa.String(64), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("deliveries", sa.BigInteger(), nullable=False),
        sa.Column("died_at", Utc(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "bucket", name=op.f("pk_dead_letters")),
    )


def _count_what_is_there() -> None:
    """Figures of the rows that an earlier version wrote; there is no such PostgreSQL."""
    dimensions = ", ".join(f"coalesce({name}, '')" for name in DIMENSIONS)
    op.execute(
        f"INSERT INTO hourly_stats (hour, {', '.join(DIMENSIONS)}, questions, detected) "  # noqa: S608 - our own names
        f"SELECT strftime('%Y-%m-%d %H:00:00.000000', created_at) AS h, {dimensions}, "
        f"count(*), sum(detected) FROM question_logs GROUP BY h, {dimensions}"
    )
    op.execute(
        "INSERT INTO daily_users (day, user_key) SELECT DISTINCT date(created_at), user_key "
        "FROM question_logs WHERE user_key IS NOT NULL"
    )
