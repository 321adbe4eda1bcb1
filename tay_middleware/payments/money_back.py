"""What went back of one payment, and when it was gone. Pure; every rule is held by a test.

- refunds are the charge's cumulative figure, never single refunds on top of it; a refund that
  failed after that figure was told is taken off it again;
- of one dispute, won outranks lost outranks open;
- what is told again of money that is gone, a bank's reference say, does not take it away anew.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tay_middleware.payments.facts import Fact, Said

GOES_BACK = {Said.REFUNDED_SO_FAR, Said.REFUND, Said.DISPUTE}
DISPUTE_RANK = {"open": 0, "lost": 1, "won": 2}
_REFUND_RANK = {"pending": 0, "requires_action": 0, "succeeded": 1, "canceled": 2, "failed": 3}


@dataclass(frozen=True, slots=True)
class Back:
    """Amounts in minor units, as told; `at` is when the last of what is gone was gone."""

    refunded: int
    disputed: int
    lost: int
    at: datetime | None


def of(facts: Sequence[Fact], currency: str | None) -> Back:
    """What went back by the facts of one payment that are of its currency."""
    told = [fact for fact in facts if is_of(fact, currency)]
    so_far = _last(told, Said.REFUNDED_SO_FAR, _at_and_amount)
    refunds = _last(told, Said.REFUND, _refund_word)
    disputes = _last(told, Said.DISPUTE, _dispute_word)
    alone = [one for one in refunds if one.state == "succeeded" and not _covering(one, so_far)]
    lost = [one for one in disputes if _state(one) == "lost"]
    gone = [one for one in so_far if amount_of(one)] + alone + lost
    return Back(
        refunded=max(0, _sum(so_far) + _sum(alone) - _undone(told, refunds, so_far)),
        disputed=_sum(one for one in disputes if _state(one) == "open"),
        lost=_sum(lost),
        at=max((_first_told(told, one) for one in gone), default=None),
    )


def is_of(fact: Fact, currency: str | None) -> bool:
    """Whether a fact has money, of a currency if one is known."""
    return fact.money is not None and (currency is None or fact.money.currency == currency)


def amount_of(fact: Fact) -> int:
    """Its amount in minor units; 0 without one."""
    return fact.money.amount if fact.money else 0


def _last(facts: Sequence[Fact], said: Said, word: Callable[[Fact], Any]) -> list[Fact]:
    """The last word on each charge, refund or dispute."""
    last: dict[str, Fact] = {}
    for fact in facts:
        name = fact.subject or ""
        if fact.said is said and (name not in last or word(fact) > word(last[name])):
            last[name] = fact
    return list(last.values())


def _covering(refund: Fact, so_far: Iterable[Fact]) -> list[Fact]:
    """The cumulative figures of the charge that a refund is of."""
    return [one for one in so_far if not one.keys.isdisjoint(refund.keys)]


def _undone(told: Sequence[Fact], refunds: Iterable[Fact], so_far: Sequence[Fact]) -> int:
    """What failed after the figure was told; a later figure is without it, whoever repeats it."""
    failed = [one for one in refunds if one.state in {"failed", "canceled"}]
    return _sum(
        one
        for one in failed
        if (figures := _covering(one, so_far))
        and _first_told(told, one) >= max(figure.at for figure in figures)
    )


def _first_told(facts: Iterable[Fact], last: Fact) -> datetime:
    """When the last word on something was first as it is now."""
    return min(
        fact.at
        for fact in facts
        if (fact.said, fact.subject) == (last.said, last.subject)
        and _state(fact) == _state(last)
        and amount_of(fact) >= amount_of(last)
    )


def _state(fact: Fact) -> str:
    return fact.state or "open"


def _sum(facts: Iterable[Fact]) -> int:
    return sum(amount_of(fact) for fact in facts)


def _at_and_amount(fact: Fact) -> tuple[datetime, int]:
    return fact.at, amount_of(fact)


def _refund_word(fact: Fact) -> tuple[int, datetime, int, str]:
    return _REFUND_RANK.get(fact.state or "", 0), fact.at, amount_of(fact), fact.id


def _dispute_word(fact: Fact) -> tuple[int, int]:
    return DISPUTE_RANK[_state(fact)], amount_of(fact)
