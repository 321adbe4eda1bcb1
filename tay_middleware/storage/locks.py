"""Advisory locks of PostgreSQL, all in one place, so that no two of them mean the same number.

On SQLite there are none: its write lock says already that nobody else writes.
"""

from sqlalchemy import Connection, text

LOCK_SPACE = 0x7461
"""The first half of our locks, so that they meet nobody else's in the database. The second half is
the number of a bucket, or one of those below, which are greater than any bucket's."""

MIGRATION_LOCK = 1 << 20
"""Under it the schema changes."""

MAINTENANCE_LOCK = (1 << 20) + 1
"""Under it partitions are made and dropped."""

PAYMENTS_LOCK = (1 << 20) + 2
"""Under it purchases are made, deliveries changed and buyers erased. It is taken after the locks of
buckets and before any row: whoever took them the other way round could end in a deadlock."""


def hold(connection: Connection, lock: int) -> None:
    """Wait until no other transaction holds a lock, and hold it until this one ends."""
    if connection.dialect.name == "postgresql":
        both = {"space": LOCK_SPACE, "lock": lock}
        connection.execute(text("SELECT pg_advisory_xact_lock(:space, :lock)"), both)
