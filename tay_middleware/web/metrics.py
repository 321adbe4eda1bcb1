"""The admin API of metrics: every figure of a period."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, model_validator
from starlette.exceptions import HTTPException

from tay_middleware.analytics.calendar import last_days, named
from tay_middleware.analytics.catalogue import Measure
from tay_middleware.analytics.lifetimes import TimeToSale
from tay_middleware.analytics.measures import measure, terms_of
from tay_middleware.errors import InputError
from tay_middleware.web.auth import Reader
from tay_middleware.web.context import Here
from tay_middleware.web.problems import responses
from tay_middleware.web.schemas import Sent

router = APIRouter(prefix="/api/v1/admin", tags=["metrics"])


class AskedPeriod(Sent):
    """Which days: a period by its name, or the last so many."""

    period_days: int = Field(
        30, ge=1, le=3660, description="whole days, the last of them yesterday"
    )
    period: str | None = Field(
        None,
        max_length=8,
        description="instead of `period_days`: a week 2026-W47, a month 2026-11, 2026-Q4",
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> "AskedPeriod":
        if {"period", "period_days"} <= self.model_fields_set:
            raise ValueError("give period or period_days, not both")
        return self


class MetricsOut(BaseModel):
    """Every figure of whole days (UTC); conversion is of mentions before `matured_until`."""

    since: date
    until: date = Field(description="the day after the last")
    as_of: datetime
    matured_until: datetime
    simulated: bool = Field(description="true where rows of made-up people are among them")
    missing: list[date] = Field(
        description="days of the period whose rows went before they were summed up: in counts only"
    )
    items: list[Measure]
    time_to_sale: TimeToSale


@router.get("/metrics", responses=responses(401, 403, 422))
async def metrics(
    here: Here,
    _actor: Reader,
    asked: Annotated[AskedPeriod, Query()],
) -> MetricsOut:
    """Escalation, conversion, money, time to a sale and how people take it, with intervals."""
    now = here.clock()
    try:
        wanted = (
            named(asked.period) if asked.period is not None else last_days(asked.period_days, now)
        )
    except InputError as error:
        raise HTTPException(422, str(error)) from None
    terms = terms_of(here.settings, here.playbook)
    found = await measure(here.database, wanted, terms, now=now)
    return MetricsOut(
        since=found.period.since.date(),
        until=found.period.until.date(),
        as_of=found.as_of,
        matured_until=found.matured_until,
        simulated=found.simulated,
        missing=list(found.missing),
        items=list(found.items),
        time_to_sale=found.time_to_sale,
    )
