"""The stretch of time that figures are of: so many whole days (UTC), and today as far as it is."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Query

PeriodDays = Annotated[int, Query(ge=1, le=3660, description="days up to now")]


def period(now: datetime, days: int) -> tuple[datetime, datetime]:
    """Where a period begins and ends: the start of a day, and the end of today."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days), today + timedelta(days=1)
