from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tay_middleware.analytics.experiments.tally import Cell, Sum, cells, difference, pooled
from tay_middleware.storage.reading.experiments import Cohort, Purchase
from tests.builders import NOON

DAY = timedelta(days=1)

counts = st.integers(1, 500).flatmap(lambda users: st.tuples(st.integers(0, users), st.just(users)))


def rate(hits: int, users: int) -> Cell:
    return Cell(Sum(users, hits, hits))


def a_cohort(arm: str = "A", version: str = "v1", users: int = 10) -> Cohort:
    return Cohort(arm, version, 0.5, users, users, 0, NOON, NOON)


def a_purchase(user: str = "ada", *, after: timedelta = DAY, **more: object) -> Purchase:
    values = {
        "user_key": user,
        "arm": "A",
        "playbook_version": "v1",
        "first_at": NOON,
        "offer": "mentorship",
        "at": NOON + after,
        "net": 100,
        "currency": "eur",
        **more,
    }
    return Purchase(**values)  # type: ignore[arg-type]  # by name, as the dataclass has them


@given(counts, counts)
def test_one_stratum_is_the_plain_difference(a: tuple[int, int], b: tuple[int, int]) -> None:
    found = difference({("A", "v1"): rate(*a), ("B", "v1"): rate(*b)}, "B", "A")
    assert found is not None
    assert found.estimate == pytest.approx(b[0] / b[1] - a[0] / a[1])
    assert found.users == a[1] + b[1]
    assert found.arm.users == pytest.approx(b[1])
    assert found.control.mean * found.control.users == pytest.approx(a[0])


@given(st.lists(st.tuples(counts, counts), min_size=1, max_size=5))
def test_strata_alike_come_to_what_one_comes_to(
    strata: list[tuple[tuple[int, int], tuple[int, int]]],
) -> None:
    found: dict[tuple[str, str], Cell] = {}
    for number, (a, b) in enumerate(strata):
        found |= {("A", str(number)): rate(*a), ("B", str(number)): rate(*b)}
    there = difference(found, "B", "A")
    back = difference(found, "A", "B")
    assert there is not None
    assert back is not None
    assert there.estimate == pytest.approx(-back.estimate)
    assert there.standard_error == pytest.approx(back.standard_error)
    plain = [b[0] / b[1] - a[0] / a[1] for a, b in strata]
    assert min(plain) - 1e-9 <= there.estimate <= max(plain) + 1e-9


def test_a_stratum_without_a_control_weighs_nothing() -> None:
    found = {
        ("A", "v1"): rate(5, 100),
        ("B", "v1"): rate(10, 100),
        ("B", "v2"): rate(90, 100),
    }
    made = difference(found, "B", "A")
    assert made is not None
    assert made.estimate == pytest.approx(0.05)
    assert difference({("B", "v2"): rate(1, 2)}, "B", "A") is None


def test_a_user_who_buys_twice_converts_once_and_pays_twice() -> None:
    bought = [
        a_purchase(),
        a_purchase(after=2 * DAY, net=300),
        a_purchase("bea", currency="usd"),
        a_purchase("cleo", after=14 * DAY),
        a_purchase("dora", offer="course"),
    ]
    made = cells([a_cohort()], bought, window_days=14, now=NOON + 20 * DAY, offer="mentorship")
    cell = made["A", "v1"]
    assert cell.conversions == Sum(10, 2, 2)
    assert cell.revenue == {"eur": Sum(10, 400, 160_000), "usd": Sum(10, 100, 10_000)}


def test_nobody_counts_before_her_window_is_over() -> None:
    made = cells([a_cohort()], [a_purchase()], window_days=14, now=NOON + 13 * DAY, offer=None)
    assert made["A", "v1"].conversions.total == 0


def test_money_is_per_user_of_all_strata_also_where_nobody_paid_in_it() -> None:
    found = {
        ("A", "v1"): Cell(Sum(10, 1, 1), {"eur": Sum(10, 500, 250_000)}),
        ("A", "v2"): Cell(Sum(30, 0, 0)),
    }
    assert pooled(found, "A").revenue["eur"] == Sum(40, 500, 250_000)
