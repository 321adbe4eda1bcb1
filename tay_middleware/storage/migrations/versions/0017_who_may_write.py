"""The database says which older versions of the package may write it."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "schema_compatibility",
        sa.Column("compatible_from", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("compatible_from", name=op.f("pk_schema_compatibility")),
    )
