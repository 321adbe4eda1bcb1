"""Counts of right and wrong answers, and how far to trust what they say.

Rows of one family are alike, so families are resampled, never rows: 20 questions in 15 copies are
20 questions.
"""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

RESAMPLES = 1_000
"""Resamples of an interval: its ends then move by less than half a point from seed to seed."""

SEED = 20_260_302
"""Fixed, so that a report is the same twice."""


@dataclass(frozen=True, slots=True)
class Interval:
    """The middle 95 % of what resampling gives; `low` and `high` lie between 0 and 1."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Tally:
    """Right and wrong verdicts. Tallies add up."""

    found: int = 0
    false: int = 0
    missed: int = 0
    passed: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.found + other.found,
            self.false + other.false,
            self.missed + other.missed,
            self.passed + other.passed,
        )

    @property
    def n(self) -> int:
        """All rows."""
        return self.found + self.false + self.missed + self.passed

    @property
    def positives(self) -> int:
        """Rows that are labelled to escalate."""
        return self.found + self.missed

    @property
    def precision(self) -> float | None:
        """Share of the escalations that are right; `None` when there are none."""
        return _share(self.found, self.found + self.false)

    @property
    def recall(self) -> float | None:
        """Share of the positives that were found; `None` when there are none."""
        return _share(self.found, self.positives)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall; 0 when nothing was found, `None` without need."""
        return _share(2 * self.found, 2 * self.found + self.false + self.missed)

    @property
    def rate(self) -> float | None:
        """Share of all rows that escalate; `None` when there are no rows."""
        return _share(self.found + self.false, self.n)


def wilson(part: int, whole: int) -> Interval | None:
    """The 95 % score interval of a share (Wilson 1927); `None` without rows."""
    if whole == 0:
        return None
    z = 1.959964
    share = part / whole
    centre = (share + z * z / (2 * whole)) / (1 + z * z / whole)
    half = z * math.sqrt(share * (1 - share) / whole + z * z / (4 * whole**2)) / (1 + z * z / whole)
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def bootstrap(
    families: Mapping[str, Tally],
    figure: Callable[[Tally], float | None],
    *,
    seed: int = SEED,
    resamples: int = RESAMPLES,
) -> Interval | None:
    """The percentile interval of a figure, families resampled with replacement.

    `None` when fewer than two families are there, or when no resample has the figure.
    """
    if len(families) < 2:
        return None
    random_ = random.Random(seed)  # noqa: S311 - resampling, not secrets
    tallies = list(families.values())
    values = [
        value
        for _ in range(resamples)
        if (value := figure(_sum(random_.choices(tallies, k=len(tallies))))) is not None
    ]
    if not values:
        return None
    values.sort()
    last = len(values) - 1
    return Interval(values[round(0.025 * last)], values[round(0.975 * last)])


def _sum(tallies: Sequence[Tally]) -> Tally:
    return Tally(
        sum([tally.found for tally in tallies]),
        sum([tally.false for tally in tallies]),
        sum([tally.missed for tally in tallies]),
        sum([tally.passed for tally in tallies]),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
