"""From counts to a verdict in the words of a decision. Pure: the same counts, the same words."""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tay_middleware.analytics.experiments import tally
from tay_middleware.analytics.experiments.beat import Posterior, chance_to_beat, expected_loss
from tay_middleware.analytics.experiments.frame import SHOWN, Frame
from tay_middleware.analytics.experiments.health import health
from tay_middleware.analytics.experiments.planning import SamplePlan, plan
from tay_middleware.analytics.experiments.sequence import ALPHA, always_valid
from tay_middleware.analytics.experiments.verdict import (
    ArmResult,
    Call,
    Comparison,
    Increment,
    Interval,
    State,
    Stratum,
    Verdict,
)
from tay_middleware.analytics.experiments.words import in_words
from tay_middleware.analytics.needed import needed
from tay_middleware.storage.experiments import Cohort, Purchase

FEWEST_CONVERSIONS = 5
"""Of each arm, before anything is said: below it no interval of this kind can be trusted."""

RECENT_DAYS = 14
"""How far back the pace of an experiment is taken from."""


@dataclass(frozen=True, slots=True)
class Counted:
    """All that the database says of an experiment."""

    cohorts: Sequence[Cohort]
    purchases: Sequence[Purchase]
    crossed: int
    marks: int = 0
    paused: frozenset[str] = frozenset()


def judge(frame: Frame, counted: Counted, now: datetime) -> Verdict:
    """The verdict of an experiment at a moment.

    Raises:
        ConfigurationError: the extra `analytics` is not installed.
    """
    cells = tally.cells(
        counted.cohorts,
        counted.purchases,
        window_days=frame.window_days,
        now=now,
        offer=frame.offer,
    )
    sample = plan(frame.baseline, frame.lift, frame.shares)
    arms = tuple(_arm(frame, counted.cohorts, cells, name) for name in frame.chances)
    sound = health(frame, counted.cohorts, counted.crossed, counted.paused)
    comparisons = _comparisons(frame, cells, sample, arms)
    call, ship = _call(frame, comparisons, is_sound=sound.is_sound)
    target = _target(sample, arms)
    days = _days_left(frame, counted.cohorts, target, now) if _waits(frame, call) else None
    return Verdict(
        name=frame.name,
        kind=frame.kind,
        asks=frame.asks,
        state=frame.state,
        start=frame.start,
        stop=frame.stop,
        window_days=frame.window_days,
        call=call,
        words=in_words(frame, call, ship, days),
        ship=ship,
        days_left=days,
        planned=target,
        control=frame.control,
        arms=arms,
        comparisons=comparisons,
        health=sound,
        strata=tuple(_strata(counted.cohorts, cells)),
        increments=_increments(frame, cells, sample, arms),
        notes=tuple(_notes(frame, counted, arms)),
    )


def _arm(frame: Frame, cohorts: Sequence[Cohort], cells: tally.Cells, name: str) -> ArmResult:
    cell = tally.pooled(cells, name)
    users, hits = cell.conversions.users, int(cell.conversions.total)
    interval = None
    if users:
        proportion = needed("statsmodels.stats.proportion")
        low, high = proportion.proportion_confint(hits, users, alpha=ALPHA, method="wilson")
        interval = Interval(float(low), float(high))
    return ArmResult(
        name=name,
        chance=frame.chances[name],
        users=sum(cohort.users for cohort in cohorts if cohort.arm == name),
        matured=users,
        conversions=hits,
        rate=hits / users if users else None,
        interval=interval,
        revenue={currency: int(total.total) for currency, total in sorted(cell.revenue.items())},
    )


def _comparisons(
    frame: Frame, cells: tally.Cells, sample: SamplePlan, arms: Sequence[ArmResult]
) -> tuple[Comparison, ...]:
    if any(arm.conversions < FEWEST_CONVERSIONS for arm in arms):
        return ()
    control = next(arm for arm in arms if arm.name == frame.control)
    made = [
        _comparison(cells, arm, control, _planned_pair(frame, sample, arm.name), len(arms) - 1)
        for arm in arms
        if arm.name != frame.control
    ]
    return tuple(one for one in made if one is not None)


def _planned_pair(frame: Frame, sample: SamplePlan, arm: str) -> float:
    return sample.users * (frame.chances[arm] + frame.chances[frame.control])


def _comparison(
    cells: tally.Cells, arm: ArmResult, control: ArmResult, planned: float, others: int
) -> Comparison | None:
    found = tally.difference(cells, arm.name, control.name)
    if found is None:
        return None
    ours, theirs = _posterior(found.arm), _posterior(found.control)
    return Comparison(
        arm=arm.name,
        control=control.name,
        difference=found.estimate,
        interval=always_valid(
            found.estimate,
            found.standard_error,
            found.users,
            planned=planned,
            alpha=ALPHA / others,
        ),
        lift=found.estimate / found.control.mean if found.control.mean else None,
        chance_to_beat=chance_to_beat(ours, theirs),
        expected_loss=expected_loss(ours, theirs),
    )


