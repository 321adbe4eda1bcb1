"""How long an experiment has to go on, and what to say when it has had its users."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tay_middleware.analytics.experiments.compare import has_few, planned_pair
from tay_middleware.analytics.experiments.frame import Frame
from tay_middleware.analytics.experiments.planning import SamplePlan
from tay_middleware.analytics.experiments.sequence import ALPHA, users_until
from tay_middleware.analytics.experiments.verdict import ArmResult, Comparison
from tay_middleware.storage.reading.experiments import Cohort

RECENT_DAYS = 14
"""How far back the pace of an experiment is taken from."""

MUCH_MORE = 1.2
"""Times the planned rate from which on it is the rate that makes it take longer."""


@dataclass(frozen=True, slots=True)
class Wait:
    """What an experiment without an answer waits for.

    `users` are those at which it must be decided, `days` about how long that takes, `None` where
    nobody knows. `overdue` says why there is no answer though the planned users have come, `None`
    where they have not.
    """

    users: int
    days: int | None
    overdue: str | None


def waiting(
    frame: Frame,
    cohorts: Sequence[Cohort],
    arms: Sequence[ArmResult],
    comparisons: Sequence[Comparison],
    sample: SamplePlan,
    now: datetime,
) -> Wait:
    """What an experiment that runs and is not decided waits for.

    Until the planned users have come it is for them. After that it is for as many as make the
    intervals, at the variance that was seen, too narrow to leave both verdicts open.
    """
    matured = sum(arm.matured for arm in arms)
    target = sample.users
    if matured >= target:
        target = max(
            (_to_decide(frame, arms, one, sample, matured) for one in comparisons),
            default=sample.to_decide,
        )
    overdue = _overdue(frame, arms, comparisons) if matured >= sample.to_decide else None
    return Wait(target, _days(frame, cohorts, matured, target, now), overdue)


def _to_decide(
    frame: Frame,
    arms: Sequence[ArmResult],
    found: Comparison,
    sample: SamplePlan,
    matured: int,
) -> int:
    pair = [arm for arm in arms if arm.name in {found.arm, frame.control}]
    users = sum(arm.matured for arm in pair)
    if any(has_few(arm) for arm in pair):
        return matured
    needed = users_until(
        (found.interval.high - found.interval.low) / 2,
        users,
        frame.worth_having / 2,
        planned=planned_pair(frame, sample, found.arm),
        alpha=ALPHA / (len(frame.chances) - 1),
    )
    return math.ceil(matured * needed / users)


def _days(
    frame: Frame, cohorts: Sequence[Cohort], matured: int, target: int, now: datetime
) -> int | None:
    """Until as many users as are needed have come, and their windows are over."""
    users, recent = sum(one.users for one in cohorts), sum(one.recent for one in cohorts)
    if matured >= target or (users < target and not recent):
        return None
    began = min(cohort.first_at for cohort in cohorts)
    days = min(RECENT_DAYS, max(1.0, (now - began) / timedelta(days=1)))
    if users < target:
        return math.ceil((target - users) / (recent / days) + frame.window_days)
    last = max(cohort.last_at for cohort in cohorts) + timedelta(days=frame.window_days)
    left = (last - now) / timedelta(days=1)
    if recent:
        left = min(left, (target - matured) / (recent / days))
    return max(1, math.ceil(left))


def _overdue(frame: Frame, arms: Sequence[ArmResult], comparisons: Sequence[Comparison]) -> str:
    if len(comparisons) < len(frame.chances) - 1:
        return "an arm has too few purchases to be compared"
    control = next(arm for arm in arms if arm.name == frame.control)
    if (control.rate or 0.0) > MUCH_MORE * frame.baseline:
        return "people buy more often than it was planned for"
    return "the difference is near the edge of what is worth having"
