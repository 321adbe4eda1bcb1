"""Tests of wordings and the like, and the holdout: what each has come to, and how it got there."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from tay_middleware.analytics import charts
from tay_middleware.analytics.charts import NARROW, WIDE
from tay_middleware.analytics.experiments import Verdict
from tay_middleware.web.dashboard.board import Look
from tay_middleware.web.dashboard.home import Figure
from tay_middleware.web.dashboard.pages import render
from tay_middleware.web.dashboard.state import Desk
from tay_middleware.web.dashboard.visitors import Looking

router = APIRouter(prefix="/experiments")


@dataclass(frozen=True, slots=True)
class Shown:
    """A verdict with its charts; `past` holds, by arm, its difference to the control by day."""

    verdict: Verdict
    arms: Figure | None
    past: dict[str, tuple[Figure, tuple[tuple[str, float, float, float], ...]]]

    @property
    def users(self) -> int:
        """Users so far, all arms together."""
        return sum(arm.users for arm in self.verdict.arms)


@router.get("")
async def experiments(request: Request, desk: Desk, visitor: Looking) -> Response:
    """All of them, the holdout first."""
    made, past = await desk.verdicts.get(), await desk.past.get()
    shown = [_shown(one, past.value or ()) for one in made.value or ()]
    values = {
        "visitor": visitor,
        "title": "Experiments",
        "made": made,
        "past": past,
        "shown": shown,
    }
    return render(request, "experiments.html", values)


def _shown(verdict: Verdict, looks: Sequence[Look]) -> Shown:
    rows = [
        (f"{arm.name}", arm.rate, arm.interval.low, arm.interval.high)
        for arm in verdict.arms
        if arm.rate is not None and arm.interval is not None
    ]
    arms = None
    if rows:
        arms = Figure(
            charts.intervals(rows, width=WIDE),
            charts.intervals(rows, width=NARROW),
            f"Conversion by arm of {verdict.name}, with intervals",
        )
    return Shown(verdict, arms, _past(verdict, looks))


def _past(
    verdict: Verdict, looks: Sequence[Look]
) -> dict[str, tuple[Figure, tuple[tuple[str, float, float, float], ...]]]:
    lines: dict[str, list[tuple[str, float, float, float]]] = {}
    for look in looks:
        for one in look.verdicts:
            if one.name != verdict.name:
                continue
            for found in one.comparisons:
                point = (found.difference, found.interval.low, found.interval.high)
                lines.setdefault(found.arm, []).append((look.at.date().isoformat(), *point))
    return {
        arm: (
            Figure(
                charts.over_time(points, width=WIDE),
                charts.over_time(points, width=NARROW, height=140),
                f"{arm} against {verdict.control}: the difference and its interval by day",
            ),
            tuple(points),
        )
        for arm, points in lines.items()
        if len(points) > 1
    }
