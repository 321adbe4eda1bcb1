"""Intervals that know that a user has several turns."""

from importlib import import_module
from random import Random

import pytest

from tay_middleware.analytics.clustered import GROUPS, clustered, difference, group_of, student
from tay_middleware.analytics.metrics import rate

Counts = tuple[list[int], list[int]]


def sample(random: Random, users: int, share: float, alike: float, most: int = 6) -> Counts:
    """Hits and n by group, of users who resemble themselves: a beta-binomial."""
    hits, n = [0] * GROUPS, [0] * GROUPS
    spread = 1 / alike - 1
    for _ in range(users):
        own = random.betavariate(share * spread, (1 - share) * spread)
        group = random.randrange(GROUPS)
        for _ in range(random.randint(1, most)):
            n[group] += 1
            hits[group] += random.random() < own
    return hits, n


@pytest.mark.parametrize(("users", "share", "alike"), [(120, 0.08, 0.2), (500, 0.06, 0.3)])
def test_intervals_cover_where_those_of_single_turns_do_not(
    users: int, share: float, alike: float
) -> None:
    random = Random(11)
    covered = naive = 0
    runs = 400
    for _ in range(runs):
        hits, n = sample(random, users, share, alike)
        found, plain = clustered(hits, n), rate(sum(hits), sum(n))
        covered += (found.low or 0) <= share <= (found.high or 1)
        naive += (plain.low or 0) <= share <= (plain.high or 1)
    assert covered / runs >= 0.93
    assert naive / runs < 0.92


def test_a_difference_of_nothing_is_rarely_called_one() -> None:
    random = Random(5)
    alarms = 0
    for _ in range(400):
        one, other = sample(random, 200, 0.1, 0.2), sample(random, 150, 0.1, 0.2)
        _, low, high = difference(one, other) or (0.0, -1.0, 1.0)
        alarms += not low <= 0 <= high
    assert alarms / 400 <= 0.07


def test_a_real_difference_is_found() -> None:
    random = Random(6)
    one, other = sample(random, 900, 0.2, 0.1), sample(random, 900, 0.1, 0.1)
    whole, low, high = difference(one, other) or (0.0, 0.0, 0.0)
    assert 0 < low < whole < high


def test_nothing_has_no_interval() -> None:
    none = [0] * GROUPS
    assert clustered(none, none).share is None
    assert difference((none, none), (none, none)) is None
    one = [1, *none[1:]]
    assert difference((one, one), (none, [1] * GROUPS)) is None


def test_one_user_says_nothing_of_the_others() -> None:
    alone = [200] + [0] * (GROUPS - 1)
    found = clustered([90] + [0] * (GROUPS - 1), alone)
    assert (found.low, found.high) == (0.0, 1.0)


def test_a_side_without_sales_is_no_certainty() -> None:
    few = [1] * GROUPS
    assert difference(([0] * GROUPS, few), ([5] * GROUPS, [100] * GROUPS)) is None


def test_the_quantile_is_that_of_student() -> None:
    stats = import_module("scipy.stats")
    for degrees in (4, 9, 31):
        assert student(degrees) == pytest.approx(stats.t.ppf(0.975, degrees), rel=0.02)


def test_none_and_all_keep_an_open_end() -> None:
    none, ten = [0] * GROUPS, [10] * GROUPS
    assert clustered(none, ten).high == pytest.approx(0.0128, abs=0.001)
    assert clustered(ten, ten).low == pytest.approx(0.9872, abs=0.001)


def test_a_user_is_always_in_the_same_group() -> None:
    keys = [f"user-{number}" for number in range(5000)]
    groups = [group_of(key) for key in keys]
    assert groups == [group_of(key) for key in keys]
    sizes = [groups.count(group) for group in range(GROUPS)]
    assert min(sizes) > 100
    assert group_of("\ud800") in range(GROUPS)
