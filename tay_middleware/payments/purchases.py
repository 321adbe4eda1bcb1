"""From the facts of one purchase to what it is: a pure function of the *set* of facts.

Ids that facts share make payments; a subscription makes several payments one purchase. Whatever
order facts come in and however often, the answer is the same. Rules, each held by a test:

- one payment is counted once, whoever tells of it; of several amounts the best source's stands;
- refunds are the charge's cumulative figure, never single refunds on top of it; a refund that
  failed after that figure was told is taken off it again;
- of one dispute, won outranks lost outranks open;
- renewals add to the lifetime value, not to conversions, also where nobody saw what they renew;
- a refund that names no payment of its own goes back from the first one of its series;
- amounts of another currency than the first payment's are left out, and never added.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tay_middleware.payments.facts import Fact, Said, Source

DISPUTE_RANK = {"open": 0, "lost": 1, "won": 2}
_BELIEVED = list(Source)
_GOES_BACK = {Said.REFUNDED_SO_FAR, Said.REFUND, Said.DISPUTE}
_OF_A_PURCHASE = {Said.PAID, Said.PENDING, Said.FAILED}

KeysOf = Callable[[Fact], frozenset[str]]
"""The keys by which facts are put together."""


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment as it stands, in minor units of `currency`.

    `refunded`, `disputed` (an open dispute) and `lost` (a dispute that was lost) are never more
    than `amount`. `paid_at` is `None` while it is not paid. `went_back_at` is when a refund or a
    dispute of it was last told, `None` without any. `begins` is whether it may be what a
    purchase began with: it was seen paid, pending or failed, and nobody says that it is a renewal.
    """

    key: str
    begun_at: datetime
    paid_at: datetime | None
    failed: bool
    amount: int
    currency: str | None
    refunded: int
    disputed: int
    lost: int
    went_back_at: datetime | None
    begins: bool

    @property
    def net(self) -> int:
        """What is left of it."""
        return max(0, self.amount - self.refunded - self.lost) if self.paid_at else 0


@dataclass(frozen=True, slots=True)
class Purchase:
    """One purchase as it stands. The amounts are of its first payment, `lifetime` of all.

    `payments` counts those that were paid. `begun_at` is when it was first seen paid,
    pending or failed; where it never was, the time of the earliest fact. `is_earlier` is whether no
    payment that it may have begun with was seen: it began before we listened, or its delivery has
    not come yet. `status` and `counts` are those of `storage.payment_tables.conversions`.
    """

    key: str
    provider: str
    status: str
    counts: bool
    first: Payment | None
    lifetime: int
    payments: int
    begun_at: datetime
    ended_at: datetime | None
    facts: tuple[Fact, ...]
    is_earlier: bool

    @property
    def paid_at(self) -> datetime | None:
        """When the first payment was made."""
        return self.first.paid_at if self.first else None


def purchase_of(facts: Iterable[Fact]) -> Purchase:
    """What one purchase is, by all of its facts; at least one, each belonging to it."""
    known = tuple(sorted({fact.id: fact for fact in facts}.values(), key=lambda fact: fact.id))
    payments = [_payment(group) for group in _groups(known)]
    payments.sort(key=lambda one: (one.paid_at or one.begun_at, one.key))
    paid = [one for one in payments if one.paid_at is not None and one.amount > 0]
    first = paid[0] if paid else None
    ended = [fact.at for fact in known if fact.said is Said.ENDED]
    status = _status(first, payments)
    bought = [fact for fact in known if fact.said in _OF_A_PURCHASE]
    is_earlier = not any(one.begins for one in payments)
    told = [fact.provider for fact in known if fact.said is not Said.ASSIGNED]
    return Purchase(
        key=min(key for fact in known for key in fact.all_keys),
        provider=min(told, default=known[0].provider),
        status=status,
        counts=not is_earlier and status in {"paid", "partially_refunded", "disputed"},
        first=first,
        lifetime=sum(one.net for one in paid if first and one.currency == first.currency),
        payments=len(paid),
        begun_at=min(fact.at for fact in bought or known),
        ended_at=max(ended) if ended else None,
        facts=known,
        is_earlier=is_earlier,
    )


def components(facts: Iterable[Fact]) -> list[tuple[Fact, ...]]:
    """Facts by purchase: those that share a key, or share one with one that does, and so on."""
    return _united(facts, lambda fact: fact.all_keys)


def left_out(facts: Iterable[Fact]) -> list[Fact]:
    """Refunds and disputes of one purchase that are of another currency than their payment."""
    found = []
    for group in _groups(tuple(facts)):
        currency = _payment(group).currency
        back = [fact for fact in group if fact.said in _GOES_BACK and fact.money is not None]
        found += [fact for fact in back if not _is_of(fact, currency)]
    return found


def _groups(facts: Sequence[Fact]) -> list[tuple[Fact, ...]]:
    """The facts of a purchase by payment; those without a payment of their own are left out."""
    groups = _united([fact for fact in facts if fact.keys], lambda fact: fact.keys)
    bought = sorted((list(group) for group in groups if _is_bought(group)), key=_place)
    others = [list(group) for group in groups if not _is_bought(group)]
    for group in others:
        for fact in [one for one in group if one.said in _GOES_BACK and one.series]:
            payments = (one for one in bought if fact.series in {told.series for told in one})
            first = next(payments, None)
            if first is not None:
                group.remove(fact)
                first.append(fact)
    return [tuple(group) for group in (*bought, *others) if group]


