"""Rows of people who do not exist say so, and each simulation leaves a row of its own."""

import sqlalchemy as sa
from alembic import op

from tay_middleware.storage.columns import JSON_TYPE, Id, Utc

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("question_logs", "escalation_logs", "conversions"):
        op.add_column(
            table, sa.Column("simulated", sa.Boolean(create_constraint=False), nullable=True)
        )
    op.create_index(
        "ix_question_logs_simulated",
        "question_logs",
        ["id"],
        sqlite_where=sa.text("simulated"),
        postgresql_where=sa.text("simulated"),
    )
    op.create_table(
        "simulations",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("users", sa.Integer(), nullable=False),
        sa.Column("begins_at", Utc(timezone=True), nullable=False),
        sa.Column("ends_at", Utc(timezone=True), nullable=False),
        sa.Column("playbook_version", sa.String(64), nullable=False),
        sa.Column("truth", JSON_TYPE, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_simulations")),
    )
