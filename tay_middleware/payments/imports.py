"""Purchases from a file are taken in, a line like any other delivery; see `lines`.

A line that was imported before changes nothing. One that says another amount of a payment than a
line before it is named and left out.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from tay_middleware.errors import PayloadError
from tay_middleware.payments.catalogue import check_offers
from tay_middleware.payments.facts import Fact, Said, from_row
from tay_middleware.payments.generic import check_fields
from tay_middleware.payments.lines import PROVIDER, Line
from tay_middleware.payments.money import Money, spoken
from tay_middleware.payments.outcomes import forget_erased, understood
from tay_middleware.payments.providers import parse
from tay_middleware.payments.reading import check_times
from tay_middleware.payments.settle import foresee, settle
from tay_middleware.payments.terms import Terms
from tay_middleware.storage.payments import inbox as sql
from tay_middleware.storage.payments import purchases
from tay_middleware.storage.payments.credits import give_way, lock
from tay_middleware.storage.transaction import Transaction

PIECE = 50
"""Lines in one transaction: few, for on SQLite the chat waits for the same write lock."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A line that was taken in: whether it is new, the ids that it tells of, what is wrong."""

    line: Line
    new: bool
    keys: frozenset[str] = frozenset()
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one line: the purchase that it belongs to, as it stands now."""

    line: int
    new: bool
    purchase: Any


@dataclass(frozen=True, slots=True)
class Report:
    """What an import came to. `kinds` counts the purchases of the file by what they are now.

    `zoneless` counts lines whose time was read in the zone of the file, for they name none.
    """

    lines: int
    new: int
    repeated: int
    zoneless: int
    kinds: Mapping[str, int]
    problems: Sequence[str]
    fates: Sequence[Fate]


class _NotMeant(Exception):
    """Carries a report out of a transaction that is to leave nothing behind."""

    def __init__(self, report: Report) -> None:
        self.report = report


def take(
    transaction: Transaction,
    lines: Sequence[Line],
    terms: Terms,
    now: datetime,
    new_id: Callable[[], UUID],
) -> list[Taken]:
    """Take some lines in; of two imports of the same lines the second waits for all of them."""
    lock(transaction)
    taken, facts = _noted(transaction, lines, terms, now, new_id)
    settle(transaction, facts, terms.rules, now)
    return taken


def _noted(
    transaction: Transaction,
    lines: Sequence[Line],
    terms: Terms,
    now: datetime,
    new_id: Callable[[], UUID],
) -> tuple[list[Taken], list[Fact]]:
    """Put lines into the inbox as handled; what became of each, and the facts to settle."""
    read = [(line, *_read(line, terms, now)) for line in lines]
    told = _told_before(transaction, [fact for _, _, found, _ in read for fact in found])
    facts: list[Fact] = []
    unapplied: list[Any] = []
    taken: list[Taken] = []
    for line, outcome, found, problem in read:
        wrong = problem or _contradicts(found, told)
        if wrong is not None:
            taken.append(Taken(line, new=False, problem=f"line {line.number}: {wrong}"))
            continue
        row = {**_row(line, now), "id": new_id()}
        sql.store(transaction, [row])
        kept = sql.named(transaction, PROVIDER, line.external_id)
        new = kept.id == row["id"]
        if new:
            sql.set_handled(transaction, kept.id, now, outcome)
            unapplied += [kept] if outcome == sql.OTHER_MODE else []
        facts += found
        taken.append(Taken(line, new, frozenset(key for fact in found for key in fact.all_keys)))
    forget_erased(transaction, unapplied, terms, now)
    return taken, facts


def _read(line: Line, terms: Terms, now: datetime) -> tuple[str, tuple[Fact, ...], str | None]:
    """Outcome and facts of a line, and what is wrong with it if something is."""
    try:
        outcome, found = understood(line, terms)
        check_fields(parse(line.body))
        check_offers(found, terms.rules)
        check_times(found, now)
    except PayloadError as error:
        return "", (), str(error)
    return outcome, found, None


_Told = dict[str, dict[str, Money]]
"""What lines say was paid: by the key of the payment, by the fact's id."""


def _told_before(transaction: Transaction, facts: Sequence[Fact]) -> _Told:
    keys = {key for fact in facts for key in fact.all_keys}
    rows = purchases.facts_of(transaction, purchases.purchases_with(transaction, keys))
    told: _Told = {}
    for fact in map(from_row, rows):
        _note(told, fact)
    return told


def _note(told: _Told, fact: Fact) -> None:
    if fact.said is Said.PAID and fact.money is not None:
        for key in fact.payment_keys:
            told.setdefault(key, {})[fact.id] = fact.money


def _contradicts(facts: Sequence[Fact], told: _Told) -> str | None:
    """What is wrong with a line that says of a payment what another one said otherwise.

    Neither is surer than the other, so the one that was taken in stands; else it is noted.
    """
    for fact in facts:
        for key in fact.keys if fact.said is Said.PAID else ():
            before = told.get(key, {})
            if before and fact.id not in before and fact.money not in before.values():
                was = next(iter(before.values()))
                name = key.removeprefix(f"{PROVIDER}:")
                amount = f"{spoken(was.amount, was.currency)} {was.currency}"
                return f"{name} was told before as {amount}; that is kept"
        _note(told, fact)
    return None


def report(transaction: Transaction, taken: Sequence[Taken]) -> Report:
    """What lines that were taken in came to, by purchases as they stand."""
    return _report(taken, purchases.purchases_by_key(transaction, _least_keys(taken)))


def _least_keys(taken: Sequence[Taken]) -> set[str]:
    return {min(one.keys) for one in taken if one.keys}


def _report(taken: Sequence[Taken], found: Mapping[str, Any]) -> Report:
    fates = [
        Fate(one.line.number, one.new, found[min(one.keys)])
        for one in taken
        if one.keys and min(one.keys) in found
    ]
    kinds = Counter({fate.purchase.id: fate.purchase.kind for fate in fates}.values())
    new = sum(one.new for one in taken)
    problems = [one.problem for one in taken if one.problem is not None]
    known = len(taken) - new - len(problems)
    zoneless = sum(not one.line.has_zone for one in taken)
    return Report(len(taken), new, known, zoneless, dict(kinds), problems, fates)


def try_out(
    transaction: Transaction,
    lines: Sequence[Line],
    terms: Terms,
    now: datetime,
    new_id: Callable[[], UUID],
) -> None:
    """Look what an import would come to, and then leave nothing behind; run it by `tried`.

    Payments go on meanwhile: on a server it writes no purchase and takes no lock that a delivery
    waits for, and gives way where it would wait itself; a file is copied for it.

    Raises:
        StorageUnavailable: somebody imports these very lines now.
    """
    give_way(transaction)
    taken, facts = _noted(transaction, lines, terms, now, new_id)
    rows = foresee(transaction, facts, terms.rules, now)
    made = {row["purchase_key"]: SimpleNamespace(**row) for row in rows}
    names = purchases.purchase_keys_of(transaction, _least_keys(taken))
    found = {key: made[name] for key, name in names.items() if name in made}
    raise _NotMeant(_report(taken, found))


def _row(line: Line, now: datetime) -> dict[str, Any]:
    return {
        "provider": PROVIDER,
        "external_id": line.external_id,
        "kind": line.kind,
        "headers": {},
        "body": line.body,
        "received_at": now,
        "due_at": None,
        "attempts": 0,
    }


def tried(run: Callable[[], None]) -> Report:
    """The report of an import that was only tried; its transaction is rolled back by now."""
    try:
        run()
    except _NotMeant as found:
        return found.report
    raise AssertionError("what is tried out always says what it found")
