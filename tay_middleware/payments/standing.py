"""Whether a mention is converted: what providers say, unless an admin said otherwise last. Pure.

A yes of an admin holds against what a provider said before it; what was paid for the mention and
goes back in full after it takes it away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Standing:
    """The two columns of `escalation_logs`; `by` says whose word it is: `provider`, `admin`.

    `is_timed` is whether `converted_at` is when it was sold: of a mark that does not say when, it
    is when it was made.
    """

    converted: bool
    converted_at: datetime | None
    by: str | None
    is_timed: bool = True


def standing(
    sales: Sequence[Any], marks: Sequence[Any], went_back_at: datetime | None = None
) -> Standing:
    """What stands.

    Args:
        sales: rows of `conversions` credited to the mention.
        marks: rows of `conversion_marks` of it, oldest first. The last one stands; one whose
            `converted` is null gives the word back to the providers.
        went_back_at: where all that was paid for the mention went back, when the last of it did.
    """
    paid = [sale.paid_at for sale in sales if sale.counts and sale.paid_at is not None]
    sold_at = min(paid) if paid else None
    word = marks[-1] if marks and marks[-1].converted is not None else None
    if word is None:
        return Standing(sold_at is not None, sold_at, "provider" if sold_at else None)
    if not word.converted:
        return Standing(False, None, "admin")
    if went_back_at is not None and went_back_at >= word.at:
        return Standing(False, None, "provider")
    if (told := sold_at or word.sold_at) is not None:
        return Standing(True, told, "admin")
    return Standing(True, _since(marks), "admin", is_timed=False)


def is_all_back(sales: Sequence[Any]) -> bool:
    """Whether something was paid for a mention, and none of it counts any more."""
    return any(sale.paid_at is not None for sale in sales) and not any(one.counts for one in sales)


def _since(marks: Sequence[Any]) -> datetime | None:
    """When the admins' yes that still stands was first said."""
    at: datetime | None = None
    for mark in marks:
        at = (at or mark.at) if mark.converted else None
    return at
