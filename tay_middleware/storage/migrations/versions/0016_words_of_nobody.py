"""The words of deliveries that mean nothing to us go: no erasing and no export would find them."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "UPDATE webhook_events SET body = NULL, headers = '{}', redacted_at = CURRENT_TIMESTAMP "
        "WHERE outcome = 'ignored' AND body IS NOT NULL"
    )
