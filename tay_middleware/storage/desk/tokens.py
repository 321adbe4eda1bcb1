"""Admin tokens as rows; what a token is made of is known to `web.tokens`."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, or_, select, update

from tay_middleware.storage.payments.tables import admin_tokens
from tay_middleware.storage.transaction import Row, insert

_COLUMNS = admin_tokens.c


class Scope(StrEnum):
    """What a token opens. `feedback` is for an app that hands on what its users say."""

    READ = "read"
    WRITE = "write"
    EXPORT = "export"
    ERASE = "erase"
    FEEDBACK = "feedback"


def add(connection: Connection, row: Row) -> None:
    """Keep a new token."""
    connection.execute(insert(connection)(admin_tokens), [dict(row)])


def find(connection: Connection, token_id: str) -> Any:
    """A token by its id, or `None`."""
    return connection.execute(select(admin_tokens).where(_COLUMNS.id == token_id)).first()


def every(connection: Connection) -> Sequence[Any]:
    """All tokens, oldest first."""
    return connection.execute(select(admin_tokens).order_by(_COLUMNS.created_at)).all()


def valid(connection: Connection, now: datetime) -> bool:
    """Whether any token opens anything now."""
    statement = select(_COLUMNS.id).where(
        _COLUMNS.revoked_at.is_(None), or_(_COLUMNS.expires_at.is_(None), _COLUMNS.expires_at > now)
    )
    return connection.execute(statement.limit(1)).first() is not None


def revoke(connection: Connection, token_id: str, now: datetime) -> bool:
    """Make a token worthless from now on; whether there was one that was not yet."""
    statement = (
        update(admin_tokens)
        .where(_COLUMNS.id == token_id, _COLUMNS.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return connection.execute(statement).rowcount == 1


def note_use(connection: Connection, token_id: str, now: datetime) -> None:
    """Remember when a token was last used."""
    statement = update(admin_tokens).where(_COLUMNS.id == token_id).values(last_used_at=now)
    connection.execute(statement)
