"""Sheets of days, and reviews as they were given out."""

import sqlalchemy as sa
from alembic import op

from tay_middleware.storage.columns import JSON_TYPE, Utc

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "day_sheets",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("closed_days", sa.Integer(), nullable=False),
        sa.Column("questions", sa.BigInteger(), nullable=False),
        sa.Column("escalations", sa.BigInteger(), nullable=False),
        sa.Column("terms", sa.BigInteger(), nullable=False),
        sa.Column("content", JSON_TYPE, nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_day_sheets")),
    )
    op.create_table(
        "reviews",
        sa.Column("period", sa.String(16), nullable=False),
        sa.Column("as_of", Utc(timezone=True), nullable=False),
        sa.Column("made_at", Utc(timezone=True), nullable=False),
        sa.Column("content", JSON_TYPE, nullable=False),
        sa.PrimaryKeyConstraint("period", "as_of", name=op.f("pk_reviews")),
    )
