"""When something ends, as a person says it: a time, or how long it lasts from now."""

import re
from datetime import UTC, datetime, timedelta

LONGEST = timedelta(days=3650)
"""What would last longer has no end, or is a slip."""

HOW_TO_SAY_IT = 'a time (2026-12-01T09:00+01:00, or 2026-12-01) or how long ("3 days", "12h")'

_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}

_LONG = re.compile(
    r"(\d{1,6}) ?(m|min|mins|minutes?|h|hrs?|hours?|d|days?|w|weeks?)", re.ASCII | re.IGNORECASE
)


def ending(said: str, now: datetime) -> datetime:
    """When something ends that begins now.

    Args:
        said: a time in ISO 8601, of UTC where it names no zone, and a day for its beginning; or a
            whole number of minutes, hours, days or weeks.
        now: aware.

    Raises:
        ValueError: it is neither, is over already, or is further away than `LONGEST`.
    """
    plain = said.strip()
    long = _LONG.fullmatch(plain)
    if long is None:
        end = _moment(plain)
    else:
        seconds = int(long[1]) * _SECONDS[long[2][0].lower()]
        end = now + min(timedelta(seconds=seconds), 2 * LONGEST)
    if end <= now:
        raise ValueError(f"{plain!r} is over already")
    if end - now > LONGEST:
        raise ValueError(f"{plain!r} is more than ten years away; leave it out for no end")
    return end


def _moment(said: str) -> datetime:
    try:
        found = datetime.fromisoformat(said)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{said!r} is no end: say {HOW_TO_SAY_IT}") from None
