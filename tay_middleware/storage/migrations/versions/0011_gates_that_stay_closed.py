"""Gates that stay closed for a user, however many turns ago a message closed them."""

import sqlalchemy as sa
from alembic import op

from tay_middleware.storage.columns import JSON_TYPE

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user_profiles", sa.Column("closed_gates", JSON_TYPE, nullable=True))
