"""Up to when rows of the log were removed."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from tay_middleware.storage.columns import Utc

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "removals",
        sa.Column("until", Utc(timezone=True), nullable=False),
        sa.Column("at", Utc(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("until", name=op.f("pk_removals")),
    )
    _what_went_already()


def _what_went_already() -> None:
    """Days are counted whose rows are gone: all from before the oldest that is left, if any is."""
    connection = op.get_bind()
    asked = sa.table("question_logs", sa.column("id"), sa.column("created_at", Utc()))
    counted = sa.table("daily_counts", sa.column("day", sa.Date()), sa.column("questions"))
    now = datetime.now(UTC)
    first = connection.execute(
        sa.select(sa.func.min(counted.c.day)).where(counted.c.questions > 0)
    ).scalar()
    oldest = connection.execute(
        sa.select(asked.c.created_at).order_by(asked.c.id).limit(1)
    ).scalar()
    if first is None or (oldest is not None and oldest.date() <= first):
        return
    removals = sa.table("removals", sa.column("until", Utc()), sa.column("at", Utc()))
    connection.execute(sa.insert(removals).values(until=oldest or now, at=now))
