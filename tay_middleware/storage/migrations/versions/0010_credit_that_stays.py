"""Credit that outlives its rows, what began before Tay, test purchases, times of marked sales."""

import sqlalchemy as sa
from alembic import op

from tay_middleware.storage.columns import Utc

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KINDS = "'attributed', 'cross_sale', 'organic', 'unmatched', 'ambiguous', 'dismissed', 'earlier'"


def upgrade() -> None:
    op.add_column(
        "conversions",
        sa.Column(
            "credit_stays",
            sa.Boolean(create_constraint=False),
            nullable=False,
            server_default=sa.false(),
        ),
    )
    op.add_column(
        "conversions", sa.Column("test", sa.Boolean(create_constraint=False), nullable=True)
    )
    op.add_column("conversion_marks", sa.Column("sold_at", Utc(timezone=True), nullable=True))
    _kinds()
    _what_stays_already()


def _kinds() -> None:
    """SQLite changes a check by copying the table."""
    name, check = op.f("ck_conversions_kind"), f"kind IN ({KINDS})"
    with op.batch_alter_table("conversions") as table:
        table.drop_constraint(name, type_="check")
        table.create_check_constraint(name, check)


def _what_stays_already() -> None:
    """Purchases whose mention is gone, or whose buyer was erased, before this column was there."""
    gone = " OR ".join(
        f"({column} IS NOT NULL AND NOT EXISTS "  # noqa: S608 - our own names
        f"(SELECT 1 FROM escalation_logs AS e WHERE e.id = conversions.{column}))"
        for column in ("escalation_id", "first_escalation_id", "cross_escalation_id")
    )
    erased = "(method IS NOT NULL AND user_key IS NULL AND kind <> 'dismissed')"
    op.execute(f"UPDATE conversions SET credit_stays = true WHERE {gone} OR {erased}")  # noqa: S608 - our own names
