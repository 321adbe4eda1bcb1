"""How a question says of which days it is: see `analytics.calendar.last_days`."""

from typing import Annotated

from fastapi import Query

PeriodDays = Annotated[
    int, Query(ge=1, le=3660, description="whole days (UTC), the last of them yesterday")
]
