"""The weeks, and one of them as it would be read on its Monday after."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tay_middleware.analytics.calendar import Span, after, before, name_of, named, span_of
from tay_middleware.analytics.measures import terms_of
from tay_middleware.analytics.overview import overview
from tay_middleware.analytics.said import said_of
from tay_middleware.analytics.weeks import weeks
from tay_middleware.errors import InputError
from tay_middleware.storage.reading import trends
from tay_middleware.storage.reading.trends import Narrowed
from tay_middleware.storage.transaction import Transaction
from tay_middleware.web.context import Here
from tay_middleware.web.dashboard.home import figures_of
from tay_middleware.web.dashboard.pages import render
from tay_middleware.web.dashboard.state import Desk
from tay_middleware.web.dashboard.visitors import Looking

router = APIRouter(prefix="/review")

WEEKS = 13
"""A quarter."""


@router.get("")
async def review(request: Request, here: Here, visitor: Looking) -> Response:
    """The weeks of a quarter, newest first."""
    found = await weeks(
        here.database,
        WEEKS,
        now=here.clock(),
        attribution_days=here.settings.attribution_days,
        retention_days=here.settings.retention_days,
    )
    values = {
        "visitor": visitor,
        "title": "Review",
        "weeks": found,
        "present": name_of(Span.WEEK, here.clock().date()),
    }
    return render(request, "review.html", values)


@router.get("/{week}")
async def one_week(
    request: Request,
    here: Here,
    desk: Desk,
    visitor: Looking,
    week: Annotated[str, Path(max_length=8)],
) -> Response:
    """One week: what happened, what is sure of it, what to do."""
    try:
        is_week, period = span_of(week) is Span.WEEK, named(week)
    except InputError:
        raise HTTPException(404, "no such week") from None
    now = here.clock()
    if not is_week or not period.since.year > 2000 or period.since > now:
        raise HTTPException(404, "this week has not begun")
    found = await overview(
        here.database,
        period,
        Narrowed(),
        terms_of(here.settings, here.playbook),
        now=now,
    )
    held, reasons = await here.database.read(_beside, period.since, period.until)
    values = {
        "visitor": visitor,
        "title": f"Week {week}",
        "week": week,
        "found": found,
        "last_day": (period.until - timedelta(days=1)).date(),
        "is_over": period.until <= now,
        "said": said_of(found, here.playbook.policy.holdout.share),
        "figures": figures_of(found),
        "held": held,
        "reasons": reasons,
        "verdicts": await desk.verdicts.get(),
        "before": before(week),
        "after": after(week) if period.until <= now else None,
    }
    return render(request, "week.html", values)


def _beside(transaction: Transaction, since: Any, until: Any) -> tuple[Any, Any]:
    return (
        trends.held_back(transaction, since, until),
        trends.reasons(transaction, since, until),
    )
