"""Money: whole minor units with their currency; no float anywhere.

The units are those that Stripe charges in: `isk` and `ugx` have two decimals there although nobody
uses them.
"""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from tay_middleware.currencies import DECIMALS
from tay_middleware.errors import PayloadError

MOST = 10**14
"""A larger amount is an error of somebody; it also keeps sums far below what a database holds."""


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` whole minor units (cents, or yen) of `currency`, in lower case."""

    amount: int
    currency: str


def exponent(currency: str) -> int:
    """How many decimals a currency has.

    Raises:
        PayloadError: it is no currency that is known.
    """
    if currency not in DECIMALS:
        raise PayloadError(f"unknown currency {currency[:16]!r}")
    return DECIMALS[currency]


def money(amount: object, currency: object) -> Money:
    """Minor units as a provider gives them.

    Raises:
        PayloadError: not a whole number of 0 or more, too large, or of no known currency.
    """
    if not isinstance(currency, str):
        raise PayloadError("the currency is missing")
    known = currency.strip().lower()
    exponent(known)
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise PayloadError("the amount is not a whole number of minor units")
    if not 0 <= amount <= MOST:
        raise PayloadError("the amount is negative" if amount < 0 else "the amount is too large")
    return Money(amount, known)


def major(text: object, currency: object) -> Money:
    """An amount in major units as people write it, `49`, `"49.00"`.

    Raises:
        PayloadError: it is no such amount, has more decimals than its currency, or is negative.
    """
    if not isinstance(currency, str):
        raise PayloadError("the currency is missing")
    known = currency.strip().lower()
    decimals = exponent(known)
    value = _number(text)
    scaled = value.scaleb(decimals)
    whole = int(scaled)
    if whole != scaled:
        raise PayloadError(f"the amount has more than the {decimals} decimals of {known}")
    return money(whole, known)


def _number(text: object) -> Decimal:
    try:
        value = Decimal("NaN" if isinstance(text, bool) else str(text).strip())
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) > MOST:
        raise PayloadError("the amount is no number such as 49.00")
    return value


def spoken(amount: int, currency: str) -> str:
    """Minor units as people write them: `49.00`."""
    decimals = exponent(currency)
    return f"{Decimal(amount).scaleb(-decimals):.{decimals}f}"
