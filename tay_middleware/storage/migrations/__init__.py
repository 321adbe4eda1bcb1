"""Schema versions, shipped inside the package and run by `tay db upgrade`."""

HEAD = "0019"
"""The schema that this version of the package needs; a test holds it against the scripts."""

COMPATIBLE_FROM = "0018"
"""The oldest schema whose code may write this one. A migration raises it when rows of older code
would be refused or be wrong (a column that must be filled, a new meaning), and for nothing else:
older code keeps its decisions aside then, and mentions nothing."""

VERSION_TABLE = "tay_schema_version"
"""A table of our own, so that an app's Alembic in the same database is left alone."""
