"""Rows that verdicts are made of, written as the product writes them."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert

from tay_middleware.domain import uuid7
from tay_middleware.storage.payments.tables import conversions, payment_facts
from tay_middleware.storage.turns import exposures
from tests.builders import NOON
from tests.databases import Scene

DAY = timedelta(days=1)
Play = Callable[[Scene], Any]
"""Runs a scene on an empty database."""


def expose(
    connection: Connection,
    user: str,
    arm: str,
    *,
    at: datetime = NOON,
    experiment: str = "test",
    version: str = "v1",
    chance: float = 0.5,
) -> None:
    row = {
        "user_key": user,
        "playbook_version": version,
        "created_at": at,
        "assignments": [[experiment, arm, True, chance]],
    }
    exposures.note(connection, [row])


def buy(
    connection: Connection,
    user: str,
    *,
    at: datetime = NOON + DAY,
    offer: str = "mentorship",
    net: int = 20_000,
    currency: str = "eur",
    counts: bool = True,
    number: int = 0,
    known_by: str = "id",
    customer: str | None = None,
) -> None:
    """A purchase; `known_by` is `id`, `reference`, `token`, `admin` or `nobody`."""
    row: dict[str, Any] = {
        "id": uuid7(at, hash((user, number)) & ((1 << 60) - 1)),
        "purchase_key": f"{user}-{number}",
        "provider": "stripe",
        "status": "paid" if counts else "refunded",
        "kind": "unmatched" if known_by == "nobody" else "organic",
        "counts": counts,
        "offer": offer,
        "user_key": None if known_by == "nobody" else user,
        "escalation_id": None,
        **dict.fromkeys(("amount", "net", "lifetime"), net),
        **dict.fromkeys(("refunded", "disputed", "lost"), 0),
        "currency": currency,
        "payments": 1,
        "begun_at": at,
        "paid_at": at,
        "settled_at": at,
    }
    connection.execute(insert(conversions), [row])
    said = {
        "id": row["purchase_key"],
        "purchase_key": row["purchase_key"],
        "provider": "stripe",
        "kind": "assigned" if known_by == "admin" else "paid",
        "at": at,
        "said": {},
        "customer": customer,
        "user_key": user if known_by in {"id", "admin"} else None,
        "reference_key": user if known_by == "reference" else None,
    }
    connection.execute(insert(payment_facts), [said])


def expose_many(
    connection: Connection,
    arm: str,
    users: Iterable[int],
    *,
    buyers: int,
    known_by: str = "id",
    **more: Any,
) -> None:
    """Users of one arm; the first `buyers` of them buy a day later."""
    at = more.get("at", NOON)
    for place, number in enumerate(users):
        expose(connection, f"{arm}{number}", arm, **more)
        if place < buyers:
            buy(connection, f"{arm}{number}", at=at + DAY, known_by=known_by)


NOBODY = UUID(int=0)
