"""What annoyance costs, beside the money of the same users in the same window."""

from collections.abc import Sequence
from random import Random
from uuid import UUID

import pytest

from tay_middleware.analytics.tuning import Log
from tay_middleware.analytics.tuning.cases import Case, Fate
from tay_middleware.analytics.tuning.gather import Sale
from tay_middleware.analytics.tuning.measure import Measure
from tay_middleware.analytics.tuning.worth import Estimate, Subject
from tay_middleware.playbook import Playbook, Policy
from tests.builders import NOON

from .test_tune import HELD_OUT, LIVE, a_case, a_log
from .world import DAY

DAY_SECONDS = DAY.total_seconds()
WINDOW_DAYS, DAYS = 14, 28
PRICE, BAD, SOLD = 5_000, 0.1, 0.05
"""Minor units of a sale; shares of the mentions that are taken badly, and that sell."""


@pytest.fixture
def policy(playbook: Playbook) -> Policy:
    holdout = playbook.policy.holdout.model_copy(
        update={"share": HELD_OUT, "window_days": WINDOW_DAYS}
    )
    return playbook.policy.model_copy(update={"holdout": holdout})


def on_day(case: Case, day: float) -> Case:
    asked = NOON.timestamp() + day * DAY_SECONDS
    return case._replace(asked=asked, answered=asked + 1)


def the_only_subject(
    policy: Policy, cases: Sequence[Case], annoyed: Sequence[int], currency: str = "eur"
) -> Subject:
    """Of a user who paid 5,000 minor units a day after the first question."""
    sale = Sale((NOON + DAY).timestamp(), PRICE, currency)
    log = a_log(
        list(cases), sales={"ada": [sale]}, annoyed=frozenset(UUID(int=one) for one in annoyed)
    )
    (found,) = Measure(log, policy, LIVE, annoyance_cost=20).subjects
    return found


def test_only_bad_reactions_to_mentions_in_the_users_window_cost(policy: Policy) -> None:
    days = {1: 0.0, 2: 13.9, 3: 14.0, 4: 20.0}
    cases = [on_day(a_case(at, 0.9, user="ada"), day) for at, day in days.items()]
    found = the_only_subject(policy, cases, annoyed=[2, 3, 4])
    assert found == Subject(0.9, True, 1 - HELD_OUT, 1.0, PRICE - 2_000)


def test_who_was_shown_nothing_costs_nothing(policy: Policy) -> None:
    case = a_case(1, 0.9, fate=Fate.HOLDOUT, user="ada")
    assert the_only_subject(policy, [case], annoyed=[1]).net == PRICE


@pytest.fixture(scope="module")
def visits() -> Log:
    """Users who ask once a week; each mention sells 5 % more, and a tenth is taken badly."""
    random = Random(1)
    cases: list[Case] = []
    sales: dict[str, list[Sale]] = {}
    annoyed: set[UUID] = set()
    for user in range(4_000):
        fate = Fate.HOLDOUT if random.random() < HELD_OUT else Fate.PASSES
        day = random.uniform(0, DAYS)
        while day < DAYS:
            case = on_day(a_case(len(cases) + 1, 0.35, fate=fate, user=f"u{user}"), day)
            cases.append(case)
            if case.shown and random.random() < BAD:
                annoyed.add(case.id)
            if random.random() < 0.02 + (SOLD if case.shown else 0):
                sales.setdefault(f"u{user}", []).append(Sale(case.asked + 60, PRICE, "usd"))
            day += 7
    until = NOON + DAYS * DAY
    return a_log(cases, until=until, sales=sales, annoyed=frozenset(annoyed))


def bounds(found: Estimate) -> tuple[float, float]:
    assert found.low is not None
    assert found.high is not None
    return found.low, found.high


@pytest.mark.parametrize("cost", [0, 15, 25, 40])
def test_money_and_annoyance_are_of_the_same_mentions(
    policy: Policy, visits: Log, cost: int
) -> None:
    """A user of a closed window has two mentions in it: what both are worth is known."""
    measure = Measure(visits, policy, LIVE, annoyance_cost=cost)
    worth = SOLD * PRICE - BAD * cost * 100
    truth = len(measure.subjects) * 2 * worth
    found = measure.lost_by(0.4, 0.95)
    low, high = bounds(found)
    assert low <= truth <= high
    assert measure.point(LIVE, [], 1).net == measure.added(LIVE).net == found


def test_the_interval_widens_with_what_annoyance_costs(policy: Policy, visits: Log) -> None:
    free, dear = (
        bounds(Measure(visits, policy, LIVE, annoyance_cost=cost).lost_by(0.4, 0.95))
        for cost in (0, 200)
    )
    assert dear[1] - dear[0] > 1.2 * (free[1] - free[0])


@pytest.mark.parametrize(("currency", "minor"), [("jpy", 20), ("eur", 2_000), ("kwd", 20_000)])
def test_a_cost_is_in_the_currency_of_the_sales(policy: Policy, currency: str, minor: int) -> None:
    case = a_case(1, 0.9, user="ada")
    assert the_only_subject(policy, [case], [1], currency).net == PRICE - minor
