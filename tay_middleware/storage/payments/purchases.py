"""Facts of payments, purchases made of them, and what they are joined to: the SQL of `payments`.

Every function takes a `Transaction` of `Database.write` or `.read`; what is to be written is
decided in `payments`. Writers come one after the other (`credits.lock`), so that what one has read
still holds when it writes.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, delete, or_, select, update

from tay_middleware.storage.ledger import erased_users
from tay_middleware.storage.payments.tables import (
    awaited_mentions,
    conversion_marks,
    conversions,
    link_clicks,
    payment_facts,
    payment_keys,
)
from tay_middleware.storage.payments.touches import mention
from tay_middleware.storage.sql import escalation_logs, question_logs
from tay_middleware.storage.transaction import Row, insert, parts
from tay_middleware.storage.turns.ids import first_id

PURCHASES = UUID("0c9b6f5e-2f43-5d0e-8f3f-5b1f0c6a9d27")
"""Ids of purchases are made from their keys, in a namespace of their own."""


def id_of(purchase_key: str) -> UUID:
    """The id of a purchase by its key."""
    return uuid5(PURCHASES, purchase_key)


def purchases_with(connection: Connection, keys: Collection[str]) -> set[str]:
    """The purchases that any of these ids belongs to."""
    return set(purchase_keys_of(connection, keys).values())


def purchase_keys_of(connection: Connection, keys: Collection[str]) -> dict[str, str]:
    """The purchases that some ids belong to, by id."""
    columns = payment_keys.c
    statement = select(columns.key, columns.purchase_key)
    return {
        row.key: row.purchase_key
        for part in parts(keys)
        for row in connection.execute(statement.where(columns.key.in_(part)))
    }


def facts_of(connection: Connection, purchases: Collection[str]) -> list[Row]:
    """All facts of some purchases."""
    return [
        dict(row)
        for part in parts(purchases)
        for row in connection.execute(
            select(payment_facts).where(payment_facts.c.purchase_key.in_(part))
        ).mappings()
    ]


def put(
    connection: Connection,
    purchase_key: str,
    keys: Collection[str],
    facts: Sequence[Row],
    merged: Collection[str],
) -> set[UUID]:
    """Add facts to a purchase, which takes in those of other keys that turned out to be it too.

    Returns:
        The mentions that the purchases which are no more were credited to.
    """
    add = insert(connection)
    if facts:
        connection.execute(add(payment_facts).on_conflict_do_nothing(), [dict(f) for f in facts])
    rows = [{"key": key, "purchase_key": purchase_key, "id": id_of(key)} for key in sorted(keys)]
    connection.execute(add(payment_keys).on_conflict_do_nothing(), rows)
    gone = set(merged) - {purchase_key}
    if not gone:
        return set()
    for table in (payment_facts, payment_keys):
        connection.execute(
            update(table).where(table.c.purchase_key.in_(gone)).values(purchase_key=purchase_key)
        )
    connection.execute(delete(awaited_mentions).where(awaited_mentions.c.purchase_key.in_(gone)))
    was = delete(conversions).where(conversions.c.purchase_key.in_(gone))
    found = connection.execute(was.returning(conversions.c.escalation_id)).scalars()
    return {one for one in found if one is not None}


def of_same_buyers(
    connection: Connection, customers: Collection[str], emails: Collection[str]
) -> set[str]:
    """The purchases that were made by any of these customers or addresses."""
    found: set[str] = set()
    facts = payment_facts.c
    for column, names in ((facts.customer, customers), (facts.email_key, emails)):
        for part in parts(names):
            statement = select(facts.purchase_key).where(column.in_(part)).distinct()
            found |= set(connection.execute(statement).scalars())
    return found


def erased_among(connection: Connection, users: Collection[str]) -> dict[str, datetime]:
    """Those of some users who were erased, with the time up to which they are."""
    columns = erased_users.c
    named = select(columns.user_key, columns.erased_at)
    return {
        row.user_key: row.erased_at
        for part in parts(users)
        for row in connection.execute(named.where(columns.user_key.in_(part)))
    }


_TOUCHED = select(
    escalation_logs.c.id,
    escalation_logs.c.user_key,
    escalation_logs.c.offer,
    escalation_logs.c.created_at,
    escalation_logs.c.link_token,
    link_clicks.c.clicked_at,
).outerjoin(link_clicks, link_clicks.c.escalation_id == escalation_logs.c.id)


def mentions_named(
    connection: Connection, tokens: Collection[str], ids: Collection[UUID]
) -> list[Any]:
    """Mentions by the tokens of their links and by their ids: rows as `mentions_of` gives them."""
    found: list[Any] = []
    columns = escalation_logs.c
    for column, names in ((columns.link_token, tokens), (columns.id, ids)):
        for part in parts(names):
            found += connection.execute(_TOUCHED.where(column.in_(part)))
    return found


def mentions_of(
    connection: Connection, user_key: str, since: datetime, until: datetime
) -> list[Any]:
    """What a user was shown in a stretch of time, with the first click on it."""
    statement = _TOUCHED.where(
        escalation_logs.c.user_key == user_key,
        escalation_logs.c.created_at >= since,
        escalation_logs.c.created_at <= until,
        escalation_logs.c.id >= first_id(since),
    )
    return list(connection.execute(statement))


def purchases_by_key(connection: Connection, keys: Collection[str]) -> dict[str, Any]:
    """The purchases as they stand that some ids of providers belong to, by id."""
    joined = payment_keys.c.purchase_key == conversions.c.purchase_key
    statement = select(payment_keys.c.key, conversions).join(payment_keys, joined)
    return {
        row.key: row
        for part in parts(keys)
        for row in connection.execute(statement.where(payment_keys.c.key.in_(part)))
    }


def users_seen(connection: Connection, users: Iterable[str]) -> set[str]:
    """Those of some users who have ever asked anything, as far as the log or a credit says so."""
    asked, sold = question_logs.c, conversions.c
    seen = set()
    for user_key in users:
        for statement in (
            select(asked.id).where(asked.user_key == user_key),
            select(sold.id).where(sold.user_key == user_key, sold.credit_stays),
        ):
            if connection.execute(statement.limit(1)).first() is not None:
                seen.add(user_key)
    return seen


def rows_of(connection: Connection, purchases: Collection[str]) -> dict[str, Row]:
    """Purchases as they stand, by their keys."""
    columns = conversions.c
    return {
        row["purchase_key"]: dict(row)
        for part in parts(purchases)
        for row in connection.execute(
            select(conversions).where(columns.purchase_key.in_(part))
        ).mappings()
    }


def staying(connection: Connection, purchases: Collection[str]) -> dict[str, Row]:
    """Those of some purchases whose credit stays, by key, as they stand."""
    sold = conversions.c
    statement = select(conversions).where(sold.credit_stays)
    return {
        row["purchase_key"]: dict(row)
        for part in parts(purchases)
        for row in connection.execute(statement.where(sold.purchase_key.in_(part))).mappings()
    }


def stands(row: Row, before: Row | None) -> bool:
    """Whether a purchase stands so already, but for the time at which it was written."""
    told = {name: value for name, value in row.items() if name != "settled_at"}
    return before is not None and all(before[name] == value for name, value in told.items())


def write_purchase(connection: Connection, row: Row, before: Row | None) -> None:
    """Write a purchase as it stands; nothing is written where it stands so `before`."""
    if stands(row, before):
        return
    statement = insert(connection)(conversions).values(**row)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["id"],
            set_={name: statement.excluded[name] for name in row if name != "id"},
        )
    )


def sales_and_marks(
    connection: Connection, escalations: Collection[UUID]
) -> tuple[dict[UUID, list[Any]], dict[UUID, list[Any]]]:
    """What is credited to mentions, and what admins said of them: by mention, in order of time."""
    sold, said = conversions.c, conversion_marks.c
    sales: dict[UUID, list[Any]] = {}
    marks: dict[UUID, list[Any]] = {}
    for part in parts(escalations):
        theirs = select(conversions).where(sold.escalation_id.in_(part))
        words = select(conversion_marks).where(said.escalation_id.in_(part))
        for found, statement in (
            (sales, theirs.order_by(sold.paid_at, sold.id)),
            (marks, words.order_by(said.at, said.id)),
        ):
            for row in connection.execute(statement):
                found.setdefault(row.escalation_id, []).append(row)
    return sales, marks


def marked_unpaid(
    connection: Connection, escalations: Collection[UUID], purchase_key: str
) -> set[UUID]:
    """Those of some mentions of which admins say that they sold, with no payment but this one."""
    sales, marks = sales_and_marks(connection, escalations)
    paid = {
        mention
        for mention, rows in sales.items()
        if any(row.paid_at is not None and row.purchase_key != purchase_key for row in rows)
    }
    return {mention for mention, words in marks.items() if words[-1].converted} - paid


def write_standing(
    connection: Connection, escalation_id: UUID, converted: bool, converted_at: datetime | None
) -> None:
    """Write whether a mention is converted; nothing is written where it already stands so."""
    columns = escalation_logs.c
    connection.execute(
        update(escalation_logs)
        .where(
            columns.id == escalation_id,
            or_(
                columns.converted != converted,
                columns.converted_at.is_distinct_from(converted_at),
            ),
        )
        .values(converted=converted, converted_at=converted_at)
    )


def mark(connection: Connection, row: Row) -> bool:
    """Write down what an admin says of a mention; whether there is such a mention."""
    known = mention(connection, row["escalation_id"])
    if known is None:
        return False
    said = {**row, "user_key": known.user_key}
    connection.execute(insert(connection)(conversion_marks), [said])
    return True
