"""Shares, days and sums as people write them on a command line."""

from datetime import UTC, datetime, timedelta

from tay_middleware.errors import InputError

FIRST, END = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""A time outside is a slip; and periods before it would reach to where there are no days."""

_UNITS = {"h": 1 / 24, "d": 1.0, "w": 7.0}


def share(said: str) -> float:
    """`5%`, `5 %` or `0.05`, as a number from 0 to 1.

    Raises:
        InputError: it is none.
    """
    number = said.strip().removesuffix("%")
    try:
        return float(number) / (100 if number != said.strip() else 1)
    except ValueError:
        raise InputError(f"{said!r} is no share: write 5% or 0.05") from None


def moment(said: str, now: datetime) -> datetime:
    """`2026-11-02`, `2026-11-02T09:00`, or so long before now: `36h`, `7d`, `4w`; in UTC.

    Raises:
        InputError: it is none.
    """
    unit = _UNITS.get(said[-1:])
    try:
        found = (
            _in_utc(datetime.fromisoformat(said))
            if unit is None
            else now - timedelta(days=unit * float(said[:-1]))
        )
    except (ValueError, OverflowError):
        raise InputError(f"{said!r} is no time: write 2026-11-02, or 7d for a week ago") from None
    return _plausible(found, said)


def day(said: str) -> datetime:
    """The beginning of a day, `2026-11-30`, or a time of it; in UTC.

    Raises:
        InputError: it is none.
    """
    try:
        found = _in_utc(datetime.fromisoformat(said))
    except (ValueError, OverflowError):
        raise InputError(f"{said!r} is no day: write 2026-11-30") from None
    return _plausible(found, said)


def _in_utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _plausible(at: datetime, said: str) -> datetime:
    if not FIRST <= at < END:
        raise InputError(f"{said!r} is outside {FIRST:%Y} to {END:%Y}")
    return at
