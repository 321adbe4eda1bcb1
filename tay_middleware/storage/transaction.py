"""What every function of SQL takes, a transaction of `Database.write` or `.read`; its INSERT."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")

Transaction = Connection
"""What `Database` hands to a function; layers above storage name it by this name."""

Row = Mapping[str, Any]
"""A row by the names of its columns."""

MOST_VALUES = 5_000
"""Values that one statement compares with: databases know a limit, callers do not."""


def insert(connection: Connection) -> Any:
    """The INSERT of the database, which knows ON CONFLICT."""
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert


def parts(values: Iterable[T], most: int = MOST_VALUES) -> Iterator[list[T]]:
    """Values in lists of at most so many: by default so short that one statement takes each."""
    listed = list(values)
    return (listed[first : first + most] for first in range(0, len(listed), most))
