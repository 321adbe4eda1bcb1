"""Facts in, purchases and their credit out, in one transaction; the same set gives the same rows.

Whatever comes, the whole purchase is made again from all of its facts, and so is every other one
of the same customer that it may say something about: one delivery may name the person whom an
earlier one only hinted at.
"""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tay_middleware.payments.attribution import OF_ITS_OWN
from tay_middleware.payments.catalogue import Rules
from tay_middleware.payments.circle import Circle, Groups, circle_of, concerned
from tay_middleware.payments.crediting import known_named, row_of
from tay_middleware.payments.facts import Evidence, Fact, from_row, to_row
from tay_middleware.payments.late import await_named
from tay_middleware.payments.purchases import components, left_out, purchase_of
from tay_middleware.payments.standing import is_all_back, standing
from tay_middleware.payments.staying import Teller, credit_of, of_one, rests_on, told_anew
from tay_middleware.storage.payments import purchases as sql
from tay_middleware.storage.payments.buyers import forget_deliveries
from tay_middleware.storage.payments.credits import lock
from tay_middleware.storage.transaction import Row, Transaction

_log = logging.getLogger("tay_middleware.payments")


@dataclass(frozen=True, slots=True)
class _News:
    """What facts that came change, beside the purchases that they belong to.

    `freed` are mentions whose purchase went into another one. By the key that they have now:
    `stays` are purchases whose credit stays, `tellers` who says of them anew whose they are, `anew`
    purchases of which their credit must be asked again, for what it rests on is told otherwise,
    `held` all others as they stand, each under the key that it had.
    """

    freed: set[UUID] = field(default_factory=set)
    stays: dict[str, Row] = field(default_factory=dict)
    tellers: dict[str, Teller] = field(default_factory=dict)
    anew: set[str] = field(default_factory=set)
    held: dict[str, Row] = field(default_factory=dict)


def settle(
    transaction: Transaction, facts: Iterable[Fact], rules: Rules, now: datetime
) -> list[Mapping[str, Any]]:
    """Take facts in and write what follows; the rows of `conversions` that were written."""
    lock(transaction)
    groups, news = _taken_in(transaction, facts, now)
    return _restate(transaction, groups, news, rules, now)


def foresee(
    transaction: Transaction, facts: Iterable[Fact], rules: Rules, now: datetime
) -> list[Mapping[str, Any]]:
    """The rows that `settle` would write; for a transaction that is going to be rolled back.

    It takes the facts in and writes no purchase, so that nobody who makes one waits for it. Of two
    payments after a mark by hand each is therefore taken for that sale.
    """
    groups, news = _taken_in(transaction, facts, now)
    made = _made(transaction, _asked(transaction, groups, news), news, rules, now)
    return [row for _, row in made]


def reconsider(
    transaction: Transaction, keys: Collection[str], rules: Rules, now: datetime
) -> list[Mapping[str, Any]]:
    """Make some purchases again: the log may have caught up with them."""
    lock(transaction)
    return _restate(transaction, _grouped(transaction, keys), _News(), rules, now)


def would_change(
    transaction: Transaction, keys: Collection[str], rules: Rules, now: datetime
) -> set[str]:
    """The purchases that `reconsider` would write. It takes no lock and writes nothing itself."""
    news = _News()
    asked = _asked(transaction, _grouped(transaction, keys), news)
    made = _made(transaction, asked, news, rules, now)
    return {row["purchase_key"] for was, row in made if not sql.stands(row, was)}


def restate_mentions(transaction: Transaction, escalations: Collection[UUID]) -> None:
    """Write for some mentions whether they are converted, by sales and by admins."""
    sales, marks = sql.sales_and_marks(transaction, escalations)
    for escalation_id in sorted(escalations):
        of_it, said = sales.get(escalation_id, ()), marks.get(escalation_id, ())
        back = _went_back_at(transaction, of_it) if said and is_all_back(of_it) else None
        verdict = standing(of_it, said, back)
        sql.write_standing(transaction, escalation_id, verdict.converted, verdict.converted_at)


def _went_back_at(transaction: Transaction, sales: Sequence[Any]) -> datetime | None:
    """When the last of what was paid in some purchases went back."""
    found = []
    for sale in sales:
        facts = [from_row(row) for row in sql.facts_of(transaction, [sale.purchase_key])]
        found.append(purchase_of(facts).went_back_at if facts else None)
    return max(filter(None, found), default=None)


def _taken_in(
    transaction: Transaction, facts: Iterable[Fact], now: datetime
) -> tuple[Groups, _News]:
    news = _News()
    told = _without_erased(transaction, tuple(facts), now)
    touched = {_put(transaction, group, news) for group in components(told)}
    groups = _grouped(transaction, touched)
    for facts_of_one in groups.values():
        _tell_left_out(facts_of_one)
    return groups, news