def _posterior(found: tally.Standardised) -> Posterior:
    return Posterior.of(round(found.mean * found.users), round(found.users))


def _call(
    frame: Frame, comparisons: Sequence[Comparison], *, is_sound: bool
) -> tuple[Call, str | None]:
    if not is_sound:
        return Call.UNHEALTHY, None
    if not comparisons or len(comparisons) < len(frame.chances) - 1:
        return Call.KEEP_COLLECTING, None
    better = [one for one in comparisons if one.interval.low > 0]
    if better:
        return Call.SHIP, max(better, key=lambda one: one.difference).arm
    if all(one.interval.high < 0 for one in comparisons):
        return Call.SHIP, frame.control
    if all(one.interval.high < frame.worth_having for one in comparisons):
        return Call.NO_DIFFERENCE, None
    return Call.KEEP_COLLECTING, None


def _target(sample: SamplePlan, arms: Sequence[ArmResult]) -> int:
    """How many users it needs: as planned, and past that, those at which it must be decided."""
    return sample.users if sum(arm.matured for arm in arms) < sample.users else sample.to_decide


def _waits(frame: Frame, call: Call) -> bool:
    return call is Call.KEEP_COLLECTING and frame.state is State.RUNNING


def _days_left(frame: Frame, cohorts: Sequence[Cohort], target: int, now: datetime) -> int | None:
    """Until as many users have come as are needed, and their windows are over."""
    users = sum(cohort.users for cohort in cohorts)
    if users >= target:
        last = max(cohort.last_at for cohort in cohorts)
        left = last + timedelta(days=frame.window_days) - now
        return max(1, math.ceil(left / timedelta(days=1)))
    recent = sum(cohort.recent for cohort in cohorts)
    if not recent:
        return None
    began = min(cohort.first_at for cohort in cohorts)
    days = min(RECENT_DAYS, max(1.0, (now - began) / timedelta(days=1)))
    return math.ceil((target - users) / (recent / days) + frame.window_days)


def _strata(cohorts: Sequence[Cohort], cells: tally.Cells) -> Iterator[Stratum]:
    for version in dict.fromkeys(cohort.playbook_version for cohort in cohorts):
        mine = {arm: cell.conversions for (arm, v), cell in cells.items() if v == version}
        yield Stratum(
            playbook_version=version,
            matured={arm: found.users for arm, found in mine.items()},
            conversions={arm: int(found.total) for arm, found in mine.items()},
        )


def _increments(
    frame: Frame, cells: tally.Cells, sample: SamplePlan, arms: Sequence[ArmResult]
) -> tuple[Increment, ...]:
    if not frame.is_holdout or any(arm.conversions < FEWEST_CONVERSIONS for arm in arms):
        return ()
    shown = next(arm for arm in arms if arm.name == SHOWN)
    currencies = sorted({name for cell in cells.values() for name in cell.revenue})
    made = []
    for currency in (None, *currencies):
        found = tally.difference(cells, SHOWN, frame.control, currency=currency)
        if found is None:
            continue
        interval = always_valid(
            found.estimate, found.standard_error, found.users, planned=sample.users, alpha=ALPHA
        )
        made.append(
            Increment(
                currency=currency,
                amount=found.estimate * shown.matured,
                interval=Interval(interval.low * shown.matured, interval.high * shown.matured),
            )
        )
    return tuple(made)


def _notes(frame: Frame, counted: Counted, arms: Sequence[ArmResult]) -> Collection[str]:
    notes = []
    versions = {cohort.playbook_version for cohort in counted.cohorts}
    if len(versions) > 1:
        notes.append(f"the playbook changed: {len(versions)} versions, each a stratum of its own")
    if counted.crossed:
        notes.append(f"{counted.crossed} users were in two arms and are left out")
    gone = sorted({cohort.arm for cohort in counted.cohorts} - set(frame.chances))
    if gone:
        notes.append(f"no longer in experiments.yaml, and left out: {', '.join(gone)}")
    waiting = sum(arm.users - arm.matured for arm in arms)
    if waiting:
        notes.append(f"{waiting} users are still within their {frame.window_days:g} days")
    if counted.marks and frame.is_holdout:
        notes.append(
            f"{counted.marks} conversions marked by hand are left out: a user who was shown "
            "nothing can have none"
        )
    return notes