def _is_bought(facts: Sequence[Fact]) -> bool:
    return any(fact.said in {Said.PAID, Said.PENDING} for fact in facts)


def _place(facts: Sequence[Fact]) -> tuple[bool, datetime, str]:
    """The order of payments: those of money first, then by time."""
    paid = [fact.at for fact in facts if fact.said is Said.PAID and _amount(fact)]
    at = min(paid, default=min(fact.at for fact in facts))
    return not paid, at, min(key for fact in facts for key in fact.keys)


def _united(facts: Iterable[Fact], keys_of: KeysOf) -> list[tuple[Fact, ...]]:
    parents: dict[str, str] = {}

    def root(key: str) -> str:
        while parents.setdefault(key, key) != key:
            parents[key] = key = parents[parents[key]]
        return key

    listed = sorted(facts, key=lambda fact: fact.id)
    for fact in listed:
        first, *rest = sorted(keys_of(fact))
        for other in rest:
            low, high = sorted((root(first), root(other)))
            parents[high] = low
    found: dict[str, list[Fact]] = {}
    for fact in listed:
        found.setdefault(root(min(keys_of(fact))), []).append(fact)
    return [tuple(found[key]) for key in sorted(found)]


def _payment(facts: Sequence[Fact]) -> Payment:
    told = [fact for fact in facts if fact.said is Said.PAID and fact.money is not None]
    best = min(told, key=_belief) if told else None
    amount = best.money.amount if best and best.money else 0
    currency = best.money.currency if best and best.money else None
    states = _disputes(facts, currency)
    return Payment(
        key=min(key for fact in facts for key in fact.keys),
        begun_at=min(fact.at for fact in facts),
        paid_at=min((fact.at for fact in told), default=None),
        failed=any(fact.said is Said.FAILED for fact in facts),
        amount=amount,
        currency=currency,
        refunded=min(amount, _refunded(facts, currency)),
        disputed=min(amount, states["open"]),
        lost=min(amount, states["lost"]),
        went_back_at=max((fact.at for fact in facts if fact.said in _GOES_BACK), default=None),
        begins=any(fact.said in _OF_A_PURCHASE for fact in facts)
        and not any(fact.renewal for fact in facts),
    )


def _belief(fact: Fact) -> tuple[int, datetime, str]:
    source = fact.source or Source.SESSION
    return _BELIEVED.index(source), fact.at, fact.id


def _refunded(facts: Sequence[Fact], currency: str | None) -> int:
    latest: dict[str, Fact] = {}
    for fact in facts:
        if fact.said is not Said.REFUNDED_SO_FAR or not _is_of(fact, currency):
            continue
        known = latest.get(fact.subject or "")
        if known is None or _at_and_amount(fact) > _at_and_amount(known):
            latest[fact.subject or ""] = fact
    refunds = _refunds(facts, currency)
    if not latest:
        return sum(_amount(fact) for fact in refunds.values() if fact.state == "succeeded")
    told_at = max(fact.at for fact in latest.values())
    undone = sum(
        _amount(fact)
        for fact in refunds.values()
        if fact.state in {"failed", "canceled"} and fact.at >= told_at
    )
    return max(0, sum(_amount(fact) for fact in latest.values()) - undone)


_REFUND_RANK = {"pending": 0, "requires_action": 0, "succeeded": 1, "canceled": 2, "failed": 3}


def _refunds(facts: Sequence[Fact], currency: str | None) -> dict[str, Fact]:
    """The last word on each single refund."""
    last: dict[str, Fact] = {}
    for fact in facts:
        if fact.said is not Said.REFUND or not _is_of(fact, currency):
            continue
        known = last.get(fact.subject or "")
        if known is None or _word(fact) > _word(known):
            last[fact.subject or ""] = fact
    return last


def _word(fact: Fact) -> tuple[int, datetime, int, str]:
    return _REFUND_RANK.get(fact.state or "", 0), fact.at, _amount(fact), fact.id


def _disputes(facts: Sequence[Fact], currency: str | None) -> dict[str, int]:
    """Amounts of disputes by their state."""
    best: dict[str, Fact] = {}
    for fact in facts:
        if fact.said is not Said.DISPUTE or not _is_of(fact, currency):
            continue
        known = best.get(fact.subject or "")
        if known is None or _dispute_word(fact) > _dispute_word(known):
            best[fact.subject or ""] = fact
    amounts = dict.fromkeys(DISPUTE_RANK, 0)
    for fact in best.values():
        amounts[fact.state or "open"] += _amount(fact)
    return amounts


def _dispute_word(fact: Fact) -> tuple[int, int]:
    return DISPUTE_RANK[fact.state or "open"], _amount(fact)


def _is_of(fact: Fact, currency: str | None) -> bool:
    return fact.money is not None and (currency is None or fact.money.currency == currency)


def _at_and_amount(fact: Fact) -> tuple[datetime, int]:
    return fact.at, _amount(fact)


def _amount(fact: Fact) -> int:
    return fact.money.amount if fact.money else 0


def _status(first: Payment | None, payments: Sequence[Payment]) -> str:
    if first is None:
        if any(one.paid_at for one in payments):
            return "free"
        return "failed" if any(one.failed for one in payments) else "pending"
    if first.lost and not first.net:
        return "dispute_lost"
    if not first.net:
        return "refunded"
    if first.disputed:
        return "disputed"
    return "partially_refunded" if first.refunded or first.lost else "paid"
