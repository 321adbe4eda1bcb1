"""Reviews as they were given out: one row for each period and moment; only `anew` changes it.

Every function takes a `Transaction`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, String, Table, select

from tay_middleware.storage.columns import JSON_TYPE, Utc
from tay_middleware.storage.sql import metadata
from tay_middleware.storage.transaction import insert

reviews = Table(
    "reviews",
    metadata,
    Column("period", String(16), primary_key=True),
    Column("as_of", Utc, primary_key=True),
    Column("made_at", Utc, nullable=False),
    Column("content", JSON_TYPE, nullable=False),
)
"""`period` is a name such as 2026-W47, `as_of` what was known of it."""


def keep(
    connection: Connection,
    period: str,
    as_of: datetime,
    made_at: datetime,
    content: Any,
    *,
    anew: bool = False,
) -> None:
    """Write a review down; the first of a period and moment stands, unless it is made `anew`."""
    row = {"period": period, "as_of": as_of, "made_at": made_at, "content": content}
    statement = insert(connection)(reviews).values(**row)
    if not anew:
        connection.execute(statement.on_conflict_do_nothing())
        return
    fresh = statement.excluded
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["period", "as_of"],
            set_={"made_at": fresh.made_at, "content": fresh.content},
        )
    )


def kept(connection: Connection, period: str, as_of: datetime | None) -> Any:
    """The content of a period's review: of a moment, or else of the latest; `None` without any."""
    column = reviews.c
    statement = select(column.content).where(column.period == period)
    if as_of is not None:
        statement = statement.where(column.as_of == as_of)
    return connection.execute(statement.order_by(column.as_of.desc()).limit(1)).scalar()


def every(connection: Connection, until: datetime, *, limit: int = 100) -> Sequence[Any]:
    """All reviews as of before a moment, the newest first: `period`, `as_of`, `content`."""
    statement = (
        select(reviews).where(reviews.c.as_of < until).order_by(reviews.c.as_of.desc()).limit(limit)
    )
    return connection.execute(statement).all()
