"""Weeks, months and quarters by name (`2026-W47`, `2026-11`, `2026-Q4`), and the last days.

Days are of UTC.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from tay_middleware.analytics.metrics import Period
from tay_middleware.errors import InputError

FIRST_YEAR = 2000
"""Of a period; those before it, which a figure is compared with, must be days too."""


class Span(StrEnum):
    """How long a named period is."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


_NAMES = {
    Span.WEEK: re.compile(r"([0-9]{4})-W([0-9]{2})"),
    Span.MONTH: re.compile(r"([0-9]{4})-([0-9]{2})"),
    Span.QUARTER: re.compile(r"([0-9]{4})-Q([1-4])"),
}
_MONTHS_OF = {Span.MONTH: 1, Span.QUARTER: 3}


def span_of(name: str) -> Span:
    """What a name names.

    Raises:
        InputError: nothing.
    """
    for span, pattern in _NAMES.items():
        if pattern.fullmatch(name):
            return span
    raise InputError(f"{name!r} is no period: write a week 2026-W47, a month 2026-11 or 2026-Q4")


def named(name: str) -> Period:
    """The days of a period.

    Raises:
        InputError: there is no such period.
    """
    span = span_of(name)
    matched = _NAMES[span].fullmatch(name)
    year, number = map(int, matched.groups()) if matched else (0, 0)
    try:
        if span is Span.WEEK:
            first = date.fromisocalendar(year, number, 1)
            found = _period(first, first + timedelta(weeks=1))
        else:
            first = date(year, number if span is Span.MONTH else 3 * number - 2, 1)
            found = _period(first, _months_later(first, _MONTHS_OF[span]))
    except (ValueError, OverflowError):
        raise InputError(f"there is no {name}") from None
    if year < FIRST_YEAR:
        raise InputError(f"{name} is before {FIRST_YEAR}: no chat is that old")
    return found


def last_days(days: int, now: datetime) -> Period:
    """The last so many whole days, wherever figures are of "the last days": today is not over."""
    today = day_of(now)
    return Period(today - timedelta(days=days), today)


def day_of(now: datetime) -> datetime:
    """The midnight with which the day of a moment began."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def name_of(span: Span, day: date) -> str:
    """The period that a day is in."""
    if span is Span.WEEK:
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02d}"
    if span is Span.MONTH:
        return f"{day:%Y-%m}"
    return f"{day.year}-Q{(day.month + 2) // 3}"


def before(name: str) -> str:
    """The period of the same kind just before."""
    return name_of(span_of(name), named(name).since.date() - timedelta(days=1))


def after(name: str) -> str:
    """The period of the same kind just after."""
    return name_of(span_of(name), named(name).until.date())


def _period(first: date, end: date) -> Period:
    return Period(datetime.combine(first, time(), UTC), datetime.combine(end, time(), UTC))


def _months_later(first: date, months: int) -> date:
    at = first.year * 12 + first.month - 1 + months
    return date(at // 12, at % 12 + 1, 1)