def _put(transaction: Transaction, group: Sequence[Fact], news: _News) -> str:
    keys = {key for fact in group for key in fact.all_keys}
    merged = sql.purchases_with(transaction, keys)
    purchase_key = min(keys | merged)
    before = _grouped(transaction, merged)
    known = [fact for facts in before.values() for fact in facts]
    rests = rests_on([*known, *group])
    same = [key for key, facts in before.items() if rests_on(facts) == rests]
    _hold(transaction, same, purchase_key, news)
    stays = of_one(sql.staying(transaction, merged).values())
    if stays is not None:
        news.stays[purchase_key] = stays
        if teller := told_anew(group, known):
            news.tellers[purchase_key] = teller
    rows = [to_row(fact, purchase_key) for fact in group]
    news.freed.update(sql.put(transaction, purchase_key, keys, rows, merged))
    return purchase_key


def _hold(transaction: Transaction, same: Sequence[str], key: str, news: _News) -> None:
    """Let a purchase hold its credit, if it is the same that one of those was which it is made of.

    A charge is a purchase of its own until its invoice comes, and may bring a lesser key.
    """
    if len(same) != 1 or same[0] in news.anew:
        news.anew.add(key)
        return
    row = news.held.get(same[0]) or sql.rows_of(transaction, same).get(same[0])
    if row is not None:
        news.held[key] = row


def _tell_left_out(facts: Sequence[Fact]) -> None:
    for fact in left_out(facts):
        _log.warning(
            "%s is left out: it is of another currency than the payment of %s",
            fact.id,
            ", ".join(sorted(fact.keys)),
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is made again: the circle, those of it whose credit stays, the keys in their order."""

    circle: Circle
    stays: Mapping[str, Row]
    keys: Sequence[str]


def _restate(
    transaction: Transaction, groups: Groups, news: _News, rules: Rules, now: datetime
) -> list[Mapping[str, Any]]:
    if not groups and not news.freed:
        return []
    asked = _asked(transaction, groups, news)
    written: list[Mapping[str, Any]] = []
    mentions = set(news.freed)
    for was, row in _made(transaction, asked, news, rules, now):
        sql.write_purchase(transaction, row, was)
        ids = [one["escalation_id"] for one in (was, row) if one is not None]
        mentions |= {one for one in ids if one is not None}
        written.append(row)
    await_named(transaction, asked.circle, asked.keys, asked.stays)
    restate_mentions(transaction, mentions)
    return written


def _asked(transaction: Transaction, touched: Groups, news: _News) -> _Asked:
    groups = dict(touched)
    while others := sql.of_same_buyers(transaction, *_buyers(groups.values())) - set(groups):
        groups |= _grouped(transaction, others)
    stays = sql.staying(transaction, groups) | news.stays
    circle = circle_of(groups, known_named(transaction, groups), _users_by_credit(stays, news))
    return _Asked(circle, stays, sorted(concerned(circle, set(touched))))


def _made(
    transaction: Transaction, asked: _Asked, news: _News, rules: Rules, now: datetime
) -> Iterator[tuple[Row | None, Row]]:
    """Each purchase as it stands and as it should. It reads what is written between two of them."""
    before = sql.rows_of(transaction, asked.keys)
    for key in asked.keys:
        was = before.get(key)
        held = None if key in news.anew else news.held.get(key, was)
        made = row_of(transaction, asked.circle, key, rules, held, now)
        yield was, credit_of(made, asked.stays.get(key), news.tellers.get(key))


def _users_by_credit(stays: Mapping[str, Row], news: _News) -> dict[str, str]:
    """The users whom purchases named when the log still knew them, by the purchase's key."""
    told = OF_ITS_OWN | {"by_hand"}
    return {
        key: row["user_key"]
        for key, row in stays.items()
        if key not in news.tellers and row["user_key"] is not None and row["method"] in told
    }


def _grouped(transaction: Transaction, keys: Collection[str]) -> dict[str, tuple[Fact, ...]]:
    found: dict[str, list[Fact]] = {}
    for row in sql.facts_of(transaction, keys) if keys else ():
        found.setdefault(row["purchase_key"], []).append(from_row(row))
    return {key: tuple(facts) for key, facts in found.items()}


def _buyers(groups: Iterable[Sequence[Fact]]) -> tuple[set[str], set[str]]:
    evidence = [fact.evidence for group in groups for fact in group]
    customers = {one.customer for one in evidence if one.customer}
    return customers, {one.email_key for one in evidence if one.email_key}


def _without_erased(transaction: Transaction, facts: Sequence[Fact], now: datetime) -> list[Fact]:
    """Facts from before their user was erased come without the user, and without their words."""
    users = {
        key
        for fact in facts
        for key in (fact.evidence.user_key, fact.evidence.reference_key)
        if key is not None
    }
    erased = sql.erased_among(transaction, users) if users else {}
    hers = {fact.id for fact in facts if _is_erased(fact, erased)}
    # Once the fact names nobody, no erasing would find the delivery that told it.
    forget_deliveries(transaction, hers, now)
    return [_anonymous(fact) if fact.id in hers else fact for fact in facts]


def _is_erased(fact: Fact, erased: Mapping[str, datetime]) -> bool:
    keys = (fact.evidence.user_key, fact.evidence.reference_key)
    return any(key in erased and fact.at <= erased[key] for key in keys if key is not None)


def _anonymous(fact: Fact) -> Fact:
    kept = fact.evidence
    return replace(
        fact,
        evidence=Evidence(
            token=kept.token,
            metadata_token=kept.metadata_token,
            escalation_id=kept.escalation_id,
        ),
    )
