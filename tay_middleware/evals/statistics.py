"""Counts of right and wrong answers, and how far to trust what they say.

Rows of one family are alike, so families are resampled, never rows: 20 questions in 15 copies are
20 questions. Resampling draws how often each family comes, all resamples at once.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tay_middleware.analytics import metrics

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
    """The 95 % score interval of a share; `None` without rows."""
    return Interval(*metrics.wilson(part / whole, whole)) if whole else None


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
    drawn = _resampled([_counts(tally) for tally in families.values()], seed, resamples)
    return _middle([figure(Tally(*counts)) for counts in drawn])


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of one run less that of another on the same rows; `interval` is its middle 95 %."""

    value: float
    interval: Interval


def paired_bootstrap(
    families: Mapping[str, tuple[Tally, Tally]],
    figure: Callable[[Tally], float | None],
    *,
    seed: int = SEED,
    resamples: int = RESAMPLES,
) -> Difference | None:
    """How much the second tally's figure exceeds the first's, the same families drawn for both.

    The interval's ends lie between -1 and 1. `None` as for `bootstrap`.
    """
    if len(families) < 2:
        return None
    both = [(*_counts(first), *_counts(second)) for first, second in families.values()]

    def gained(counts: tuple[int, ...]) -> float | None:
        one, other = figure(Tally(*counts[:4])), figure(Tally(*counts[4:]))
        return None if one is None or other is None else other - one

    value = gained(tuple(sum(column) for column in zip(*both, strict=True)))
    interval = _middle([gained(counts) for counts in _resampled(both, seed, resamples)])
    return None if value is None or interval is None else Difference(value, interval)


def mcnemar(lost: int, won: int) -> float:
    """The exact two-sided p of McNemar's test: could so uneven a split of flips be chance?"""
    from scipy.stats import binomtest  # noqa: PLC0415 - an extra

    return float(binomtest(lost, lost + won).pvalue) if lost + won else 1.0


def _resampled(rows: list[tuple[int, ...]], seed: int, resamples: int) -> list[tuple[int, ...]]:
    """The sums of the columns of `rows` in each resample.

    Equal rows are drawn together: how often any of them comes is multinomial too, and ten thousand
    families have a hundred different counts.
    """
    import numpy as np  # noqa: PLC0415 - an extra

    many = len(rows)
    different, times = zip(*sorted(Counter(rows).items()), strict=True)
    shares = [each / many for each in times]
    drawn = np.random.default_rng(seed).multinomial(many, shares, size=resamples)
    sums = drawn @ np.array(different)
    return [tuple(counts) for counts in sums.tolist()]


def _counts(tally: Tally) -> tuple[int, ...]:
    return tally.found, tally.false, tally.missed, tally.passed


def _middle(values: list[float | None]) -> Interval | None:
    """The middle 95 % of the values that there are."""
    there = sorted(value for value in values if value is not None)
    if not there:
        return None
    last = len(there) - 1
    return Interval(there[round(0.025 * last)], there[round(0.975 * last)])


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
