"""Each arm against the control, and what the mentions brought beside silence."""

from collections.abc import Sequence

from tay_middleware.analytics.experiments import tally
from tay_middleware.analytics.experiments.beat import Posterior, chance_to_beat, expected_loss
from tay_middleware.analytics.experiments.exact import rate_interval
from tay_middleware.analytics.experiments.frame import SHOWN, Frame
from tay_middleware.analytics.experiments.planning import SamplePlan
from tay_middleware.analytics.experiments.sequence import ALPHA, always_valid
from tay_middleware.analytics.experiments.verdict import (
    ArmResult,
    Comparison,
    Increment,
    Interval,
)

FEWEST_CONVERSIONS = 5
"""Of an arm and of the control: below it the asymptotic interval cannot be trusted."""

ALPHA_OF_FEW = 0.01
"""How often the exact interval of few purchases may ever be wrong, on top of `ALPHA`."""


def comparisons(
    frame: Frame, cells: tally.Cells, sample: SamplePlan, arms: Sequence[ArmResult]
) -> tuple[Comparison, ...]:
    """Those that can be made; of arms with few purchases those alone that answer something."""
    control = next(arm for arm in arms if arm.name == frame.control)
    made = [
        _comparison(frame, cells, arm, control, planned_pair(frame, sample, arm.name))
        for arm in arms
        if arm.name != frame.control
    ]
    return tuple(one for one in made if one is not None)


def increments(
    frame: Frame, cells: tally.Cells, sample: SamplePlan, arms: Sequence[ArmResult]
) -> tuple[Increment, ...]:
    """What the mentions brought, by the holdout; nothing where purchases are few."""
    if not frame.is_holdout or any(has_few(arm) for arm in arms):
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


def has_few(arm: ArmResult) -> bool:
    """Whether an arm has too few purchases for the asymptotic interval."""
    return arm.conversions < FEWEST_CONVERSIONS


def planned_pair(frame: Frame, sample: SamplePlan, arm: str) -> float:
    """How many users an arm and the control were planned to have."""
    return sample.users * (frame.chances[arm] + frame.chances[frame.control])


def _comparison(
    frame: Frame, cells: tally.Cells, arm: ArmResult, control: ArmResult, planned: float
) -> Comparison | None:
    found = tally.difference(cells, arm.name, control.name)
    if found is None:
        return None
    others = len(frame.chances) - 1
    if has_few(arm) or has_few(control):
        interval = _of_few(found, ALPHA_OF_FEW / others)
        if interval.low <= 0 and interval.high >= frame.worth_having:
            return None
    else:
        interval = always_valid(
            found.estimate,
            found.standard_error,
            found.users,
            planned=planned,
            alpha=ALPHA / others,
        )
    ours, theirs = (Posterior.of(*_counts(one)) for one in (found.arm, found.control))
    return Comparison(
        arm=arm.name,
        control=control.name,
        difference=found.estimate,
        interval=interval,
        lift=found.estimate / found.control.mean if found.control.mean else None,
        chance_to_beat=chance_to_beat(ours, theirs),
        expected_loss=expected_loss(ours, theirs),
    )


def _of_few(found: tally.Difference, alpha: float) -> Interval:
    """All differences of rates that both arms leave open, each with half of `alpha`."""
    ours, theirs = (rate_interval(*_counts(one), alpha / 2) for one in (found.arm, found.control))
    return Interval(ours.low - theirs.high, ours.high - theirs.low)


def _counts(found: tally.Standardised) -> tuple[int, int]:
    """Buyers and users in one stratum that would be as sure."""
    return round(found.mean * found.users), round(found.users)
