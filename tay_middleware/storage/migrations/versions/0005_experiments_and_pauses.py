"""Arms of experiments with every question, who was exposed to them, and what was paused and why."""

import sqlalchemy as sa
from alembic import op

from tay_middleware.storage.columns import JSON_TYPE, Id, Utc

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("question_logs", sa.Column("assignments", JSON_TYPE, nullable=True))
    op.create_table(
        "exposures",
        sa.Column("experiment", sa.String(64), nullable=False),
        sa.Column("user_key", sa.String(64), nullable=False),
        sa.Column("arm", sa.String(64), nullable=False),
        sa.Column("playbook_version", sa.String(64), nullable=False),
        sa.Column("chance", sa.Float(), nullable=False),
        sa.Column("first_at", Utc(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            *("experiment", "user_key", "arm", "playbook_version"), name=op.f("pk_exposures")
        ),
    )
    op.create_index(op.f("ix_exposures_user_key"), "exposures", ["user_key"])
    op.create_index(
        op.f("ix_exposures_experiment_first_at"), "exposures", ["experiment", "first_at"]
    )
    op.create_table(
        "pauses",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("subject", sa.String(16), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("paused_at", Utc(timezone=True), nullable=False),
        sa.Column("paused_by", sa.String(80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("figures", JSON_TYPE, nullable=False),
        sa.Column("lifted_at", Utc(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.String(80), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pauses")),
        sa.CheckConstraint("subject IN ('offer', 'template')", name=op.f("ck_pauses_subject")),
    )
    op.create_index(op.f("ix_pauses_name_paused_at"), "pauses", ["name", "paused_at"])
    op.create_index(
        "uq_pauses_open",
        "pauses",
        ["name"],
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
