"""From the facts of one purchase to what it is: a pure function of the *set* of facts.

Ids that facts share make payments; a subscription makes several payments one purchase. Whatever
order facts come in and however often, the answer is the same. Rules, each held by a test:

- one payment is counted once, whoever tells of it; of several amounts the best source's stands;
- what was paid in parts, an invoice by several charges, is the sum of the parts;
- money that went back: see `money_back`;
- a purchase counts while anything of it is left, be it a renewal's after the first was refunded;
- renewals add to the lifetime value, not to conversions, also where nobody saw what they renew;
- a refund that names no payment of its own goes back from the first one of its series;
- amounts of another currency than the first payment's are left out, and never added.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tay_middleware.payments import money_back
from tay_middleware.payments.facts import Fact, Said, Source
from tay_middleware.payments.money_back import GOES_BACK, amount_of, is_of

_BELIEVED = list(Source)
_OF_A_PURCHASE = {Said.PAID, Said.PENDING, Said.FAILED}

KeysOf = Callable[[Fact], frozenset[str]]
"""The keys by which facts are put together."""


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment as it stands, in minor units of `currency`.

    `refunded`, `disputed` (an open dispute) and `lost` (a dispute that was lost) are never more
    than `amount`. `paid_at` is `None` while it is not paid. `went_back_at` is when the last of what
    went back was gone, `None` while nothing is. `begins` is whether it may be what a purchase began
    with: it was seen paid, pending or failed, and nobody says that it is a renewal.
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
    """One purchase as it stands. Status and amounts are of its first payment, `lifetime` of all.

    `payments` counts those that were paid, `went_back_at` is of them all. `begun_at` is when it was
    first seen paid, pending or failed; where it never was, the time of the earliest fact.
    `is_earlier` is whether no payment that it may have begun with was seen: it began before we
    listened, or its delivery has not come yet. `status` and `counts` are those of
    `storage.payments.tables.conversions`.
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
    went_back_at: datetime | None
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
    bought = [fact for fact in known if fact.said in _OF_A_PURCHASE]
    is_earlier = not any(one.begins for one in payments)
    told = [fact.provider for fact in known if fact.said is not Said.ASSIGNED]
    return Purchase(
        key=min(key for fact in known for key in fact.all_keys),
        provider=min(told, default=known[0].provider),
        status=_status(first, payments),
        counts=not is_earlier and any(one.net for one in paid),
        first=first,
        lifetime=sum(one.net for one in paid if first and one.currency == first.currency),
        payments=len(paid),
        begun_at=min(fact.at for fact in bought or known),
        ended_at=max(ended) if ended else None,
        went_back_at=max(filter(None, (one.went_back_at for one in paid)), default=None),
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
        back = [fact for fact in group if fact.said in GOES_BACK and fact.money is not None]
        found += [fact for fact in back if not is_of(fact, currency)]
    return found


def _groups(facts: Sequence[Fact]) -> list[tuple[Fact, ...]]:
    """The facts of a purchase by payment; those without a payment of their own are left out."""
    groups = _united([fact for fact in facts if fact.keys], lambda fact: fact.payment_keys)
    bought = sorted((list(group) for group in groups if _is_bought(group)), key=_place)
    others = [list(group) for group in groups if not _is_bought(group)]
    for group in others:
        for fact in [one for one in group if one.said in GOES_BACK and one.series]:
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
    paid = [fact.at for fact in facts if fact.said is Said.PAID and amount_of(fact)]
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
    amount, currency = _paid(told)
    back = money_back.of(facts, currency)
    return Payment(
        key=min(key for fact in facts for key in fact.keys),
        begun_at=min(fact.at for fact in facts),
        paid_at=min((fact.at for fact in told), default=None),
        failed=any(fact.said is Said.FAILED for fact in facts),
        amount=amount,
        currency=currency,
        refunded=min(amount, back.refunded),
        disputed=min(amount, back.disputed),
        lost=min(amount, back.lost),
        went_back_at=back.at,
        begins=any(fact.said in _OF_A_PURCHASE for fact in facts)
        and not any(fact.renewal for fact in facts),
    )


def _paid(told: Sequence[Fact]) -> tuple[int, str | None]:
    """What was paid: by the best source; payments have a `subject` where there may be several."""
    best: dict[str, Fact] = {}
    for fact in sorted(told, key=_belief, reverse=True):
        best[fact.subject or ""] = fact
    found = sorted(best.values(), key=_belief)
    if not found or found[0].money is None:
        return 0, None
    first, currency = found[0], found[0].money.currency
    parts = [one for one in found if one.source is first.source and is_of(one, currency)]
    if first.source is not Source.PAYMENT:
        parts = [first]
    return sum(amount_of(one) for one in parts), currency


def _belief(fact: Fact) -> tuple[int, float, datetime, str]:
    """The surest first: by source, then the last revision, then the first to tell it."""
    revised = fact.revised_at.timestamp() if fact.revised_at else 0.0
    return _BELIEVED.index(fact.source or Source.SESSION), -revised, fact.at, fact.id


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
