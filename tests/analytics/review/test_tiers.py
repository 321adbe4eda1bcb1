"""Whether a tier's own wording pays: shares drawn towards the mean, and what is sure of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks.stats_world import World, play
from tay_middleware.analytics.experiments import Call, Health, Verdict
from tay_middleware.analytics.review.sentences import Claim, _of_tests, _of_tiers
from tay_middleware.analytics.review.tiers import (
    Cell,
    cells,
    is_drawn,
    prior_strength,
    worth_of_tiers,
)
from tay_middleware.playbook import Playbook

SINCE, UNTIL = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 29, tzinfo=UTC)


def both(own: tuple[int, int], common: tuple[int, int]) -> list[Cell]:
    return [
        Cell("mentorship", "standard", "vip", True, *own),
        Cell("mentorship", "standard", "vip", False, *common),
    ]


def test_a_wording_that_is_clearly_better_has_the_better_chance() -> None:
    [paid] = worth_of_tiers(both((600, 90), (600, 30)))
    assert paid.chance > 0.99
    assert paid.own > paid.common
    [other] = worth_of_tiers(both((600, 30), (600, 90)))
    assert other.chance < 0.01


def test_a_lucky_cell_of_three_is_drawn_to_the_mean() -> None:
    found = [*both((3, 2), (400, 24)), Cell("course", "gentle", "free", False, 900, 50)]
    [paid] = worth_of_tiers(found)
    assert paid.own < 0.2
    assert 0.1 < paid.chance < 0.9


def test_a_tier_without_wording_of_its_own_is_not_judged() -> None:
    assert worth_of_tiers([Cell("course", "gentle", "free", False, 900, 50)]) == ()
    assert worth_of_tiers([]) == ()


def test_cells_that_differ_by_chance_alone_share_one_rate() -> None:
    same = [Cell("course", "gentle", "free", False, 100, hits) for hits in (9, 10, 11, 10)]
    apart = [Cell("course", "gentle", "free", False, 100, hits) for hits in (1, 30, 2, 40)]
    assert prior_strength(same) > 10 * prior_strength(apart)


def test_the_id_of_a_wording_names_its_tier() -> None:
    rows = [
        ("course", "gentle", "vip", "course.gentle.vip.A", 10, 1),
        ("course", "gentle", "vip", "course.gentle.vip.B", 5, 1),
        ("course", "gentle", "vip", "course.gentle.any.A", 7, 0),
        ("course", "", "vip", "odd", 3, 0),
    ]
    assert cells(rows) == [
        Cell("course", "", "vip", False, 3, 0),
        Cell("course", "gentle", "vip", False, 7, 0),
        Cell("course", "gentle", "vip", True, 15, 2),
    ]


def with_test(playbook: Playbook, **more: Any) -> Playbook:
    """The shipped test of premium users' wording, other than it is shipped."""
    tests = dict(playbook.experiments.experiments)
    scope = tests["tier-wordings"].scope.model_copy(update=more.pop("scope", {}))
    tests["tier-wordings"] = tests["tier-wordings"].model_copy(update={**more, "scope": scope})
    found = playbook.experiments.model_copy(update={"experiments": tests})
    return replace(playbook, experiments=found)


def claimed(
    playbook: Playbook, found: Sequence[Cell], verdicts: Sequence[Verdict] = ()
) -> list[Claim]:
    facts = SimpleNamespace(playbook=playbook, tiers=worth_of_tiers(found), verdicts=verdicts)
    return [*_of_tests(facts), *_of_tiers(facts)]  # type: ignore[arg-type]  # stands in with the few fields that are read


def test_shares_of_mentions_are_never_sure_however_far_apart(playbook: Playbook) -> None:
    """The test that runs is of premium users; these are VIP."""
    running = with_test(playbook, start=date(2026, 1, 1))
    assert claimed(running, both((600, 90), (600, 30))) == [
        Claim(
            "Whether wording made for vip users pays: 14.9 % of 600 against 5.1 % of 600, after "
            "shrinkage.",
            False,
        )
    ]


@pytest.mark.parametrize(
    ("more", "tier", "drawn"),
    [
        ({"start": date(2026, 11, 1)}, "premium", True),
        ({"start": date(2026, 11, 1)}, "vip", False),
        ({"start": date(2026, 11, 1), "scope": {"tier": None}}, "vip", True),
        ({"start": date(2026, 11, 1), "scope": {"offer": "course"}}, "premium", False),
        ({"start": date(2026, 11, 1), "share": 0.5}, "premium", False),
        ({"start": None}, "premium", False),
        ({"start": date(2027, 1, 4)}, "premium", False),
        ({"start": date(2026, 11, 2)}, "premium", False),
        ({"start": date(2026, 1, 1), "stop": date(2026, 11, 29)}, "premium", True),
        ({"start": date(2026, 1, 1), "stop": date(2026, 11, 28)}, "premium", False),
    ],
)
def test_chance_decided_where_a_test_of_the_tier_ran_all_that_time(
    playbook: Playbook, more: dict[str, Any], tier: str, drawn: bool
) -> None:
    assert is_drawn(with_test(playbook, **more), tier, SINCE, UNTIL) is drawn


def a_world(all_: float, own: float) -> World:
    return World(
        rates={"all": all_, "own": own},
        chances={"all": 0.5, "own": 0.5},
        users=2_000,
        baseline=0.07,
        lift=0.5,
        kind="tier",
        control="all",
    )


def sure_of(playbook: Playbook, world: World, seed: int) -> set[str]:
    """What eight reviews of one test, and of mentions that are worded alike, ever call sure."""
    random, found = np.random.default_rng(seed), set()
    for verdict in play(world, seed).looks(8):
        shares = [
            Cell(offer, "standard", tier, own, 150, int(random.binomial(150, 0.07)))
            for offer in ("mentorship", "course")
            for tier in ("premium", "vip")
            for own in (True, False)
        ]
        looked = claimed(playbook, shares, [replace(verdict, name="tier-wordings")])
        found |= {one.words for one in looked if one.is_sure}
    return found


def test_where_wording_makes_no_difference_hardly_a_review_calls_one_better(
    playbook: Playbook,
) -> None:
    running = with_test(playbook, start=date(2026, 1, 1))
    seen = [sure_of(running, a_world(0.07, 0.07), seed) for seed in range(40)]
    assert any(seen), "that none is much better is found"
    wrong = [said for said in seen if any("ship" in one or "converts" in one for one in said)]
    assert len(wrong) <= 2, "2 of 40 are 5 %"


def test_what_the_test_of_a_tier_has_shown_is_sure(playbook: Playbook) -> None:
    running = with_test(playbook, start=date(2026, 1, 1))
    found = sure_of(running, a_world(0.05, 0.14), 1)
    assert "For premium users their own wording converts better (test tier-wordings)." in found
    assert "Test tier-wordings: ship own." in found
    everybody = with_test(playbook, start=date(2026, 1, 1), scope={"tier": None})
    assert not any("premium" in words for words in sure_of(everybody, a_world(0.05, 0.14), 1))


def test_a_verdict_that_is_in_doubt_is_not_sure(playbook: Playbook) -> None:
    (*_, last) = play(a_world(0.05, 0.14), 1).looks(1)
    assert last.call is Call.SHIP
    doubtful = replace(
        last, name="tier-wordings", health=Health(1.0, 0, (), ("some are nobody's",))
    )
    running = with_test(playbook, start=date(2026, 1, 1))
    told = claimed(running, [], [doubtful])
    assert told == [Claim("Test tier-wordings: ship own. But some are nobody's.", False)]
