"""How things are said to a person: the names of values, rates, money, times."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from markupsafe import Markup
from pydantic import ValidationError

from tay_middleware.analytics.metrics import Rate
from tay_middleware.currencies import DECIMALS
from tay_middleware.payments.money import spoken

NAMES: Mapping[str, str] = {
    "personalized_help": "personal help",
    "purchase_intent": "wants to buy",
    "mode": "shadow mode",
    "not_allowed": "not allowed here",
    "sensitive": "sensitive moment",
    "owns_offer": "owns it already",
    "opted_out": "asked for none",
    "declined": "said no lately",
    "language": "another language",
    "paused": "paused",
    "cooldown": "too soon after the last",
    "budget": "enough for now",
    "already_mentioned": "the reply named it",
    "holdout": "held out, to compare",
    "unweavable": "no place in the reply",
    "degraded": "a part of ours failed",
    "keywords": "phrases",
    "model": "learned scorer",
    "llm": "language model",
    "vip": "VIP",
    "cross_sale": "cross-sale",
    "earlier": "began before Tay",
    "partially_refunded": "partly refunded",
    "dispute_lost": "dispute lost",
    "other_mode": "other mode (test or live)",
}
"""What a value is called where its own name says too little."""

DONE: Mapping[str, str] = {
    "marked": "Marked.",
    "noted": "Your note is kept.",
    "labelled": "Your label is kept. It comes out of `tay label export --labelled`.",
    "unlabelled": "The label is taken back.",
    "assigned": "The purchase has found its place.",
    "replayed": "It will be handled again in a moment.",
    "paused": "It is paused, in every running chat.",
    "resumed": "It is switched on again.",
    "out": "You are signed out.",
}
"""What a page says after something was done; a page's address names one of these, never words."""


def problems(error: ValidationError) -> str:
    """What does not fit in a form, field by field."""
    found = ((".".join(str(part) for part in one["loc"]), one["msg"]) for one in error.errors())
    return "; ".join(f"{field}: {message}" if field else message for field, message in found)


def name(value: object) -> str:
    """A value in words."""
    return NAMES.get(str(value), str(value).replace("_", " "))


def percent(share: float | None, digits: int = 1) -> str:
    """A share as a percentage."""
    return "\u2013" if share is None else f"{100 * share:.{digits}f}\u202f%"


def points(share: float | None) -> str:
    """A difference of shares in percentage points, with its sign."""
    return "\u2013" if share is None else f"{100 * share:+.1f}".replace("-", "\u2212")


def relative(lift: float) -> str:
    """A difference as a share of what it is a difference to, with its sign."""
    return f"{100 * lift:+.0f}\u202f%".replace("-", "\u2212")


def between(measured: Rate) -> str:
    """The 95 % interval of a rate."""
    if measured.low is None or measured.high is None:
        return "not known" if measured.n else "nothing counted yet"
    return f"{100 * measured.low:.1f}\u2013{100 * measured.high:.1f}\u202f%"


def number(value: float) -> str:
    """A count, with its thousands apart."""
    return f"{value:,.0f}".replace("-", "\u2212")


def amount(minor: float | None, currency: str | None) -> str:
    """Minor units as people write them, with their currency."""
    if minor is None or currency is None:
        return "\u2013"
    whole = spoken(abs(round(minor)), currency) or "0"
    head, dot, tail = whole.partition(".")
    sign = "\u2212" if minor < 0 else ""
    return f"{sign}{int(head):,}{dot}{tail}\u202f{currency.upper()}"


def whole(minor: float | None, currency: str | None) -> str:
    """As `amount`, to the nearest whole unit: for sums that are read at a glance."""
    if minor is None or currency is None:
        return amount(minor, currency)
    unit = 10 ** DECIMALS.get(currency.lower(), 2)
    return re.sub(r"\.\d+", "", amount(unit * round(minor / unit), currency))


def when(at: datetime | None) -> Markup:
    """A time as an element that says exactly which; the page's script adds the reader's own."""
    if at is None:
        return Markup("\u2013")
    utc = at.astimezone(UTC)
    said = f"{utc:%-d %b %Y, %H:%M}"
    return Markup('<time datetime="{}">{}&nbsp;UTC</time>').format(utc.isoformat(), said)


def day(at: date) -> str:
    """A day."""
    return f"{at:%-d %b %Y}"


def lasted(seconds: float | None) -> str:
    """A stretch of time in its largest unit or two."""
    if seconds is None:
        return "\u2013"
    left = timedelta(seconds=round(seconds))
    hours, minutes = divmod(left.seconds // 60, 60)
    if left.days:
        return f"{left.days} d {hours} h" if hours else f"{left.days} d"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
