"""Arms that hand out links beside arms that do not: whose purchases count."""

from typing import Any

import pytest
from sqlalchemy import Connection

from tay_middleware.analytics.experiments import Call, Verdict
from tay_middleware.analytics.experiments.buyers import Traced
from tay_middleware.analytics.experiments.links import are_links_alike
from tay_middleware.playbook import Playbook
from tests.analytics.experiments.rows import DAY, Play, buy, expose, expose_many
from tests.analytics.experiments.test_examine import counts, verdict_on, with_test
from tests.builders import NOON

HELD: dict[str, Any] = {"experiment": "holdout", "chance": 0.2}
SHOWN: dict[str, Any] = {"experiment": "holdout", "chance": 0.8}


def on_holdout(play: Play, playbook: Playbook, write: Any) -> Verdict:
    return verdict_on(play, with_test(playbook, holdout=0.2), write, only="holdout")


def test_mentions_that_sell_nothing_are_not_shipped_where_links_alone_name_buyers(
    play: Play, playbook: Playbook
) -> None:
    """One in twenty buys, shown or not; the shown are known by their links, of the others few."""

    def write(connection: Connection) -> None:
        expose_many(connection, "shown", range(1_600), buyers=80, known_by="token", **SHOWN)
        expose_many(connection, "holdout", range(400), buyers=5, **HELD)
        for number in range(5, 20):
            buy(connection, f"holdout{number}", known_by="nobody")

    verdict = on_holdout(play, playbook, write)
    assert counts(verdict) == {"holdout": (400, 400, 5), "shown": (1600, 1600, 0)}
    assert (verdict.call, verdict.words) == (Call.UNHEALTHY, "unhealthy: do not read")
    assert (verdict.comparisons, verdict.increments) == ((), ())
    (problem,) = verdict.health.problems
    assert problem.startswith("80 of 85 purchases are known by a link")
    assert "tay_user_id" in problem
    (doubt,) = verdict.health.doubts
    assert doubt.startswith("15 purchases of its time are nobody's, beside 5 that count")


def test_with_ids_at_the_checkout_links_change_nothing(play: Play, playbook: Playbook) -> None:
    """The same world, and every checkout is told who buys; a few come from elsewhere by a link."""

    def write(connection: Connection) -> None:
        expose_many(connection, "shown", range(1_600), buyers=80, **SHOWN)
        expose_many(connection, "holdout", range(400), buyers=20, **HELD)
        for number in range(80, 83):
            buy(connection, f"shown{number}", known_by="token")

    verdict = on_holdout(play, playbook, write)
    assert counts(verdict) == {"holdout": (400, 400, 20), "shown": (1600, 1600, 80)}
    assert verdict.health.is_sound
    assert verdict.health.doubts == ()
    assert verdict.call is Call.KEEP_COLLECTING
    assert verdict.increments[0].amount == pytest.approx(0)
    assert any(note.startswith("3 purchases are left out: a link") for note in verdict.notes)


def test_a_known_customer_counts_and_an_admin_s_word_does_not(
    play: Play, playbook: Playbook
) -> None:
    def write(connection: Connection) -> None:
        expose(connection, "ref", "shown", **SHOWN)
        buy(connection, "ref", known_by="reference")
        expose(connection, "customer", "shown", **SHOWN)
        buy(connection, "customer", known_by="token", customer="stripe:1")
        buy(connection, "customer", at=NOON - DAY, number=1, customer="stripe:1")
        expose(connection, "by link", "shown", **SHOWN)
        buy(connection, "by link", known_by="token", customer="stripe:2")
        expose(connection, "assigned", "shown", **SHOWN)
        buy(connection, "assigned", known_by="admin")
        expose(connection, "held", "holdout", **HELD)
        buy(connection, "held")

    assert counts(on_holdout(play, playbook, write)) == {"holdout": (1, 1, 1), "shown": (4, 4, 2)}


@pytest.mark.parametrize(
    ("arms", "counted"),
    [
        ({"kind": "template"}, {"A": (2, 2, 2), "B": (1, 1, 0)}),
        (
            {"kind": "strength", "arms": {"A": {}, "B": {"raise": 1}}},
            {"A": (2, 2, 1), "B": (1, 1, 0)},
        ),
    ],
)
def test_a_link_s_word_counts_where_all_arms_hand_out_the_same(
    play: Play,
    playbook: Playbook,
    arms: dict[str, Any],
    counted: dict[str, tuple[int, int, int]],
) -> None:
    def write(connection: Connection) -> None:
        expose(connection, "one", "A")
        buy(connection, "one", known_by="token")
        expose(connection, "other", "A")
        buy(connection, "other")
        expose(connection, "third", "B")

    assert counts(verdict_on(play, with_test(playbook, **arms), write)) == counted


@pytest.mark.parametrize(
    ("more", "alike"),
    [
        ({"scope": {"offer": "mentorship", "strength": "standard", "tier": "any"}}, True),
        ({"kind": "strength", "arms": {"A": {}, "B": {"raise": 1}}}, False),
        ({"kind": "threshold", "arms": {"A": {}, "B": {"confidence": 0.9}}}, False),
        ({"kind": "tier", "arms": {"A": {"wording": "all"}, "B": {"wording": "own"}}}, True),
        (
            {
                "kind": "offer",
                "scope": {"offer": "mentorship"},
                "arms": {"A": {}, "B": {"offer": "course"}},
            },
            True,
        ),
    ],
)
def test_the_playbook_says_whether_links_are_alike(
    playbook: Playbook, more: dict[str, Any], alike: bool
) -> None:
    tested = with_test(playbook, **more).experiments.experiments["test"]
    assert are_links_alike(tested, playbook) is alike


def test_few_losses_are_no_problem() -> None:
    assert list(Traced(named=1, by_link=9).problems()) == []
    assert list(Traced(named=400, by_link=20).problems()) == []
    assert list(Traced(named=100, by_link=10).problems())
    assert list(Traced(named=100, nobodys=10).doubts())
