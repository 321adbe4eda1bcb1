"""The types that columns have: the same values in and out of SQLite and PostgreSQL."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, JSON, CheckConstraint, DateTime, Dialect, Text, TypeDecorator, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from tay_middleware.storage.connection.text import storable, storable_on_server

UUID_TYPE = Uuid(as_uuid=True, native_uuid=True)

JSON_TYPE = JSON().with_variant(JSONB(), "postgresql")


class Utc(TypeDecorator[datetime]):
    """Aware times in, aware UTC times out, also where the database knows no time zones.

    A naive time is refused rather than guessed at.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Turn an aware time into UTC; SQLite drops the zone, a server with zones needs it."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Say again that it is UTC, or make it so where the server answers in its own zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Id(TypeDecorator[UUID]):
    """A UUID: as its 36 characters, or as the type that PostgreSQL has for it.

    Text would be compared by the rules of some language there, and partitions are ranges of ids.
    """

    impl = CHAR(36)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the type of the database."""
        plain: TypeEngine[Any] = CHAR(36)
        return dialect.type_descriptor(UUID_TYPE if dialect.name == "postgresql" else plain)

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> str | UUID | None:
        """Write it as the database's type."""
        return value if value is None or dialect.name == "postgresql" else str(value)

    def process_result_value(self, value: str | UUID | None, _dialect: Dialect) -> UUID | None:
        """Read it back."""
        return value if value is None or isinstance(value, UUID) else UUID(value)


class Words(TypeDecorator[str]):
    """Text of an app or of a person, whatever it holds; see `storable`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Make it storable; comparisons go the same way, so that they still meet."""
        if value is None:
            return None
        return storable_on_server(value) if dialect.name == "postgresql" else storable(value)


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """The check that a column holds one of the values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
