"""escalation_logs.turn_id, and indexes for reads that walked over all rows of a user."""

import sqlalchemy as sa
from alembic import op

from tay_middleware.storage.columns import Id

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("escalation_logs", sa.Column("turn_id", Id(length=36), nullable=True))
    op.execute(
        "UPDATE escalation_logs SET turn_id = ("
        "SELECT question_logs.turn_id FROM question_logs"
        " WHERE question_logs.id = escalation_logs.id)"
    )
    op.create_index(op.f("ix_escalation_logs_turn_id"), "escalation_logs", ["turn_id"])
    if op.get_bind().dialect.name == "postgresql":
        return  # rows are no history there
    for table, columns in (
        ("escalation_logs", ["user_key", "created_at"]),
        ("escalation_logs", ["user_key", "session_id"]),
        ("question_logs", ["user_key"]),
        ("question_logs", ["user_key", "session_id"]),
    ):
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns, unique=False)
