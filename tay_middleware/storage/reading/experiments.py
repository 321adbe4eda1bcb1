"""What the verdicts are made of: users by arm and stratum, and what they bought afterwards.

Every function takes a `Transaction`; run it by `Database.read`. Users who were in two arms are left
out here, and counted apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
)

from tay_middleware.storage.payments.by_hand import when_is_known
from tay_middleware.storage.payments.tables import PurchaseKind, conversions, payment_facts
from tay_middleware.storage.sql import escalation_logs
from tay_middleware.storage.turns.exposures import exposures


@dataclass(frozen=True, slots=True)
class Exposed:
    """Which exposures are looked at: of one experiment, before `until`.

    `chances` keeps those that were drawn with just these probabilities, `None` all of them.
    """

    experiment: str
    until: datetime
    chances: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Cohort:
    """Users of one arm who were first exposed under one version of the playbook.

    `matured` of them before the time that was asked for, `recent` since the other one.
    """

    arm: str
    playbook_version: str
    chance: float
    users: int
    matured: int
    recent: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Purchase:
    """A purchase that counts, of a user after her first exposure; `net` in minor units.

    `named` is whether it is known to be hers by what does not come from a mention: her id at the
    checkout, or a customer or an address that gave it with this purchase or with another one.
    """

    user_key: str
    arm: str
    playbook_version: str
    first_at: datetime
    offer: str | None
    at: datetime
    net: int
    currency: str | None
    named: bool = True


_NEAR = 1e-6
"""Chances closer than this are the same."""


def cohorts(
    connection: Connection, exposed: Exposed, *, matured_before: datetime, recent_since: datetime
) -> tuple[tuple[Cohort, ...], int]:
    """The users by arm and version of the playbook; and how many were in two arms."""
    first = _firsts(exposed).cte("firsts").c
    is_torn = case((first.least != first.most, 1), else_=0)
    statement = (
        select(
            is_torn.label("is_torn"),
            first.arm,
            first.playbook_version,
            func.min(first.chance).label("chance"),
            func.count().label("users"),
            func.sum(case((first.first_at <= matured_before, 1), else_=0)).label("matured"),
            func.sum(case((first.first_at >= recent_since, 1), else_=0)).label("recent"),
            func.min(first.first_at).label("first_at"),
            func.max(first.first_at).label("last_at"),
        )
        .where(first.turn == 1)
        .group_by(is_torn, first.arm, first.playbook_version)
        .order_by(func.min(first.first_at), first.arm)
    )
    rows: Sequence[Any] = connection.execute(statement).all()
    found = [
        Cohort(
            arm=row.arm,
            playbook_version=row.playbook_version,
            chance=row.chance,
            users=int(row.users),
            matured=int(row.matured),
            recent=int(row.recent),
            first_at=row.first_at,
            last_at=row.last_at,
        )
        for row in rows
        if not row.is_torn
    ]
    return tuple(found), sum(int(row.users) for row in rows if row.is_torn)


def purchases(connection: Connection, exposed: Exposed) -> Sequence[Purchase]:
    """All purchases of an experiment's users after their first exposure."""
    sold = conversions.c
    buyers = select(sold.user_key).where(sold.counts, sold.user_key.is_not(None))
    first = _firsts(exposed, buyers).cte("firsts").c
    bought = (sold.offer, sold.begun_at, sold.net, sold.currency, _is_named())
    statement = select(*_who(first), *bought).where(
        first.turn == 1,
        first.least == first.most,
        sold.user_key == first.user_key,
        sold.counts,
        sold.begun_at >= first.first_at,
        sold.begun_at < exposed.until,
    )
    rows: Sequence[Any] = connection.execute(statement).all()
    return [Purchase(*row) for row in rows]


def marked(connection: Connection, exposed: Exposed) -> Sequence[Purchase]:
    """Mentions that an admin marked as converted and no payment stands behind: purchases of 0.

    Where nobody said when it was sold, it is counted as of the mention: when the mark was made says
    nothing of the window.
    Only who was shown something can have one, so that they say nothing about the holdout.
    """
    mention, sold = escalation_logs.c, conversions.c
    paid = select(sold.id).where(sold.escalation_id == mention.id, sold.counts).exists()
    at = case((when_is_known(), mention.converted_at), else_=mention.created_at).label("at")
    by_hand = (
        select(mention.user_key, mention.offer, at)
        .where(mention.converted, mention.converted_at < exposed.until, not_(paid))
        .cte("by_hand")
    )
    first = _firsts(exposed, select(by_hand.c.user_key)).cte("firsts").c
    sold_at = (by_hand.c.offer, by_hand.c.at, literal(0), null(), true())
    statement = select(*_who(first), *sold_at).where(
        first.turn == 1,
        first.least == first.most,
        by_hand.c.user_key == first.user_key,
        by_hand.c.at >= first.first_at,
    )
    rows: Sequence[Any] = connection.execute(statement).all()
    return [Purchase(*row) for row in rows]


def nobodys(connection: Connection, since: datetime, until: datetime, offer: str | None) -> int:
    """How many purchases of a time count, and are of nobody who is known.

    `offer` is the one that they may be of, `None` any; what nobody knows the offer of may be.
    """
    sold = conversions.c
    statement = select(func.count()).where(
        sold.counts,
        sold.kind.in_([PurchaseKind.UNMATCHED, PurchaseKind.AMBIGUOUS]),
        sold.begun_at >= since,
        sold.begun_at < until,
    )
    if offer is not None:
        statement = statement.where(or_(sold.offer == offer, sold.offer.is_(None)))
    return int(connection.execute(statement).scalar_one())


def _is_named() -> ColumnElement[bool]:
    """Whether facts that are no admin's word give the user's id: the purchase's, or its customer's.

    An admin finds a purchase's user by its mention; one who was shown nothing has none.
    """
    sold, own, other = conversions.c, payment_facts.alias("own").c, payment_facts.alias("other").c
    names_her = and_(
        or_(other.user_key == sold.user_key, other.reference_key == sold.user_key),
        other.kind != "assigned",
    )
    itself = select(other.id).where(other.purchase_key == sold.purchase_key, names_her)
    customer = select(other.id).where(
        own.purchase_key == sold.purchase_key,
        or_(other.customer == own.customer, other.email_key == own.email_key),
        names_her,
    )
    return or_(itself.exists(), customer.exists())


def _who(first: Any) -> tuple[Any, ...]:
    return first.user_key, first.arm, first.playbook_version, first.first_at


def _firsts(exposed: Exposed, users: Select[Any] | None = None) -> Select[Any]:
    """Each user's exposures in order (`turn`), with the first and last of her arms by name.

    `users` are the only ones that are wanted, `None` all of them.
    """
    columns = exposures.c
    wanted = and_(columns.experiment == exposed.experiment, columns.first_at < exposed.until)
    if exposed.chances is not None:
        near = [columns.chance.between(one - _NEAR, one + _NEAR) for one in exposed.chances]
        wanted = and_(wanted, or_(*near))
    if users is not None:
        wanted = and_(wanted, columns.user_key.in_(users))
    user = columns.user_key
    order = [columns.first_at, columns.playbook_version]
    return select(
        columns.user_key,
        columns.arm,
        columns.playbook_version,
        columns.chance,
        columns.first_at,
        func.row_number().over(partition_by=user, order_by=order).label("turn"),
        func.min(columns.arm).over(partition_by=user).label("least"),
        func.max(columns.arm).over(partition_by=user).label("most"),
    ).where(wanted)
