"""What an experiment has come to: frozen values that the CLI, the API and the dashboard show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Call(StrEnum):
    """What to do now."""

    KEEP_COLLECTING = "keep_collecting"
    SHIP = "ship"
    NO_DIFFERENCE = "no_difference"
    NOT_BETTER = "not_better"
    UNHEALTHY = "unhealthy"


class State(StrEnum):
    """Where in its life an experiment is: without a first day, before it, in it, past its last."""

    DRAFT = "draft"
    PLANNED = "planned"
    RUNNING = "running"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`, both included."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ArmResult:
    """One arm. Users count from their first exposure; those in two arms count nowhere.

    `matured` are the users whose window is over; `conversions` and `revenue` (net, in minor units,
    by currency) are of those alone. `interval` is the 95 % interval of `rate` (Wilson), to be read
    once; both are `None` without a matured user.
    """

    name: str
    chance: float
    users: int
    matured: int
    conversions: int
    rate: float | None
    interval: Interval | None
    revenue: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Comparison:
    """An arm against the control, over matured users and all strata.

    `difference` is of the rates, `interval` its always-valid 95 % interval (it may be looked at
    every day; all arms together), exact where either has fewer than 5 conversions; `lift` the
    difference as a share of the control's rate.
    `chance_to_beat` and `expected_loss` (of choosing the arm, in rate) are exact under uniform
    priors, and are no ground to stop on.
    """

    arm: str
    control: str
    difference: float
    interval: Interval
    lift: float | None
    chance_to_beat: float
    expected_loss: float


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the experiment can be believed.

    `sample_ratio` is an always-valid p-value of the arms' sizes being as planned; `crossed` users
    were in two arms and are left out; `problems` are sentences, none when it is healthy. `doubts`
    are sentences that leave it readable, and not sure.
    """

    sample_ratio: float
    crossed: int
    problems: tuple[str, ...]
    doubts: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether a verdict may be read."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Stratum:
    """The matured users who were first exposed under one version of the playbook, by arm."""

    playbook_version: str
    matured: Mapping[str, int]
    conversions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Increment:
    """What the mentions brought in all, beside what would have come anyway.

    Of the shown and matured users: `amount` is a number of purchases (`currency` is `None`) or net
    revenue in minor units of the currency; `interval` is always valid.
    """

    currency: str | None
    amount: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Verdict:
    """One experiment, or the holdout (`kind` is `holdout`), as of a moment.

    `call` says what to do, `words` says it to a person, `ship` names the arm where the call is
    `ship`. `days_left` is about how long it has to go on, `None` when that is not known or nothing
    is to be waited for. `planned` is the number of users, all arms together, that it needs.
    `comparisons` lack the arms that have fewer than 5 conversions (or whose control has), as long
    as an exact interval answers nothing. `increments` are the holdout's. Neither is there when it
    is not healthy. `notes` are further sentences.
    """

    name: str
    kind: str
    asks: str
    state: State
    start: date | None
    stop: date | None
    window_days: float
    call: Call
    words: str
    ship: str | None
    days_left: int | None
    planned: int
    control: str
    arms: tuple[ArmResult, ...]
    comparisons: tuple[Comparison, ...]
    health: Health
    strata: tuple[Stratum, ...]
    increments: tuple[Increment, ...] = ()
    notes: tuple[str, ...] = ()
