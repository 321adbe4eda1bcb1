"""What is asked of an experiment before its data are looked at."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from tay_middleware.analytics.experiments.links import are_links_alike
from tay_middleware.analytics.experiments.verdict import State
from tay_middleware.playbook import HOLDOUT, Experiment, Playbook
from tay_middleware.playbook.experiments import ExperimentKind

SHOWN = "shown"
"""The holdout's other arm."""


@dataclass(frozen=True, slots=True)
class Frame:
    """An experiment as the playbook has it now, the holdout among them.

    `offer` is the one whose purchases count, `None` for any; `says` what each arm says that others
    do not: ids of wordings, or an offer. `links_alike`: whichever arm a user is in, she is handed a
    link as she would be in another.
    """

    name: str
    kind: str
    asks: str
    state: State
    start: date | None
    stop: date | None
    window_days: float
    control: str
    chances: Mapping[str, float]
    baseline: float
    lift: float
    offer: str | None
    says: Mapping[str, frozenset[str]]
    links_alike: bool = True

    @property
    def is_holdout(self) -> bool:
        """Whether it compares saying something with saying nothing."""
        return self.kind == HOLDOUT

    @property
    def may_be_silent(self) -> bool:
        """Whether one arm says nothing where another speaks."""
        return self.kind in {HOLDOUT, ExperimentKind.THRESHOLD}

    @property
    def shares(self) -> tuple[float, ...]:
        """The chances of the arms, the control's first."""
        others = [chance for arm, chance in self.chances.items() if arm != self.control]
        return (self.chances[self.control], *others)

    @property
    def worth_having(self) -> float:
        """The least difference of rates for which it is worth changing anything."""
        return self.baseline * self.lift


def frames(playbook: Playbook, now: datetime) -> Iterator[Frame]:
    """Everything that is tested: the holdout, if there is one, then the file's own order."""
    holdout = playbook.policy.holdout
    if holdout.share:
        yield Frame(
            name=HOLDOUT,
            kind=HOLDOUT,
            asks="Do the mentions sell anything that would not have been sold without them?",
            state=State.RUNNING,
            start=None,
            stop=None,
            window_days=holdout.window_days,
            control=HOLDOUT,
            chances={HOLDOUT: holdout.share, SHOWN: 1 - holdout.share},
            baseline=holdout.plan.baseline,
            lift=holdout.plan.lift,
            offer=None,
            says={},
            links_alike=False,
        )
    for name, experiment in playbook.experiments.experiments.items():
        yield _frame(name, experiment, playbook, now)


def _frame(name: str, experiment: Experiment, playbook: Playbook, now: datetime) -> Frame:
    return Frame(
        name=name,
        kind=experiment.kind.value,
        asks=experiment.asks,
        state=_state(experiment, now),
        start=experiment.start,
        stop=experiment.stop,
        window_days=experiment.window_days,
        control=experiment.control,
        chances={arm: experiment.chance(arm) for arm in experiment.arms},
        baseline=experiment.plan.baseline,
        lift=experiment.plan.lift,
        offer=experiment.scope.offer if experiment.counts == "offer" else None,
        says={
            arm: frozenset([one.offer] if one.offer else _used(experiment, one.use, playbook))
            for arm, one in experiment.arms.items()
            if one.use or one.offer
        },
        links_alike=are_links_alike(experiment, playbook),
    )


def _used(experiment: Experiment, variants: tuple[str, ...], playbook: Playbook) -> Iterator[str]:
    scope = experiment.scope
    for template in playbook.templates:
        told = template.offer, template.strength, template.tier
        if template.variant in variants and scope.takes_in(*told):
            yield template.id


def _state(experiment: Experiment, now: datetime) -> State:
    day = now.astimezone(UTC).date()
    if experiment.start is None:
        return State.DRAFT
    if day < experiment.start:
        return State.PLANNED
    return State.RUNNING if experiment.runs_at(now) else State.STOPPED
