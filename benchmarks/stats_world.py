"""Experiments whose truth is known, played through the hash and the judge that the product uses.

Users come evenly over the days, are drawn by the product's own hash, and buy after a random delay;
`looks` judges the same experiment at the end of every day, as a nosy owner would.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tay_middleware.analytics.experiments.frame import SHOWN, Frame
from tay_middleware.analytics.experiments.judge import Counted, judge
from tay_middleware.analytics.experiments.verdict import State, Verdict
from tay_middleware.decide.assign import BUCKETS, bucket
from tay_middleware.playbook import HOLDOUT
from tay_middleware.storage.reading.experiments import Cohort, Purchase

START = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 60
WINDOW_DAYS = 14.0
PRICE = 20_000
"""Of what is bought, in minor units; half of the buyers pay twice as much."""

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class World:
    """What is true: the rate of each arm; and what is planned: chances, baseline and lift."""

    rates: Mapping[str, float]
    chances: Mapping[str, float]
    users: int
    baseline: float
    lift: float
    kind: str = "template"
    control: str = "A"

    def frame(self) -> Frame:
        """The experiment as the judge sees it."""
        return Frame(
            name="proof",
            kind=self.kind,
            asks="Is it true?",
            state=State.RUNNING,
            start=START.date(),
            stop=None,
            window_days=WINDOW_DAYS,
            control=self.control,
            chances=self.chances,
            baseline=self.baseline,
            lift=self.lift,
            offer=None,
            says={},
        )


def a_holdout(share: float, base: float, lift: float, users: int) -> World:
    """A world in which a mention brings `lift` more than silence."""
    return World(
        rates={HOLDOUT: base, SHOWN: base * (1 + lift)},
        chances={HOLDOUT: share, SHOWN: 1 - share},
        users=users,
        baseline=base,
        lift=lift or 0.5,
        kind=HOLDOUT,
        control=HOLDOUT,
    )


@dataclass(frozen=True)
class Played:
    """One run of a world: per user the day of coming and the arm; its purchases in order."""

    world: World
    came: Floats
    arms: Whole
    purchases: Sequence[Purchase]

    def at(self, day: float) -> Verdict:
        """The verdict at the end of a day."""
        now = START + timedelta(days=day)
        upto = bisect_left(self.purchases, now, key=lambda one: one.at)
        counted = Counted(tuple(self._cohorts(day)), self.purchases[:upto], crossed=0)
        return judge(self.world.frame(), counted, now)

    def looks(self, looks: int) -> Iterator[Verdict]:
        """The verdicts at `looks` moments, evenly spaced, the last when all windows are over."""
        for look in range(1, looks + 1):
            yield self.at(DAYS * look / looks)

    def _cohorts(self, day: float) -> Iterator[Cohort]:
        for index, (name, chance) in enumerate(self.world.chances.items()):
            mine = self.came[self.arms == index]
            users = int(np.searchsorted(mine, day))
            if users:
                yield Cohort(
                    arm=name,
                    playbook_version="v1",
                    chance=chance,
                    users=users,
                    matured=int(np.searchsorted(mine, day - WINDOW_DAYS, side="right")),
                    recent=users - int(np.searchsorted(mine, day - WINDOW_DAYS)),
                    first_at=_moment(float(mine[0])),
                    last_at=_moment(float(mine[users - 1])),
                )


def play(world: World, seed: int, arms: Whole | None = None) -> Played:
    """Play a world once; `arms` other than by the hash is a splitter of the caller's own."""
    random = np.random.default_rng(seed)
    came = np.sort(random.uniform(0, DAYS - WINDOW_DAYS, world.users))
    drawn = (
        split(f"run-{seed}", world.users, list(world.chances.values())) if arms is None else arms
    )
    rates = np.array(list(world.rates.values()))[drawn]
    buys = random.random(world.users) < rates
    delays = np.minimum(random.exponential(3.0, world.users), WINDOW_DAYS - 0.01)
    twice = random.random(world.users) < 0.5
    names = list(world.chances)
    found = [
        Purchase(
            user_key=str(user),
            arm=names[drawn[user]],
            playbook_version="v1",
            first_at=_moment(float(came[user])),
            offer="mentorship",
            at=_moment(float(came[user] + delays[user])),
            net=PRICE * (1 + int(twice[user])),
            currency="eur",
        )
        for user in np.flatnonzero(buys)
    ]
    return Played(world, came, drawn, sorted(found, key=lambda one: one.at))


def split(seed: str, users: int, chances: Sequence[float]) -> Whole:
    """The arm of each of the users 000000, 000001, … under a seed, by the product's own hash."""
    places = np.round(buckets(seed, users) * BUCKETS)
    edges = np.cumsum(np.array(chances) / sum(chances))[:-1]
    return np.searchsorted(edges, places / BUCKETS, side="right").astype(np.int64)


def buckets(seed: str, users: int) -> Floats:
    """`decide.assign.bucket` of all these users at once, written again for arrays."""
    numbers = np.arange(users, dtype=np.uint64)
    first = np.full(users, _of(seed), dtype=np.uint64)
    for place in range(5, -1, -1):
        first = _step(first, ord("0") + numbers // np.uint64(10**place) % np.uint64(10))
    second = np.full(users, 0x811C9DC5, dtype=np.uint64)
    for place in range(9, -1, -1):
        has_digit = first >= np.uint64(10**place) if place else np.ones(users, dtype=bool)
        digit = ord("0") + first // np.uint64(10**place) % np.uint64(10)
        second = np.where(has_digit, _step(second, digit), second)
    return (second % np.uint64(BUCKETS)).astype(np.float64) / BUCKETS


def agrees_with_the_product(seed: str, users: int) -> bool:
    """Whether the hash of whole arrays and the product's own give the same."""
    ours = [bucket(seed, f"{number:06d}") for number in range(users)]
    return bool(np.allclose(buckets(seed, users), ours, atol=1e-12))


def _of(text: str) -> int:
    value = 0x811C9DC5
    for character in text:
        value = ((value ^ ord(character)) * 0x01000193) & 0xFFFFFFFF
    return value


def _step(value: Any, character: Any) -> Any:
    return ((value ^ character) * np.uint64(0x01000193)) & np.uint64(0xFFFFFFFF)


def _moment(day: float) -> datetime:
    return START + timedelta(days=day)
