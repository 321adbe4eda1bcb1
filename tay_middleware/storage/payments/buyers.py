"""What payments hold of a person: found for an export, and taken away by an erasure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Table,
    and_,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from tay_middleware.storage.payments.tables import (
    conversion_marks,
    conversions,
    feedback,
    link_clicks,
    payment_facts,
    webhook_events,
)
from tay_middleware.storage.turns.ids import last_id


def about(user_key: str) -> ColumnElement[bool]:
    """Whether a fact is about a user.

    It names her, or is of a purchase that is hers or names her, or of the customer or the address
    of such a purchase. What is assigned to somebody else is about her only where it names her.
    """
    facts = payment_facts.c
    return or_(_names(facts, user_key), _hers(user_key))


def _names(facts: ReadOnlyColumnCollection[str, Column[Any]], key: str) -> ColumnElement[bool]:
    return or_(facts.user_key == key, facts.reference_key == key)


def _hers(user_key: str) -> ColumnElement[bool]:
    """Whether a fact leads to her and, as far as is known, to nobody else."""
    facts, sold = payment_facts.c, conversions.c
    named, theirs, other = (payment_facts.alias(name).c for name in ("named", "theirs", "other"))
    assigned = select(sold.purchase_key).where(sold.user_key == user_key)
    naming = select(named.purchase_key).where(
        _names(named, user_key), ~_of_another(named.purchase_key, user_key)
    )
    mine = theirs.purchase_key.in_(assigned.union(naming))
    customers = select(theirs.customer).where(mine, theirs.customer.is_not(None))
    emails = select(theirs.email_key).where(mine, theirs.email_key.is_not(None))
    same_buyer = select(other.id).where(
        or_(other.customer.in_(customers), other.email_key.in_(emails)),
        or_(other.user_key.is_(None), other.user_key == user_key),
        ~_of_another(other.purchase_key, user_key),
    )
    return or_(facts.purchase_key.in_(assigned.union(naming)), facts.id.in_(same_buyer))


def _of_another(purchase_key: Any, user_key: str) -> ColumnElement[bool]:
    sold = conversions.c
    found = select(sold.id).where(sold.purchase_key == purchase_key, sold.user_key != user_key)
    return found.exists()


def deliveries_about(connection: Connection, user_key: str) -> list[Mapping[str, Any]]:
    """The deliveries that tell what is about a user, as they came."""
    found: list[Mapping[str, Any]] = []
    for name in sorted(_all_ids(connection, about(user_key))):
        rows = connection.execute(select(webhook_events).where(_has_name(name))).mappings()
        found += map(dict, rows)
    return found


def _has_name(fact_id: str) -> ColumnElement[bool]:
    """Whether a delivery is the one that tells a fact; see `_is_told_by`."""
    provider, _, external_id = fact_id.partition(":")
    events = webhook_events.c
    return and_(events.provider == provider, events.external_id == external_id)


def _is_told_by() -> ColumnElement[bool]:
    """Whether a fact, by its id, is what a delivery says: `provider:external_id`."""
    facts, events = payment_facts.c, webhook_events.c
    name = func.substr(facts.id, func.length(facts.provider) + 2)
    return and_(events.provider == facts.provider, events.external_id == name)


def _is_of_before(until: datetime) -> ColumnElement[bool]:
    """Whether a fact is of up to a time, or was told by then, whatever time it claims to be of."""
    told = select(webhook_events.c.id).where(_is_told_by(), webhook_events.c.received_at <= until)
    return or_(payment_facts.c.at <= until, told.correlate(payment_facts).exists())


def forget_buyer(connection: Connection, user_key: str, until: datetime) -> None:
    """Take a user out of payments, clicks and feedback up to a time; the sums stay.

    What was told or settled by then is of up to then, though it may claim to be of the future.

    Purchases lead to a person by customer and address too, so those go with the user's key, and the
    deliveries word for word with them.
    """
    facts = payment_facts.c
    hers = _all_ids(connection, and_(_hers(user_key), _is_of_before(until)))
    naming = _all_ids(connection, and_(_names(facts, user_key), _is_of_before(until)))
    forget_deliveries(connection, {*hers, *naming}, until)
    nobody = dict.fromkeys(("customer", "email_key", "user_key", "reference_key"))
    for name in hers:
        connection.execute(update(payment_facts).where(facts.id == name).values(**nobody))
    for column in (facts.user_key, facts.reference_key):
        named = and_(column == user_key, _is_of_before(until))
        connection.execute(update(payment_facts).where(named).values({column.name: None}))
    marks = conversion_marks.c
    on_her = and_(marks.user_key == user_key, marks.escalation_id <= last_id(until))
    connection.execute(update(conversion_marks).where(on_her).values(note=None, user_key=None))
    is_settled = or_(conversions.c.begun_at <= until, conversions.c.settled_at <= until)
    theirs_too: tuple[tuple[Table, ColumnElement[bool], dict[str, Any]], ...] = (
        (link_clicks, link_clicks.c.clicked_at <= until, {}),
        (feedback, feedback.c.at <= until, {"note": None}),
        (conversions, is_settled, {"credit_stays": True}),
    )
    for table, is_of_before, also in theirs_too:
        hers_there = and_(table.c.user_key == user_key, is_of_before)
        connection.execute(update(table).where(hers_there).values(user_key=None, **also))


def forget_deliveries(connection: Connection, fact_ids: Iterable[str], now: datetime) -> None:
    """Take the words out of the deliveries that told some facts.

    The hash goes too, for whoever knows the words could tell by it that they were said; a delivery
    that comes again under such a name is known by the name alone, and changes nothing. Nor does one
    that was to be handled again: it is done with.
    """
    said: dict[str, Any] = {"body": None, "body_hash": None, "headers": {}, "redacted_at": now}
    waits = webhook_events.c.due_at.is_not(None)
    for name in sorted(fact_ids):
        these = update(webhook_events).where(_has_name(name))
        connection.execute(these.where(waits).values(due_at=None, handled_at=now))
        connection.execute(these.values(said))


def _all_ids(connection: Connection, which: ColumnElement[bool]) -> list[str]:
    return list(connection.execute(select(payment_facts.c.id).where(which)).scalars())
