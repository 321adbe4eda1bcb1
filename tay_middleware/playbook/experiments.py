"""The shape of `experiments.yaml`: which tests run, on whom, and what each arm does differently.

What must agree with other files (a wording that an arm uses) is checked in `fairness`.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Literal

from pydantic import ConfigDict, Field

from tay_middleware.domain import Strength
from tay_middleware.playbook.entry import Entry, Slug


class ExperimentKind(StrEnum):
    """What the arms of an experiment differ in."""

    TEMPLATE = "template"
    STRENGTH = "strength"
    THRESHOLD = "threshold"
    OFFER = "offer"
    TIER = "tier"


class Layer(Entry):
    """Experiments of one layer never share a user; layers are independent of each other.

    Another seed shares everybody out anew.
    """

    seed: str = Field(min_length=1, max_length=80)


class Scope(Entry):
    """Which mentions an experiment is about; what is left out is any.

    `tier` is the tier of the wordings (`any`: those for all tiers without their own) in an
    experiment of templates, and the user's tier in every other one.
    """

    offer: Slug | None = None
    strength: Strength | None = None
    tier: Literal["any", "free", "premium", "vip"] | None = None

    def takes_in(self, offer: str, strength: Strength, tier: str) -> bool:
        """Whether a mention of such an offer, strength and tier is among them."""
        return (
            self.offer in {None, offer}
            and self.strength in {None, strength}
            and self.tier in {None, tier}
        )


class Arm(Entry):
    """One arm: its share of the users, and what it does; nothing said is what the playbook says.

    `use` names variants, `raise` steps of strength, `confidence` the least probability for a
    mention, `offer` what is offered instead, `wording` whether a tier gets what was written for it
    (`own`) or what was written for `all`. An experiment's kind says which of them it may use.
    """

    weight: float = Field(1.0, gt=0, le=100)
    use: tuple[str, ...] = ()
    raise_: int | None = Field(None, ge=-2, le=2, alias="raise")
    confidence: float | None = Field(None, ge=0, le=1)
    offer: Slug | None = None
    wording: Literal["own", "all"] | None = None

    model_config = ConfigDict(populate_by_name=True)


class PowerPlan(Entry):
    """What the experiment is made to find: `lift` 0.5 is half as many again as `baseline`."""

    baseline: float = Field(0.05, gt=0, lt=1, description="share of users who buy, in the control")
    lift: float = Field(0.5, gt=0, le=10, description="least relative difference worth having")


class Experiment(Entry):
    """One test. It runs from `start` (a day, from midnight UTC) until the day `stop` begins.

    Without `start` it is a draft. `share` of the users of the layer take part, from the place
    `from` on: so that two experiments of one layer can have different users.
    """

    asks: str = Field(min_length=5, description="the question that it answers, for people")
    kind: ExperimentKind
    layer: Slug
    start: date | None = None
    stop: date | None = None
    share: float = Field(1.0, gt=0, le=1)
    from_: float = Field(0.0, ge=0, lt=1, alias="from")
    scope: Scope = Scope()
    control: str
    arms: dict[str, Arm] = Field(min_length=2, max_length=8)
    plan: PowerPlan = PowerPlan()
    window_days: float = Field(
        14, gt=0, le=120, description="how long after her first mention a purchase counts"
    )
    counts: Literal["offer", "any"] = Field(
        "any", description="purchases of the scope's offer alone, or of anything"
    )

    model_config = ConfigDict(populate_by_name=True)

    def runs_at(self, at: datetime) -> bool:
        """Whether it takes in users at a time."""
        day = at.astimezone(UTC).date()
        return self.start is not None and self.start <= day and (not self.stop or day < self.stop)

    def is_open_at(self, at: datetime) -> bool:
        """Whether it takes in users, or what some of them buy still counts."""
        if self.start is None or self.stop is None:
            return self.start is not None
        end = datetime.combine(self.stop, time(), UTC) + timedelta(days=self.window_days)
        return at < end

    def holds(self, place: float) -> bool:
        """Whether a place of the layer, in [0, 1), takes part."""
        return self.from_ <= place < self.from_ + self.share

    def chance(self, arm: str) -> float:
        """The share of its users that an arm gets."""
        return self.arms[arm].weight / sum(one.weight for one in self.arms.values())


class Experiments(Entry):
    """`experiments.yaml`."""

    layers: dict[Slug, Layer] = Field(default_factory=dict)
    experiments: dict[Slug, Experiment] = Field(default_factory=dict)

    def open_at(self, at: datetime) -> frozenset[str]:
        """The names of those whose users are still counted, or are yet to be."""
        return frozenset(name for name, one in self.experiments.items() if one.is_open_at(at))

    def running(self, at: datetime) -> Iterator[tuple[str, Experiment]]:
        """Those that take in users at a time, in the order in which they act on a decision."""
        order = list(_ORDER)
        running = [item for item in self.experiments.items() if item[1].runs_at(at)]
        yield from sorted(running, key=lambda item: order.index(item[1].kind))


_ORDER = (
    ExperimentKind.THRESHOLD,
    ExperimentKind.OFFER,
    ExperimentKind.STRENGTH,
    ExperimentKind.TIER,
    ExperimentKind.TEMPLATE,
)
"""A decision's own order: whether, what, how strongly, whose words, which of them."""
