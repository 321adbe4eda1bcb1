import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tay_middleware.evals.statistics import Interval, Tally, bootstrap, wilson

counts = st.integers(0, 500)
tallies = st.builds(Tally, counts, counts, counts, counts)


def f1(tally: Tally) -> float | None:
    return tally.f1


def test_figures_of_a_tally() -> None:
    tally = Tally(found=6, false=2, missed=4, passed=8)
    assert (tally.n, tally.positives) == (20, 10)
    assert (tally.precision, tally.recall, tally.rate) == (0.75, 0.6, 0.4)
    assert tally.f1 == pytest.approx(2 * 0.75 * 0.6 / 1.35)


def test_a_figure_that_cannot_be_computed_is_none() -> None:
    nothing = Tally(passed=3)
    assert (nothing.precision, nothing.recall, nothing.f1, Tally().rate) == (None,) * 4


def test_finding_nothing_is_zero_not_none() -> None:
    assert (Tally(missed=3).f1, Tally(missed=3).recall) == (0.0, 0.0)


@given(tallies, tallies)
def test_tallies_add_up(one: Tally, other: Tally) -> None:
    assert (one + other).n == one.n + other.n
    assert one + other == other + one
    assert one + Tally() == one


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (80, 640, 0.1016, 0.1529)],
)
def test_the_interval_of_a_share_is_wilsons(part: int, whole: int, low: float, high: float) -> None:
    interval = wilson(part, whole)
    assert interval is not None
    assert interval.low == pytest.approx(low, abs=1e-4)
    assert interval.high == pytest.approx(high, abs=1e-4)


def test_no_rows_have_no_interval() -> None:
    assert wilson(0, 0) is None


@given(counts, counts)
def test_a_share_lies_in_its_interval(part: int, rest: int) -> None:
    interval = wilson(part, part + rest)
    if interval is not None:
        assert 0.0 <= interval.low <= part / (part + rest) + 1e-12
        assert part / (part + rest) - 1e-12 <= interval.high <= 1.0


def test_copies_of_a_family_do_not_narrow_the_interval() -> None:
    rows = [Tally(found=1), Tally(false=1), Tally(missed=1), Tally(found=1)] * 5
    single = bootstrap({str(at): row for at, row in enumerate(rows)}, f1)
    copied = bootstrap(
        {str(at): Tally(*(15 * part for part in _parts(row))) for at, row in enumerate(rows)}, f1
    )
    assert single == copied
    assert single is not None
    assert single.high - single.low > 0.2


def test_the_same_seed_gives_the_same_interval() -> None:
    families = {str(at): Tally(found=at % 3, false=at % 2, missed=1) for at in range(40)}
    assert bootstrap(families, f1) == bootstrap(families, f1)
    assert bootstrap(families, f1) != bootstrap(families, f1, seed=1)


def test_a_family_alone_or_without_the_figure_has_no_interval() -> None:
    assert bootstrap({"a": Tally(found=3)}, f1) is None
    assert bootstrap({"a": Tally(passed=3), "b": Tally(passed=1)}, f1) is None


def test_families_are_drawn_as_one_by_one_though_equal_ones_are_drawn_together() -> None:
    families = [Tally(found=5, missed=1), Tally(found=1), Tally(missed=2), Tally(found=1)] * 25
    randomness = random.Random(7)
    slow = sorted(
        sum(randomness.choices(families, k=len(families)), Tally()).recall or 0.0
        for _ in range(4_000)
    )
    fast = bootstrap({str(at): row for at, row in enumerate(families)}, _recall, resamples=4_000)
    assert fast is not None
    assert (fast.low, fast.high) == pytest.approx((slow[100], slow[3_899]), abs=0.015)


@given(st.lists(tallies, min_size=2, max_size=12))
def test_an_interval_lies_between_zero_and_one(rows: list[Tally]) -> None:
    interval = bootstrap({str(at): row for at, row in enumerate(rows)}, f1, resamples=40)
    if interval is not None:
        assert 0.0 <= interval.low <= interval.high <= 1.0
        assert not math.isnan(interval.low)
        assert isinstance(interval, Interval)


def _recall(tally: Tally) -> float | None:
    return tally.recall


def _parts(tally: Tally) -> tuple[int, int, int, int]:
    return tally.found, tally.false, tally.missed, tally.passed
