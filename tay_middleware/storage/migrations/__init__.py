"""Schema versions, shipped inside the package and run by `tay db upgrade`."""

HEAD = "0017"
"""The schema that this version of the package needs; a test holds it against the scripts."""

VERSION_TABLE = "tay_schema_version"
"""A table of our own, so that an app's Alembic in the same database is left alone."""
