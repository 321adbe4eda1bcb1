"""When a user last asked for recommendations again."""

import sqlalchemy as sa
from alembic import op

from tay_middleware.storage.columns import Utc

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user_profiles", sa.Column("opted_in_at", Utc(timezone=True), nullable=True))
