"""What a delivery said outlives its words as a hash; those whose words are kept have an index."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("webhook_events", sa.Column("body_hash", sa.String(64), nullable=True))
    op.drop_index(op.f("ix_webhook_events_received_at"), "webhook_events")
    op.create_index(
        op.f("ix_webhook_events_received_at"),
        "webhook_events",
        ["received_at"],
        sqlite_where=sa.text("body IS NOT NULL"),
        postgresql_where=sa.text("body IS NOT NULL"),
    )
