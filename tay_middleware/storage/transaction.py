"""What every function of SQL takes, a transaction of `Database.write` or `.read`; its INSERT."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

Transaction = Connection
"""What `Database` hands to a function; layers above storage name it by this name."""

Row = Mapping[str, Any]
"""A row by the names of its columns."""

MOST_VALUES = 5_000
"""Values that one statement compares with: databases know a limit, callers do not."""


def insert(connection: Connection) -> Any:
    """The INSERT of the database, which knows ON CONFLICT."""
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert


def parts(values: Iterable[Any]) -> Iterator[list[Any]]:
    """Values in lists so short that one statement takes each."""
    rest = list(values)
    while rest:
        yield rest[:MOST_VALUES]
        rest = rest[MOST_VALUES:]
