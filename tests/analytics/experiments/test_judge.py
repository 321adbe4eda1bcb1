"""What counts come to in the words of a decision, without a database."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from benchmarks.stats_proof import is_always_inside
from tay_middleware.analytics.experiments import Call, State, Verdict
from tay_middleware.analytics.experiments.exact import rate_interval
from tay_middleware.analytics.experiments.frame import Frame
from tay_middleware.analytics.experiments.judge import Counted, judge
from tay_middleware.analytics.experiments.sequence import always_valid, users_until
from tay_middleware.storage.reading.experiments import Cohort, Purchase

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DAY = timedelta(days=1)


def judged(
    arms: dict[str, tuple[int, int]], *, crossed: int = 0, nobodys: int = 0, **more: Any
) -> Verdict:
    """Of matured users and buyers by arm, the control first; a tenth more came in two weeks."""
    shares = {name: 1 / len(arms) for name in arms}
    frame = Frame(
        **{
            "name": "test",
            "kind": "template",
            "asks": "Which is better?",
            "state": State.RUNNING,
            "start": date(2026, 1, 1),
            "stop": None,
            "window_days": 14,
            "control": next(iter(arms)),
            "chances": shares,
            "baseline": 0.05,
            "lift": 0.5,
            "offer": None,
            "says": {},
            **more,
        }
    )
    first = NOW - 200 * DAY
    cohorts = [
        Cohort(arm, "v", frame.chances[arm], users + users // 10, users, users // 10, first, NOW)
        for arm, (users, _) in arms.items()
    ]
    bought = [
        Purchase(f"{arm}{n}", arm, "v", first, "mentorship", first + DAY, 100, "usd")
        for arm, (_, buyers) in arms.items()
        for n in range(buyers)
    ]
    return judge(frame, Counted(cohorts, bought, crossed, nobodys=nobodys), NOW)


HOLDOUT: dict[str, Any] = {
    "kind": "holdout",
    "name": "holdout",
    "chances": {"holdout": 0.2, "shown": 0.8},
}


def test_what_is_unhealthy_is_neither_compared_nor_counted_in_money() -> None:
    arms = {"holdout": (1_000, 10), "shown": (4_000, 400)}
    sound = judged(arms, **HOLDOUT)
    assert (sound.call, len(sound.comparisons), len(sound.increments)) == (Call.SHIP, 1, 2)
    torn = judged(arms, crossed=900, **HOLDOUT)
    assert (torn.call, torn.comparisons, torn.increments) == (Call.UNHEALTHY, (), ())


def test_an_arm_that_may_be_much_worse_is_no_difference() -> None:
    worse = judged({"A": (6_000, 300), "B": (6_000, 242)})
    (found,) = worse.comparisons
    assert found.interval.low < -0.01
    assert 0 < found.interval.high < 0.0125
    assert judged({"A": (6_000, 300), "B": (6_000, 242)}, lift=0.25).call is Call.NOT_BETTER
    assert worse.call is Call.NO_DIFFERENCE, "half of the baseline is more than it may lose"


@pytest.mark.parametrize(
    ("buyers", "call", "words"),
    [
        (242, Call.NOT_BETTER, "not better than A by anything worth having, and may be worse"),
        (200, Call.SHIP, "ship A"),
    ],
)
def test_nothing_worth_having_is_said_of_both_sides(buyers: int, call: Call, words: str) -> None:
    found = judged({"A": (6_000, 300), "B": (6_000, buyers)}, lift=0.25)
    assert (found.call, found.words) == (call, words)
    same = judged({"A": (20_000, 1_000), "B": (20_000, 1_000)}, lift=0.25)
    assert (same.call, same.words) == (Call.NO_DIFFERENCE, "no difference worth having")


def test_mentions_that_may_cost_sales_are_not_called_harmless() -> None:
    arms = {"holdout": (3_000, 240), "shown": (12_000, 850)}
    found = judged(arms, **HOLDOUT)
    assert found.call is Call.NOT_BETTER
    assert found.words == "the mentions add nothing worth having, and may cost sales"


def test_past_its_users_it_says_why_there_is_no_answer_and_when_there_will_be() -> None:
    """A fifth buys where a twentieth was planned for: eight thousand an arm are not enough."""
    found = judged({"A": (8_000, 1_600), "B": (8_000, 1_720)})
    assert found.call is Call.KEEP_COLLECTING
    assert found.planned > 17_600
    left = (found.planned - 17_600) / (1_600 / 14) + 14
    assert found.days_left == pytest.approx(left, abs=1)
    assert found.words == (
        "it has had its users: people buy more often than it was planned for; "
        f"about {found.days_left} days more would tell"
    )


def test_near_the_edge_it_says_so_and_counts_to_the_user_who_decides() -> None:
    """With the number that it names, of the same rates, no interval leaves both verdicts open."""
    arms = {"A": (7_000, 406), "B": (7_000, 494)}
    found = judged(arms)
    assert found.words.startswith(
        "it has had its users: the difference is near the edge of what is worth having; about "
    )
    for times, open_still in ((found.planned / 14_000, False), (1.02, True)):
        more = {arm: (round(n * times), round(k * times)) for arm, (n, k) in arms.items()}
        assert (judged(more).call is Call.KEEP_COLLECTING) is open_still


def test_the_wait_for_windows_ends_with_those_that_are_needed() -> None:
    """A few users are missing, and have come; those of the last days need not be waited for."""
    found = judged({"A": (2_800, 140), "B": (2_800, 176)})
    assert found.planned == 5_622
    assert found.days_left == 1


def test_an_arm_that_hardly_sells_loses_to_one_that_does() -> None:
    found = judged({"A": (2_000, 100), "B": (2_000, 4)})
    assert (found.call, found.ship) == (Call.SHIP, "A")
    turned = judged({"A": (2_000, 4), "B": (2_000, 100)})
    assert (turned.call, turned.ship) == (Call.SHIP, "B")
    three = judged({"A": (2_000, 100), "B": (2_000, 200), "C": (2_000, 1)})
    assert (three.call, three.ship) == (Call.SHIP, "B")
    early = judged({"A": (100, 6), "B": (100, 4)})
    assert (early.call, early.comparisons) == (Call.KEEP_COLLECTING, ())


def test_past_its_users_with_hardly_a_purchase_it_says_that() -> None:
    found = judged({"A": (5_000, 3), "B": (5_000, 30)}, baseline=0.001, lift=10.0)
    assert found.words == "it has had its users: an arm has too few purchases to be compared"


def test_the_interval_of_few_holds_the_rate_however_often_one_looks() -> None:
    held = sum(is_always_inside(0.005, 600, seed) for seed in range(60))
    assert held >= 57, "one in twenty may be wrong"


def test_the_interval_of_few_has_its_edges_where_the_evidence_is() -> None:
    found = rate_interval(0, 1_000, 0.05)
    assert found.low == 0
    assert 0.003 < found.high < 0.01
    assert rate_interval(0, 0, 0.05).high == 1
    assert rate_interval(1_000, 1_000, 0.05).high == 1


def test_how_many_users_an_interval_needs_is_when_it_gets_there() -> None:
    def reach(users: float) -> float:
        return always_valid(0, 1 / users**0.5, users, planned=4_000, alpha=0.05).high

    users = users_until(reach(5_000), 5_000, reach(9_000), planned=4_000, alpha=0.05)
    assert users == pytest.approx(9_000, abs=2)
    assert users_until(reach(5_000), 5_000, 1.0, planned=4_000, alpha=0.05) == 5_000


def test_what_is_nobody_s_casts_doubt_where_arms_hand_out_links_unlike() -> None:
    arms = {"holdout": (1_000, 10), "shown": (4_000, 400)}
    assert judged(arms, nobodys=30, links_alike=False, **HOLDOUT).health.doubts
    assert not judged(arms, nobodys=30, **HOLDOUT).health.doubts
