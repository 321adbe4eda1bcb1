"""The statistics on worlds whose truth is known; `make stats-proof` plays them much longer."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.stats_oracles import CLOSE, ORACLES
from benchmarks.stats_proof import BETTER, NOBODY_BETTER, PAYS, Seen, users_until_paused, watch
from benchmarks.stats_world import World, agrees_with_the_product
from tay_middleware.analytics.experiments import plan
from tay_middleware.analytics.experiments.annoyance import evidence
from tay_middleware.analytics.experiments.beat import Posterior, chance_to_beat, expected_loss
from tay_middleware.analytics.experiments.ratio import evidence as imbalance
from tay_middleware.analytics.experiments.sequence import always_valid
from tay_middleware.analytics.experiments.tally import Sum
from tests.uncounted import at_scale

pytestmark = pytest.mark.scale

RUNS = 60


def runs(world: World, broken: float = 0.0, times: int = RUNS) -> Seen:
    return sum((watch(world, seed, broken) for seed in range(times)), Seen())


@pytest.mark.parametrize("name", ORACLES)
def test_another_library_comes_to_the_same(name: str) -> None:
    assert ORACLES[name][1]() <= CLOSE


@at_scale
@pytest.mark.parametrize("name", ["two arms", "one to four"])
def test_where_no_arm_is_better_none_is_shipped_however_often_one_looks(name: str) -> None:
    seen = runs(NOBODY_BETTER[name])
    assert seen.shipped <= 5, "3 of 60 are 5 %"
    assert seen.alarms == 0
    assert seen.always_inside >= 0.93 * RUNS
    assert seen.plain > seen.shipped, "an ordinary test would have shipped more"


@at_scale
def test_a_better_arm_is_found_with_the_planned_users() -> None:
    assert runs(BETTER).found >= 0.7 * RUNS


@at_scale
def test_the_holdout_recovers_what_the_mentions_brought() -> None:
    seen = runs(PAYS, times=30)
    assert seen.recovered >= 27
    assert sum(seen.estimates) / 30 == pytest.approx(0.01, abs=0.0015)


def test_a_broken_splitter_is_noticed() -> None:
    assert runs(NOBODY_BETTER["two arms"], 0.2, 20).alarms == 20


def test_a_bad_wording_is_paused_and_a_good_one_is_not() -> None:
    paused = [users_until_paused(0.3, seed, 300) for seed in range(40)]
    assert all(paused)
    assert not any(users_until_paused(0.1, seed, 2_000) for seed in range(40))


def test_the_hash_of_the_proof_is_the_product_s() -> None:
    assert agrees_with_the_product("a seed", 500)


@pytest.mark.parametrize(
    ("baseline", "lift", "shares", "read_once"),
    [(0.02, 0.5, (0.2, 0.8), 11_839), (0.02, 0.5, (0.1, 0.9), 21_047), (0.05, 0.6, (1, 1), 2_093)],
)
def test_a_plan_says_how_many_users_it_takes(
    baseline: float, lift: float, shares: tuple[float, ...], read_once: int
) -> None:
    made = plan(baseline, lift, shares)
    assert made.read_once == read_once
    assert made.read_once < made.users < made.to_decide
    assert made.users <= sum(made.arms()) <= made.users + len(shares)


def test_more_arms_need_more_users_each() -> None:
    assert plan(0.05, 0.5, (1, 1, 1)).arms()[0] > plan(0.05, 0.5).arms()[0]


@pytest.mark.parametrize(
    ("baseline", "lift", "shares"),
    [(0, 0.5, (1, 1)), (0.7, 0.5, (1, 1)), (0.05, 0, (1, 1)), (0.05, 1, (1,)), (0.05, 1, (1, 0))],
)
def test_what_cannot_be_planned_is_an_error(
    baseline: float, lift: float, shares: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match=r"must lie between|two arms or more"):
        plan(baseline, lift, shares)


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 400), st.integers(0, 400))
def test_one_of_two_arms_is_the_better_one(a: int, b: int, c: int, d: int) -> None:
    one, other = Posterior.of(a, a + b), Posterior.of(c, c + d)
    assert chance_to_beat(one, other) + chance_to_beat(other, one) == pytest.approx(1)
    assert 0 <= expected_loss(one, other) <= 1
    gap = expected_loss(one, other) - expected_loss(other, one)
    assert gap == pytest.approx(other.mean - one.mean, abs=1e-9)


@given(
    st.lists(st.integers(0, 1_000), min_size=2, max_size=5),
    st.lists(st.floats(0.05, 1), min_size=5, max_size=5),
)
def test_evidence_of_sizes_is_a_number_whatever_the_arms(
    counts: list[int], weights: list[float]
) -> None:
    names = "ABCDE"[: len(counts)]
    chances = dict(zip(names, weights, strict=False))
    assert math.isfinite(imbalance(dict(zip(names, counts, strict=True)), chances))


@given(st.integers(1, 5_000), st.integers(0, 5_000), st.floats(0.01, 0.9))
def test_more_bad_reactions_are_never_less_evidence(users: int, bad: int, limit: float) -> None:
    bad = min(bad, users - 1)
    assert evidence(users, bad + 1, limit) > evidence(users, bad, limit)


@given(st.lists(st.integers(0, 1_000), min_size=2), st.lists(st.integers(0, 1_000), min_size=1))
def test_sums_add_up_to_the_sum_of_all(one: list[int], other: list[int]) -> None:
    def of(values: list[int]) -> Sum:
        return Sum(len(values), sum(values), sum(value**2 for value in values))

    both = of(one) + of(other)
    assert both == of(one + other)
    mean = sum(one + other) / both.users
    exact = sum((value - mean) ** 2 for value in one + other) / (both.users - 1)
    assert both.variance == pytest.approx(exact, rel=1e-6, abs=1e-6)


def test_the_interval_is_narrowest_about_where_it_was_planned() -> None:
    def reach(users: int, planned: int) -> float:
        found = always_valid(0, 1 / math.sqrt(users), users, planned=planned, alpha=0.05)
        return found.high

    assert reach(4_000, 4_000) < min(reach(4_000, 400), reach(4_000, 40_000))
