"""The first page: what an owner wants to know on a Monday morning."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from tay_middleware.analytics import charts
from tay_middleware.analytics.calendar import day_of, last_days
from tay_middleware.analytics.charts import NARROW, WIDE, Spec
from tay_middleware.analytics.held_out import with_all_shown
from tay_middleware.analytics.measures import terms_of
from tay_middleware.analytics.metrics import (
    CONVERSION_TARGET,
    ESCALATION_TARGET,
    Rate,
    Target,
    compared,
)
from tay_middleware.analytics.overview import Overview, Ranked, overview
from tay_middleware.domain import Tier
from tay_middleware.storage.desk import turned_away
from tay_middleware.storage.reading import sales, trends
from tay_middleware.storage.reading.trends import Narrowed
from tay_middleware.storage.transaction import Transaction
from tay_middleware.web.context import Context, Here
from tay_middleware.web.dashboard.addresses import choice, known
from tay_middleware.web.dashboard.pages import render
from tay_middleware.web.dashboard.state import Desk
from tay_middleware.web.dashboard.visitors import Looking
from tay_middleware.web.filters import offer_of
from tay_middleware.web.on_disk import OnDisk
from tay_middleware.web.turned_away import TOLD_FOR, sentence

router = APIRouter()

PERIODS = (7, 30, 90)
"""Days that can be looked at; the figures of an hour are added up for each page."""

USUAL_DAYS = 30

MOST_RANKED = 12
"""Wordings on the chart; the table has the others too."""

NO_VERDICT = "no verdict on a part"
"""What stands beside a target where a choice of offer or tier leaves nothing to judge by."""

ENOUGH_TO_RANK = 10
"""Matured mentions below which a rate is not drawn: its interval would be the whole chart."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart in two widths, for a desk and for a telephone; both are drawn of the same rows."""

    wide: Spec
    narrow: Spec
    says: str


@dataclass(frozen=True, slots=True)
class SoFar:
    """What today has come to, beside the days that are over; `revenue` as `sales.revenue`."""

    questions: int
    shown: int
    revenue: Sequence[Any]


@router.get("/")
async def home(request: Request, here: Here, desk: Desk, visitor: Looking) -> Response:
    """Rates, revenue, ranks, tests, health."""
    asked, problems = request.query_params, list[str]()
    days = _days(asked.get("period"), problems)
    narrowed = await narrowed_by(here, asked, problems)
    now = here.clock()
    found = await overview(
        here.database,
        last_days(days, now),
        narrowed,
        terms_of(here.settings, here.playbook),
        now=now,
    )
    refused = await here.database.read(turned_away.told, now - TOLD_FOR)
    on_disk = await here.on_disk()
    if on_disk.state is OnDisk.REFUSED:
        problems.append(on_disk.told)
    values = {
        "visitor": visitor,
        "title": "Overview",
        "asks": ("period", "offer", "tier"),
        "problems": problems,
        "found": found,
        "last_day": (found.period.until - timedelta(days=1)).date(),
        "today": await here.database.read(_so_far, day_of(now), narrowed),
        "days": days,
        "periods": PERIODS,
        "given": {"period": days, "offer": narrowed.offer, "tier": narrowed.tier},
        "offers": list(dict.fromkeys([*here.playbook.offers, *filter(None, [narrowed.offer])])),
        "tiers": [tier.value for tier in Tier],
        "said": {
            "escalation": _verdict(found.escalation_by_user, ESCALATION_TARGET),
            "conversion": _verdict(found.conversion, CONVERSION_TARGET),
        },
        "all_shown": _all_shown(found, here.playbook.policy.holdout.share),
        "targets": {"escalation": ESCALATION_TARGET, "conversion": CONVERSION_TARGET},
        "figures": figures_of(found),
        "verdicts": await desk.verdicts.get(),
        "lag": await desk.lag.get(),
        "owed": await here.database.read(trends.owed, now - timedelta(days=1)),
        "refused": [(sentence(one), one.goes_on) for one in refused],
        "now": now,
        "enough": ENOUGH_TO_RANK,
    }
    return render(request, "home.html", values)


def _so_far(transaction: Transaction, today: datetime, narrowed: Narrowed) -> SoFar:
    tomorrow = today + timedelta(days=1)
    counted = trends.by_day(transaction, today, tomorrow, narrowed)
    return SoFar(
        questions=sum(one.questions for one in counted),
        shown=sum(one.shown for one in counted),
        revenue=sales.revenue(transaction, today, tomorrow),
    )


def _all_shown(found: Overview, held_out: float) -> Rate | None:
    """The rate of mentions, were nobody held out; `None` where nobody is."""
    is_any = held_out and found.escalation.share is not None
    return with_all_shown(found.escalation, held_out) if is_any else None


def _verdict(measured: Rate | None, target: Target) -> str:
    """None where nothing is known of how users differ, however many turns there are."""
    if measured is None or (measured.share is not None and measured.low is None):
        return NO_VERDICT
    return compared(measured, target)


async def narrowed_by(here: Context, asked: Mapping[str, str], problems: list[str]) -> Narrowed:
    """The offer and tier that a page's address names; what is neither is told."""
    return Narrowed(
        await known(here, asked.get("offer"), offer_of, problems),
        choice(asked, "tier", Tier, problems),
    )


def figures_of(found: Overview) -> dict[str, Figure | None]:
    """The charts of an overview; `None` where there is nothing to draw."""
    escalation = [(one.day.isoformat(), one.escalation.share) for one in found.days]
    conversion = [
        (one.day.isoformat(), one.conversion.share if one.conversion else None)
        for one in found.days
    ]
    return {
        "escalation": _line(escalation, ESCALATION_TARGET, "Share of questions with a mention"),
        "conversion": _line(
            conversion, CONVERSION_TARGET, "Share of mentions that led to a sale, over seven days"
        ),
        "offer": _ranks(found.by["offer"], "Conversion by offer, with intervals"),
        "template": _ranks(found.by["template"], "Conversion by wording, with intervals"),
    }


def _line(points: list[tuple[str, float | None]], target: Target, says: str) -> Figure:
    band = (target.low, target.high)
    return Figure(
        charts.line(points, band=band, width=WIDE),
        charts.line(points, band=band, width=NARROW, height=150),
        says,
    )


def _ranks(ranked: Iterable[Ranked], says: str) -> Figure | None:
    rows = [
        (one.name, one.rate.share, one.rate.low, one.rate.high)
        for one in ranked
        if one.rate.n >= ENOUGH_TO_RANK
    ]
    known = [
        (name, share, low, high)
        for name, share, low, high in rows
        if share is not None and low is not None and high is not None
    ][:MOST_RANKED]
    if not known:
        return None
    band = (CONVERSION_TARGET.low, CONVERSION_TARGET.high)
    return Figure(
        charts.intervals(known, band=band, width=WIDE),
        charts.intervals(known, band=band, width=NARROW),
        says,
    )


def _days(said: str | None, problems: list[str]) -> int:
    if said in {str(one) for one in PERIODS}:
        return int(said)
    if said:
        choices = ", ".join(map(str, PERIODS))
        problems.append(f"period: {said!r} is none of {choices} days; here are {USUAL_DAYS}")
    return USUAL_DAYS
