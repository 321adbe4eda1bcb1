"""What Alembic runs; the connection comes from `storage.schema`, inside its transaction."""

from alembic import context

from tay_middleware.storage.migrations import VERSION_TABLE
from tay_middleware.storage.sql import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
context.run_migrations()
