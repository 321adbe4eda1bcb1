"""When a pause ends by itself."""

import sqlalchemy as sa
from alembic import op

from tay_middleware.storage.columns import Utc

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pauses", sa.Column("until", Utc(timezone=True), nullable=True))
