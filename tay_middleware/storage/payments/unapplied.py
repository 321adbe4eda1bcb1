"""Deliveries that came to no fact: of the other mode, or given up.

No fact leads to them, so their words are read for whom they name. Only fields are looked at in
which a person stands: a number of pieces that reads like somebody's id is nobody.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, or_, select, update

from tay_middleware.identities import KeyOf, identifier
from tay_middleware.storage.payments.buyers import about
from tay_middleware.storage.payments.inbox import OTHER_MODE
from tay_middleware.storage.payments.tables import payment_facts, webhook_events
from tay_middleware.storage.sql import escalation_logs
from tay_middleware.storage.transaction import parts

_OURS = frozenset({"tay_user_id", "tay_token"})
_GENERIC = frozenset({"user_id", "reference"})
_USERS: Mapping[str, frozenset[str]] = {
    "stripe": _OURS | {"client_reference_id"},
    "shopify": _OURS,
    "standard": _OURS | _GENERIC,
    "import": _OURS | _GENERIC,
}
"""Fields in which a provider gives back what the app gave it: an id of hers, or a link's token."""

_CUSTOMERS = frozenset({"customer", "customer_id"})
_EMAILS = frozenset({"email", "customer_email", "receipt_email", "contact_email"})
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")


@dataclass(frozen=True, slots=True)
class Names:
    """Whom a delivery names: keys of users, tokens, customers with their provider, keys of mails.

    `tokens` may be ids of users too, so they are among `users` as well.
    """

    users: frozenset[str]
    tokens: frozenset[str]
    customers: frozenset[str]
    emails: frozenset[str]
    names_one: bool

    def leads_to(self, her: "Hers") -> bool:
        """Whether it names her; or nobody, and is of a customer or an address of hers."""
        if her.user_key in self.users or self.tokens & her.tokens:
            return True
        return not self.names_one and bool(
            self.customers & her.customers or self.emails & her.emails
        )


@dataclass(frozen=True, slots=True)
class Hers:
    """What leads to one user; `customers` and `emails` are nobody else's, as far as is known."""

    user_key: str
    tokens: frozenset[str]
    customers: frozenset[str]
    emails: frozenset[str]


def names_in(provider: str, body: bytes, key_of: KeyOf) -> Names:
    """Whom the words of a delivery name; nobody, where they cannot be read."""
    said = list(_fields(body))
    given = {value for name, value in said if name in _USERS.get(provider, _OURS)}
    tokens = {value for value in given if _TOKEN.fullmatch(value)}
    users = {one for value in given if (one := identifier(value)) is not None}
    mails = {value.strip().casefold() for name, value in said if name in _EMAILS}
    return Names(
        users=frozenset(key_of(f"user:{one}") for one in users),
        tokens=frozenset(tokens),
        customers=frozenset(f"{provider}:{value}" for name, value in said if name in _CUSTOMERS),
        emails=frozenset(key_of(f"email:{mail}") for mail in mails if mail),
        names_one=bool(users - tokens),
    )


def about_her(connection: Connection, user_key: str, key_of: KeyOf) -> list[Mapping[str, Any]]:
    """The deliveries that lead to a user, with their words."""
    ids = ids_about(connection, user_key, key_of)
    rows = select(webhook_events).where(webhook_events.c.id.in_(ids)).order_by(webhook_events.c.id)
    return [dict(row) for row in connection.execute(rows).mappings()]


def ids_about(connection: Connection, user_key: str, key_of: KeyOf) -> list[UUID]:
    """The ids of the deliveries that lead to a user; all that are kept are read."""
    found = dict(_named(connection, key_of))
    others = [one for one in found.values() if one.names_one and user_key not in one.users]
    her = _known(connection, user_key)
    theirs = Hers(
        user_key="",
        tokens=frozenset(),
        customers=frozenset[str]().union(*(one.customers for one in others)),
        emails=frozenset[str]().union(*(one.emails for one in others)),
    )
    hers: set[UUID] = set()
    while more := {one for one, names in found.items() if names.leads_to(her)} - hers:
        hers |= more
        told = [found[one] for one in more]
        her = Hers(
            user_key=user_key,
            tokens=her.tokens,
            customers=her.customers.union(*(one.customers for one in told)) - theirs.customers,
            emails=her.emails.union(*(one.emails for one in told)) - theirs.emails,
        )
    return sorted(hers)


def forget_words(connection: Connection, ids: Collection[UUID], until: datetime) -> int:
    """Take the words out of those that came up to a time; how many that were.

    They stay as they are otherwise, and cannot be handled again.
    """
    events, changed = webhook_events.c, 0
    gone: dict[str, Any] = {"body": None, "body_hash": None, "headers": {}, "redacted_at": until}
    for some in parts(ids):
        statement = update(webhook_events).where(
            events.id.in_(some), events.received_at <= until, events.due_at.is_(None)
        )
        changed += connection.execute(statement.values(gone)).rowcount
    return changed


def _named(connection: Connection, key_of: KeyOf) -> Iterator[tuple[UUID, Names]]:
    events = webhook_events.c
    came_to_nothing = or_(events.dead_at.is_not(None), events.outcome == OTHER_MODE)
    ids = connection.execute(
        select(events.id).where(came_to_nothing, events.body.is_not(None))
    ).scalars()
    for some in parts(list(ids)):
        rows = select(events.id, events.provider, events.body).where(events.id.in_(some))
        for row in connection.execute(rows):
            yield row.id, names_in(row.provider, row.body, key_of)


def _known(connection: Connection, user_key: str) -> Hers:
    """What the facts and the log know of her; what another user has as well leads to nobody."""
    facts, shown = payment_facts.c, escalation_logs.c
    rows = connection.execute(
        select(facts.customer, facts.email_key, facts.user_key).where(about(user_key))
    ).all()
    customers = {row.customer for row in rows if row.customer}
    emails = {row.email_key for row in rows if row.email_key}
    shared = connection.execute(
        select(facts.customer, facts.email_key).where(
            or_(facts.customer.in_(customers), facts.email_key.in_(emails)),
            facts.user_key.is_not(None),
            facts.user_key != user_key,
        )
    ).all()
    tokens = select(shown.link_token).where(
        shown.user_key == user_key, shown.link_token.is_not(None)
    )
    return Hers(
        user_key=user_key,
        tokens=frozenset(connection.execute(tokens).scalars()),
        customers=frozenset(customers - {row.customer for row in shared}),
        emails=frozenset(emails - {row.email_key for row in shared}),
    )


def _fields(body: bytes) -> Iterator[tuple[str, str]]:
    """Every text and number of a JSON document with the name of its field, however deep.

    An object with an id stands for its id too, and `{"name": …, "value": …}` for a field.
    """
    try:
        left: list[Any] = [json.loads(body)]
    except (ValueError, RecursionError):
        return
    while left:
        one = left.pop()
        if isinstance(one, Mapping):
            yield from _of_object(one)
        left += _within(one)


def _of_object(one: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    named = one.get("name")
    if isinstance(named, str) and _is_word(one.get("value")):
        yield named, str(one["value"])
    for name, value in one.items():
        found = value.get("id") if isinstance(value, Mapping) else value
        if _is_word(found):
            yield name, str(found)


def _is_word(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _within(one: Any) -> Sequence[Any]:
    if isinstance(one, Mapping):
        return list(one.values())
    return one if isinstance(one, list) else []
