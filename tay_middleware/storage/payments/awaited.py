"""Purchases that a mention may change which came to the log after them.

A drain may be down for days. Nobody looks at all purchases again then, but only at those that a
mention joins now: by its user within the window, or by what the purchase itself names, for which
there is no limit.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    or_,
    select,
)

from tay_middleware.storage.columns import UUID_TYPE
from tay_middleware.storage.payments.tables import awaited_mentions, conversions, payment_facts
from tay_middleware.storage.sql import escalation_logs, question_logs
from tay_middleware.storage.transaction import insert, parts
from tay_middleware.storage.turns.ids import first_id

_ID_CHARS = 36
"""An id as text; a token has 22."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which mentions may lead to which purchases.

    Purchases begun from `since` on; of each the mentions of a `window` that ends `skew` after it.
    """

    since: datetime
    window: timedelta
    skew: timedelta


def named_now(connection: Connection) -> set[str]:
    """The purchases that name a mention which they waited for, and which the log has now."""
    waits, shown = awaited_mentions.c, escalation_logs.c
    found: set[str] = set()
    for it in (shown.link_token == waits.name, shown.id == _as_id(connection, waits.name)):
        statement = select(waits.purchase_key).join(escalation_logs, it).distinct()
        found |= set(connection.execute(statement).scalars())
    return found


def _as_id(connection: Connection, name: Any) -> Any:
    """What a name is as an id of the log, null for a token; a server casts text, and only an id."""
    if connection.dialect.name == "postgresql":
        return case((func.length(name) == _ID_CHARS, cast(name, UUID_TYPE)))
    return name


def await_mentions(connection: Connection, names: Mapping[str, Collection[str]]) -> None:
    """Say for some purchases which mentions they name that the log does not have."""
    for part in parts(names):
        columns = awaited_mentions.c
        connection.execute(delete(awaited_mentions).where(columns.purchase_key.in_(part)))
    rows = [{"purchase_key": key, "name": name} for key in names for name in names[key]]
    if rows:
        connection.execute(insert(connection)(awaited_mentions), rows)


def joined_by_user(connection: Connection, stretch: Stretch) -> set[str]:
    """Purchases that a mention of their user's may change.

    Of those that are credited, only by a later mention of the same offer; what a token names stays.
    """
    sold, shown = conversions.c, escalation_logs.c
    better = and_(shown.offer == sold.offer, shown.id > sold.escalation_id, sold.method != "token")
    other = or_(
        shown.id > sold.cross_escalation_id,
        and_(shown.id != sold.cross_escalation_id, shown.offer == sold.offer),
        sold.cross_escalation_id.is_(None),
    )
    theirs = exists().where(
        shown.user_key == sold.user_key,
        shown.id >= first_id(stretch.since - stretch.window),
        shown.created_at >= _moved(connection, sold.begun_at, stretch.skew - stretch.window),
        shown.created_at <= _moved(connection, sold.begun_at, stretch.skew),
        or_(
            sold.kind == "organic",
            and_(sold.kind == "cross_sale", other),
            and_(sold.kind == "attributed", better),
        ),
    )
    return _open(connection, stretch, theirs)


def joined_by_reference(connection: Connection, stretch: Stretch) -> set[str]:
    """Purchases that name a user whom the log had not seen, and are nobody's or somebody's by less.

    What others of the same customer or address say, and an admin's word, give way to a reference.
    """
    sold, told, asked = conversions.c, payment_facts.c, question_logs.c
    hearsay = or_(sold.method.is_(None), sold.method.in_(("customer", "email", "by_hand")))
    seen = exists().where(
        told.purchase_key == sold.purchase_key,
        asked.user_key == told.reference_key,
        asked.id >= first_id(stretch.since - stretch.window),
    )
    return _open(connection, stretch, and_(hearsay, seen))


def _open(connection: Connection, stretch: Stretch, joined: ColumnElement[bool]) -> set[str]:
    sold = conversions.c
    statement = select(sold.purchase_key).where(
        sold.begun_at >= stretch.since,
        sold.credit_stays.is_(False),
        joined,
    )
    return set(connection.execute(statement).scalars())


def _moved(connection: Connection, at: Any, by: timedelta) -> Any:
    """A column's time so much later. SQLite keeps times as text, which compares as they do.

    It must have as many digits as a column's: six of a second, of which SQLite knows three.
    """
    seconds = int(by.total_seconds())
    if connection.dialect.name == "postgresql":
        return at + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    return func.strftime("%Y-%m-%d %H:%M:%f000", at, f"{seconds:+d} seconds")
