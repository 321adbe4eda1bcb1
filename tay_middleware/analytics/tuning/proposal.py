"""What a tuning comes to: plain frozen values, for the terminal, for JSON and for the review."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tay_middleware.analytics.tuning.worth import Added, Estimate


class Verdict(StrEnum):
    """What to do with the threshold."""

    MOVE = "move"
    KEEP = "keep"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with a 95 % interval."""

    found: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float | None:
        """The share; `None` of nothing."""
        return self.found / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Point:
    """What one threshold comes to.

    `rate` is mentions ÷ questions as replayed. `known` is the share of these mentions that the log
    decided itself; the rest is filled in. `precision` is on labelled rows, `helpful` by users'
    feedback, `annoyed` the mentions that were taken badly; below the threshold in force nothing was
    shown: there only files of labels say anything, and the others are `None`. `credited` are users
    who bought what was mentioned, `added` what the holdout says that mentions add to users whose
    window is closed, within it; `net` is that of `added`: money less what annoyance costs, in minor
    units.
    """

    threshold: float
    mentions: int
    rate: Share
    known: float
    precision: Share | None
    helpful: Share | None
    annoyed: Share | None
    credited: Estimate
    added: Added
    net: Estimate


@dataclass(frozen=True, slots=True)
class StageUse:
    """What a stage decided: `live` is its threshold, `None` where it has none to move."""

    name: str
    questions: int
    needs: int
    live: float | None
    replayed: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """The whole of it.

    `words` is the verdict in a sentence, `reasons` why something was refused or must be known.
    `agreement` is the share of logged mentions that the replay makes again at the threshold in
    force. `others` are questions of the period under other versions of the playbook.
    `annoyance_cost` is in whole units of the currency, other money in its minor units.
    """

    verdict: Verdict
    words: str
    knob: str
    live: float
    proposed: float | None
    target: float | None
    since: datetime
    until: datetime
    questions: int
    users: int
    agreement: float
    stages: tuple[StageUse, ...]
    points: tuple[Point, ...] = ()
    reasons: tuple[str, ...] = ()
    others: dict[str, int] = field(default_factory=dict)
    currency: str | None = None
    annoyance_cost: float = 0
    simulated: bool = False

    @property
    def at_live(self) -> Point | None:
        """The threshold in force."""
        return next((point for point in self.points if point.threshold == self.live), None)

    @property
    def at_proposed(self) -> Point | None:
        """The one that is proposed."""
        return next((point for point in self.points if point.threshold == self.proposed), None)
