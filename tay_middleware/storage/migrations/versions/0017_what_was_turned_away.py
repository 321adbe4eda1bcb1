"""Deliveries and tokens that were refused, counted by day."""

import sqlalchemy as sa
from alembic import op

from tay_middleware.storage.columns import Utc

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "turned_away",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sender", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(120), nullable=False),
        sa.Column("peer", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("first_at", Utc(), nullable=False),
        sa.Column("last_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("day", "sender", "reason", "peer", name=op.f("pk_turned_away")),
    )
