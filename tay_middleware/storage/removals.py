"""Up to when rows of the log were removed: what a setting says of it may be another thing.

`tay db maintain --keep-days` stands over the setting, and the setting may be raised later; rows
that are gone stay gone. Every function takes a `Transaction`.
"""

from datetime import datetime

from sqlalchemy import Column, Connection, Table, func, select

from tay_middleware.storage.columns import Utc
from tay_middleware.storage.sql import metadata
from tay_middleware.storage.transaction import insert

removals = Table(
    "removals",
    metadata,
    Column("until", Utc, primary_key=True),
    Column("at", Utc, nullable=False),
)
"""One row each time that rows went: those of turns from before `until`, at `at`."""


def note_removal(connection: Connection, until: datetime, at: datetime) -> None:
    """Write down that rows of before `until` are about to go; call it before they do."""
    statement = insert(connection)(removals).values(until=until, at=at)
    connection.execute(statement.on_conflict_do_nothing())


def removed_until(connection: Connection) -> datetime | None:
    """Before when rows have gone; `None` where none ever did."""
    found: datetime | None = connection.execute(select(func.max(removals.c.until))).scalar()
    return found
