"""Sessions of the dashboard: opened by an admin token, ended by a click, by time, or with it.

The browser holds a random secret; only its SHA-256 is kept, so that a copy of the table opens
nothing.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from tay_middleware.storage.desk.tables import dashboard_sessions
from tay_middleware.storage.payments.tables import admin_tokens
from tay_middleware.storage.transaction import Row, insert

_COLUMNS = dashboard_sessions.c


def start(connection: Connection, row: Row, now: datetime) -> None:
    """Keep a new session, and forget those that are over."""
    connection.execute(delete(dashboard_sessions).where(_COLUMNS.expires_at <= now))
    connection.execute(insert(connection)(dashboard_sessions), [dict(row)])


def find(connection: Connection, session_id: str, now: datetime) -> Any:
    """A session that is not over, with its token's `name`, `scopes`, `expires_at`, `revoked_at`."""
    token = admin_tokens.c
    statement = (
        select(
            dashboard_sessions,
            token.name,
            token.scopes,
            token.expires_at.label("token_expires_at"),
            token.revoked_at,
        )
        .join(admin_tokens, token.id == _COLUMNS.token_id)
        .where(_COLUMNS.id == session_id, _COLUMNS.expires_at > now)
    )
    return connection.execute(statement).first()


def touch(connection: Connection, session_id: str, now: datetime) -> None:
    """Remember that a session is still used."""
    connection.execute(
        update(dashboard_sessions).where(_COLUMNS.id == session_id).values(seen_at=now)
    )


def end(connection: Connection, session_id: str) -> None:
    """Forget a session."""
    connection.execute(delete(dashboard_sessions).where(_COLUMNS.id == session_id))
