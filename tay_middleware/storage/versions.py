"""Which schema a database has, and whether this version of the package may write it.

A deploy runs two versions at once, and one that failed is taken back: the older one then meets a
schema that it does not know. Only the newer can tell whether that matters, so the database says it.
"""

from sqlalchemy import Column, Connection, String, Table, delete, insert, inspect, select, text

from tay_middleware.errors import SchemaMismatch, SchemaTooNew
from tay_middleware.storage.migrations import COMPATIBLE_FROM, HEAD, VERSION_TABLE
from tay_middleware.storage.sql import metadata

schema_compatibility = Table(
    "schema_compatibility",
    metadata,
    Column("compatible_from", String(32), primary_key=True),
)
"""One row: the oldest schema whose code may write this database."""


def version_of(connection: Connection) -> str | None:
    """The schema version that a connection sees."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - our own constant
    return None if found is None else str(found)


def is_behind(version: str | None) -> bool:
    """Whether a schema is older than this version of the package needs."""
    return version is None or version < HEAD


def check_may_write(connection: Connection) -> str | None:
    """Refuse a database that a later version of the package has made its own; its version.

    Raises:
        SchemaTooNew: it is newer, and does not say that this version may write it.
    """
    version = version_of(connection)
    if version is not None and version > HEAD and not _admits_us(connection):
        raise SchemaTooNew(
            f"the database has schema {version}, this version of the package knows {HEAD}: "
            "install the newer tay-middleware"
        )
    return version


def check_current(connection: Connection) -> None:
    """Refuse a server that has not been migrated yet.

    Raises:
        SchemaMismatch: it is older; or newer, and this version must not write it.
    """
    version = check_may_write(connection)
    if is_behind(version):
        raise SchemaMismatch(
            f"the database has schema {version or 'none'}, this version needs {HEAD}: "
            "run `tay db upgrade`"
        )


def say_who_may_write(connection: Connection) -> None:
    """Write down which older versions may write what this one has migrated."""
    connection.execute(delete(schema_compatibility))
    connection.execute(insert(schema_compatibility).values(compatible_from=COMPATIBLE_FROM))


def _admits_us(connection: Connection) -> bool:
    if not inspect(connection).has_table(schema_compatibility.name):
        return False
    oldest = connection.execute(select(schema_compatibility.c.compatible_from)).scalar()
    return oldest is not None and oldest <= HEAD
