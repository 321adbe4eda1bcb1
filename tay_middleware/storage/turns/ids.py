"""A turn's id (UUIDv7) begins with when it was asked: a period is a range of ids."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement

from tay_middleware.domain import uuid7


def first_id(at: datetime) -> UUID:
    """The least id of a turn that was asked at `at` or later."""
    return UUID(int=(uuid7(at, 0).int >> 80) << 80)


def last_id(until: datetime) -> UUID:
    """The greatest id of a turn that was asked at `until` or before."""
    return uuid7(until, (1 << 74) - 1)


def asked_at(turn: UUID) -> datetime:
    """When a turn was asked, to the millisecond."""
    return _EPOCH + timedelta(milliseconds=turn.int >> 80)


def asked_between(
    column: ColumnElement[UUID], since: datetime, until: datetime
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Conditions on the id of a turn: it was asked at `since` or later, and before `until`."""
    return column >= first_id(since), column < first_id(until)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
