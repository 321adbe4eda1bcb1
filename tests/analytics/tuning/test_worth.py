"""What mentions add, on people of whom it is known."""

import math
from random import Random

import pytest

from tay_middleware.analytics.metrics import wilson
from tay_middleware.analytics.tuning.worth import (
    Subject,
    added,
    credited,
    effective_sample,
)
from tests.uncounted import at_scale

pytestmark = pytest.mark.scale

SHOWN = 0.8
"""A holdout of a fifth."""


def people(many: int, random: Random, *, lift: float) -> tuple[list[Subject], float]:
    """Users, of whom more buy the higher they score; and what mentions add to all of them."""
    found, truth = [], 0.0
    for _ in range(many):
        score = random.uniform(0.2, 1)
        alone = 0.02 + 0.10 * score**2
        treated = random.random() < SHOWN
        effect = lift * score
        truth += effect
        buys = random.random() < alone + (effect if treated else 0)
        net = 4_900.0 if buys else 0.0
        found.append(Subject(score, treated, SHOWN, float(buys), net))
    return found, truth


@at_scale
def test_the_truth_lies_in_the_interval_nineteen_times_of_twenty() -> None:
    random, held, biases = Random(3), 0, []
    runs = 300
    for _ in range(runs):
        subjects, truth = people(1_500, random, lift=0.06)
        found = added(subjects).purchases
        assert found.value is not None
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
        biases.append(found.value - truth)
    assert held / runs >= 0.92
    spread = math.sqrt(sum(one * one for one in biases) / runs)
    assert abs(sum(biases) / runs) < 3 * spread / math.sqrt(runs)


@at_scale
def test_where_mentions_add_nothing_nothing_is_what_is_found() -> None:
    random, alarms = Random(4), 0
    for _ in range(200):
        found = added(people(1_500, random, lift=0.0)[0]).purchases
        assert found.low is not None
        assert found.high is not None
        alarms += not found.low <= 0 <= found.high
    assert alarms / 200 <= 0.08


@at_scale
def test_scores_take_noise_away_that_arms_alone_leave_in() -> None:
    """Beside the plain difference of the arms, weighted by their chances."""
    random, robust, plain = Random(5), [], []
    for _ in range(200):
        subjects, truth = people(2_000, random, lift=0.05)
        robust.append((added(subjects).purchases.value or 0.0) - truth)
        weighted = [
            one.purchases / SHOWN if one.treated else -one.purchases / (1 - SHOWN)
            for one in subjects
        ]
        plain.append(sum(weighted) - truth)
    assert sum(one**2 for one in robust) < 0.97 * sum(one**2 for one in plain)


def test_the_effective_sample_is_that_of_its_weights() -> None:
    even = [Subject(1, bool(at % 2), 0.5, 0, 0) for at in range(100)]
    assert effective_sample(even) == pytest.approx(100)
    few = [Subject(1, at >= 10, 0.9, 0, 0) for at in range(100)]
    assert effective_sample(few) == pytest.approx(36)
    assert effective_sample([]) == 0


def test_what_is_too_thin_is_refused_with_its_number() -> None:
    everybody = [Subject(1, True, SHOWN, 1, 1) for _ in range(500)]
    silent = "nobody was held out: without a holdout the log cannot say what a mention adds"
    assert added(everybody).purchases.refused == silent
    few = [Subject(1, at % 5 > 0, SHOWN, 1, 1) for at in range(200)]
    assert added(few).net.refused == "an effective sample of 128 users, 200 are needed"
    unsold = [Subject(1, at % 5 > 0, SHOWN, float(at % 5 > 0), 1) for at in range(2_000)]
    assert added(unsold).net.refused == "0 buyers among the held out, 5 are needed"
    assert added(unsold).net.value is None
    assert credited(10, 199).refused == "199 users with a closed window, 200 are needed"
    assert credited(10, 200).value == 0.05


def test_shares_have_wilsons_interval() -> None:
    low, high = wilson(10 / 200, 200)
    assert low == pytest.approx(0.02738, abs=1e-4)
    assert high == pytest.approx(0.08955, abs=1e-4)
    assert wilson(0.0, 0) == (0.0, 1.0)
