"""What outlives the turns that history looks back on, in SQL: written beside each turn."""

from typing import Any

from sqlalchemy import Connection, func
from sqlalchemy.dialects.sqlite import insert

from tay_middleware.storage.closed import merged
from tay_middleware.storage.noes import noes_after
from tay_middleware.storage.said import Said
from tay_middleware.storage.sql import user_profiles
from tay_middleware.storage.statements import PROFILE


def note(connection: Connection, said: Said) -> None:
    """Take over what a message says, however late it comes; on SQLite, inside a transaction."""
    changes: dict[str, Any] = {}
    if said.changes_profile:
        found = connection.execute(PROFILE, {"user_key": said.user_key}).first()
        known: dict[str, Any] = {} if found is None else found._asdict()
        changes = noes_after(known, said)
        if said.closed:
            changes["closed_gates"] = merged(known.get("closed_gates"), said.closed)
    statement = insert(user_profiles).values(
        user_key=said.user_key, first_seen=said.at, last_seen=said.at, **changes
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["user_key"],
            set_={
                "first_seen": func.min(user_profiles.c.first_seen, statement.excluded.first_seen),
                "last_seen": func.max(user_profiles.c.last_seen, statement.excluded.last_seen),
                **changes,
            },
        )
    )
