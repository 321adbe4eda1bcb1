"""Notes and marks say whose mention they are about; facts are found by the reference they name."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("escalation_notes", "conversion_marks"):
        op.add_column(table, sa.Column("user_key", sa.String(64), nullable=True))
        op.execute(
            f"UPDATE {table} SET user_key = (SELECT shown.user_key FROM escalation_logs AS shown "  # noqa: S608 - our own names
            f"WHERE shown.id = {table}.escalation_id)"
        )
        op.create_index(op.f(f"ix_{table}_user_key"), table, ["user_key"])
    op.create_index(op.f("ix_payment_facts_reference_key"), "payment_facts", ["reference_key"])
