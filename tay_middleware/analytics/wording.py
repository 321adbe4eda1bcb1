"""Figures as a person reads them: the same in a terminal, on a page and in a review."""

from collections.abc import Sequence
from datetime import date

from tay_middleware.analytics.catalogue import Measure
from tay_middleware.currencies import DECIMALS
from tay_middleware.naming import plural


def figure(number: float | None, unit: str) -> str:
    """A number with its unit; `-` where there is none."""
    if number is None:
        return "-"
    if unit == "share":
        return percent(number)
    if unit == "points":
        return f"{100 * number:+.1f} pts"
    if unit == "count":
        return f"{number:,.0f}"
    if unit == "times":
        return f"{number:,.1f} times"
    return f"{number:,.{DECIMALS.get(unit, 2)}f} {unit.upper()}"


def counted(number: int, noun: str) -> str:
    """So many of something: "1 sale", "1,200 sales"; the plural is the regular one."""
    return f"{number:,} {noun if number == 1 else plural(noun)}"


def are(number: int) -> str:
    """The verb that goes with so many."""
    return "is" if number == 1 else "are"


def interval(one: Measure) -> str:
    """Its 95 % interval, empty where it has none."""
    if one.low is None or one.high is None:
        return ""
    if one.unit == "points":
        return f"{100 * one.low:+.1f} to {100 * one.high:+.1f}"
    return f"{100 * one.low:.1f} to {100 * one.high:.1f}"


def major(minor: float, currency: str) -> float:
    """Minor units (cents, or yen) as the currency's own; an unknown one is taken to have two."""
    return float(minor) / float(10 ** DECIMALS.get(currency, 2))


def percent(share: float) -> str:
    """A share as a percentage, with a place after the point."""
    return f"{100 * share:.1f} %"


def missing_days(days: Sequence[date]) -> str:
    """Which days are not summed up, as the beginning of a sentence."""
    first, last = f"{days[0]:%Y-%m-%d}", f"{days[-1]:%Y-%m-%d}"
    which = first if len(days) == 1 else f"{len(days)} days from {first} to {last}"
    return f"{which} went past retention before being summed up"


def target(one: Measure) -> str:
    """Its target, empty where it has none."""
    if one.target is None:
        return ""
    return f"{100 * one.target.low:.0f} to {100 * one.target.high:.0f} %"
