"""From counts to a verdict in the words of a decision. Pure: the same counts, the same words."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tay_middleware.analytics import wording
from tay_middleware.analytics.experiments import tally
from tay_middleware.analytics.experiments.buyers import Traced, counting, trace
from tay_middleware.analytics.experiments.compare import comparisons, increments
from tay_middleware.analytics.experiments.frame import Frame
from tay_middleware.analytics.experiments.health import health
from tay_middleware.analytics.experiments.planning import plan
from tay_middleware.analytics.experiments.sequence import ALPHA
from tay_middleware.analytics.experiments.verdict import (
    ArmResult,
    Call,
    Comparison,
    Interval,
    State,
    Stratum,
    Verdict,
)
from tay_middleware.analytics.experiments.waiting import waiting
from tay_middleware.analytics.experiments.words import in_words
from tay_middleware.analytics.needed import needed
from tay_middleware.storage.reading.experiments import Cohort, Purchase


@dataclass(frozen=True, slots=True)
class Counted:
    """All that the database says of an experiment.

    `marks` are sales that admins marked by hand, and `nobodys` the purchases of its time that no
    user is known of.
    """

    cohorts: Sequence[Cohort]
    purchases: Sequence[Purchase]
    crossed: int
    marks: int = 0
    paused: frozenset[str] = frozenset()
    nobodys: int = 0


def judge(frame: Frame, counted: Counted, now: datetime) -> Verdict:
    """The verdict of an experiment at a moment.

    Raises:
        ConfigurationError: the extra `analytics` is not installed.
    """
    cells = tally.cells(
        counted.cohorts,
        counting(frame, counted.purchases),
        window_days=frame.window_days,
        now=now,
        offer=frame.offer,
    )
    traced = trace(frame, counted.purchases, counted.nobodys)
    sample = plan(frame.baseline, frame.lift, frame.shares)
    arms = tuple(_arm(frame, counted.cohorts, cells, name) for name in frame.chances)
    sound = health(frame, counted.cohorts, counted.crossed, counted.paused, traced)
    # What is not to be read is not handed out either: somebody would read it.
    compared = comparisons(frame, cells, sample, arms) if sound.is_sound else ()
    call, ship = _call(frame, compared, is_sound=sound.is_sound)
    waits = call is Call.KEEP_COLLECTING and frame.state is State.RUNNING
    wait = waiting(frame, counted.cohorts, arms, compared, sample, now) if waits else None
    return Verdict(
        name=frame.name,
        kind=frame.kind,
        asks=frame.asks,
        state=frame.state,
        start=frame.start,
        stop=frame.stop,
        window_days=frame.window_days,
        call=call,
        words=in_words(frame, call, ship, wait),
        ship=ship,
        days_left=wait.days if wait else None,
        planned=wait.users if wait else sample.users,
        control=frame.control,
        arms=arms,
        comparisons=compared,
        health=sound,
        strata=tuple(_strata(counted.cohorts, cells)),
        increments=increments(frame, cells, sample, arms) if sound.is_sound else (),
        notes=tuple(_notes(frame, counted, arms, traced)),
    )


def _arm(frame: Frame, cohorts: Sequence[Cohort], cells: tally.Cells, name: str) -> ArmResult:
    cell = tally.pooled(cells, name)
    users, hits = cell.conversions.users, int(cell.conversions.total)
    interval = None
    if users:
        proportion = needed("statsmodels.stats.proportion")
        low, high = proportion.proportion_confint(hits, users, alpha=ALPHA, method="wilson")
        # At nothing and at all of it the formula leaves 3e-15 where it means 0 (or 1).
        interval = Interval(float(low) if hits else 0.0, float(high) if hits < users else 1.0)
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
    if any(one.interval.high >= frame.worth_having for one in comparisons):
        return Call.KEEP_COLLECTING, None
    is_same = all(one.interval.low > -frame.worth_having for one in comparisons)
    return Call.NO_DIFFERENCE if is_same else Call.NOT_BETTER, None


def _strata(cohorts: Sequence[Cohort], cells: tally.Cells) -> Iterator[Stratum]:
    for version in dict.fromkeys(cohort.playbook_version for cohort in cohorts):
        mine = {arm: cell.conversions for (arm, v), cell in cells.items() if v == version}
        yield Stratum(
            playbook_version=version,
            matured={arm: found.users for arm, found in mine.items()},
            conversions={arm: int(found.total) for arm, found in mine.items()},
        )


def _notes(
    frame: Frame, counted: Counted, arms: Sequence[ArmResult], traced: Traced
) -> Collection[str]:
    notes = list(traced.notes())
    versions = {cohort.playbook_version for cohort in counted.cohorts}
    if len(versions) > 1:
        notes.append(f"the playbook changed: {len(versions)} versions, each a stratum of its own")
    if counted.crossed:
        notes.append(f"in two arms, and left out: {wording.counted(counted.crossed, 'user')}")
    gone = sorted({cohort.arm for cohort in counted.cohorts} - set(frame.chances))
    if gone:
        notes.append(f"no longer in experiments.yaml, and left out: {', '.join(gone)}")
    waiting = sum(arm.users - arm.matured for arm in arms)
    if waiting:
        users = wording.counted(waiting, "user")
        notes.append(f"still within the {frame.window_days:g} days: {users}")
    if counted.marks and frame.may_be_silent:
        notes.append(
            f"left out: {wording.counted(counted.marks, 'conversion')} marked by hand, for a user "
            "who was shown nothing can have none"
        )
    return notes
