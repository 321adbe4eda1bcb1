"""Shares, days and sums as people write them on a command line."""

from datetime import UTC, datetime, timedelta

from tay_middleware.errors import InputError

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
        if unit is not None:
            return now - timedelta(days=unit * float(said[:-1]))
        found = datetime.fromisoformat(said)
    except (ValueError, OverflowError):
        raise InputError(f"{said!r} is no time: write 2026-11-02, or 7d for a week ago") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
