"""The first tables: question_logs, escalation_logs, user_profiles."""

import sqlalchemy as sa
from alembic import op

from tay_middleware.storage.columns import JSON_TYPE, Id, Utc

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

UNIQUE_TURN = "uq_question_logs_turn_id"


def upgrade() -> None:
    # An index over all partitions must hold what they are ranges of, so a turn's own id is unique
    # by an index on SQLite only.
    postgres = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "escalation_logs",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("user_key", sa.String(length=64), nullable=True),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("topic", sa.String(length=64), nullable=True),
        sa.Column("offer", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("scores", JSON_TYPE, nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("variant", sa.String(length=64), nullable=False),
        sa.Column("arm", sa.String(length=16), nullable=True),
        sa.Column("addition", sa.Text(), nullable=False),
        sa.Column("tier", sa.String(length=16), nullable=False),
        sa.Column("strength", sa.String(length=16), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("playbook_version", sa.String(length=64), nullable=False),
        sa.Column("created_at", Utc(timezone=True), nullable=False),
        sa.Column("converted", sa.Boolean(), nullable=False),
        sa.Column("converted_at", Utc(timezone=True), nullable=True),
        sa.CheckConstraint(
            "stage IN ('keywords', 'model', 'llm')", name=op.f("ck_escalation_logs_stage")
        ),
        sa.CheckConstraint(
            "strength IN ('gentle', 'standard', 'direct')", name=op.f("ck_escalation_logs_strength")
        ),
        sa.CheckConstraint(
            "tier IN ('free', 'premium', 'vip')", name=op.f("ck_escalation_logs_tier")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation_logs")),
        postgresql_partition_by="RANGE (id)",
    )
    if not postgres:
        op.create_index(op.f("ix_escalation_logs_created_at"), "escalation_logs", ["created_at"])
    op.create_index(op.f("ix_escalation_logs_user_key_id"), "escalation_logs", ["user_key", "id"])

    op.create_table(
        "question_logs",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("turn_id", Id(length=36), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("user_key", sa.String(length=64), nullable=True),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.Column("tier", sa.String(length=16), nullable=False),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("topic", sa.String(length=64), nullable=True),
        sa.Column("detected", sa.Boolean(), nullable=False),
        sa.Column("need", sa.Boolean(), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.Column("suppressed", sa.String(length=32), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("offer", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("strength", sa.String(length=16), nullable=True),
        sa.Column("template", sa.Text(), nullable=True),
        sa.Column("variant", sa.String(length=64), nullable=True),
        sa.Column("arm", sa.String(length=16), nullable=True),
        sa.Column("addition", sa.Text(), nullable=True),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("scores", JSON_TYPE, nullable=False),
        sa.Column("gates", JSON_TYPE, nullable=False),
        sa.Column("indicators", JSON_TYPE, nullable=False),
        sa.Column("notes", JSON_TYPE, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("playbook_version", sa.String(length=64), nullable=False),
        sa.Column("created_at", Utc(timezone=True), nullable=False),
        sa.Column("answered_at", Utc(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('none', 'mention', 'organic', 'acknowledgement', 'explanation')",
            name=op.f("ck_question_logs_kind"),
        ),
        sa.CheckConstraint(
            "stage IN ('keywords', 'model', 'llm')", name=op.f("ck_question_logs_stage")
        ),
        sa.CheckConstraint(
            "status IN ('replied', 'failed', 'abandoned')", name=op.f("ck_question_logs_status")
        ),
        sa.CheckConstraint(
            "strength IN ('gentle', 'standard', 'direct')", name=op.f("ck_question_logs_strength")
        ),
        sa.CheckConstraint(
            "suppressed IN ("
            "'mode', 'not_allowed', 'sensitive', 'owns_offer', 'opted_out', "
            "'declined', 'language', 'paused', 'cooldown', 'budget', "
            "'already_mentioned', 'holdout', 'unweavable', 'degraded'"
            ")",
            name=op.f("ck_question_logs_suppressed"),
        ),
        sa.CheckConstraint(
            "tier IN ('free', 'premium', 'vip')", name=op.f("ck_question_logs_tier")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_logs")),
        *([] if postgres else [sa.UniqueConstraint("turn_id", name=op.f(UNIQUE_TURN))]),
        postgresql_partition_by="RANGE (id)",
    )
    if postgres:
        op.create_index(op.f("ix_question_logs_turn_id"), "question_logs", ["turn_id"])
    if not postgres:
        op.create_index(op.f("ix_question_logs_created_at"), "question_logs", ["created_at"])
    op.create_index(op.f("ix_question_logs_user_key_id"), "question_logs", ["user_key", "id"])

    op.create_table(
        "user_profiles",
        sa.Column("user_key", sa.String(length=64), nullable=False),
        sa.Column("first_seen", Utc(timezone=True), nullable=False),
        sa.Column("last_seen", Utc(timezone=True), nullable=False),
        sa.Column("declined_at", Utc(timezone=True), nullable=True),
        sa.Column("declined_session", sa.Text(), nullable=True),
        sa.Column("opted_out_at", Utc(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("user_key", name=op.f("pk_user_profiles")),
    )
