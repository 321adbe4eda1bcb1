from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tay_middleware.decide import Circumstances, ReplyFacts, decide
from tay_middleware.decide.replies import Obstacle
from tay_middleware.domain import (
    Assignment,
    History,
    Kind,
    Mode,
    Strength,
    Suppression,
    Tier,
)
from tests.builders import a_history, a_past_turn, a_turn, no_need
from tests.decide.playing import KINDS, SHIPPED, experiments, in_arm, made, playing, sure, the


def test_without_experiments_nobody_is_assigned() -> None:
    assert made(SHIPPED).assignments == ()


@pytest.mark.parametrize("kind", KINDS)
def test_an_arm_is_sticky_and_arms_share_the_users(kind: str) -> None:
    playbook = playing(kind)
    arms = [the(made(playbook, user=f"user-{n}")).arm for n in range(400)]
    assert arms == [the(made(playbook, user=f"user-{n}")).arm for n in range(400)]
    assert 150 < Counter(arms)["B"] < 250


def test_an_arm_of_templates_shows_only_its_own() -> None:
    playbook = playing("template")
    for arm in "AB":
        decision = in_arm(playbook, arm)
        assert decision.variant == arm
        assert the(decision) == Assignment("test", arm, exposed=True, chance=0.5)
        assert f"experiment test: arm {arm}" in decision.notes


def test_an_arm_of_strength_speaks_up_as_far_as_the_tier_bears() -> None:
    playbook = playing("strength")
    assert in_arm(playbook, "A").strength is Strength.GENTLE
    assert in_arm(playbook, "B").strength is Strength.STANDARD
    twice = a_history(a_past_turn(session="s0", topic="pricing"))
    at_the_cap = in_arm(playbook, "B", history=twice)
    assert at_the_cap.strength is Strength.STANDARD
    assert not the(at_the_cap).exposed, "both arms say the same"
    assert in_arm(playbook, "B", history=twice, tier=Tier.VIP).strength is Strength.DIRECT


def test_an_arm_that_asks_for_more_drops_what_it_is_less_sure_of() -> None:
    playbook = playing("threshold")
    for arm, kind in (("A", Kind.MENTION), ("B", Kind.NONE)):
        decision = in_arm(playbook, arm)
        assert (decision.kind, decision.suppressed) == (kind, None)
        assert the(decision).exposed
    assert not the(in_arm(playbook, "B", detection=sure(0.7))).exposed
    assert in_arm(playbook, "B", detection=sure(0.7)).shown


def test_an_arm_of_a_tier_hears_what_was_written_for_all() -> None:
    playbook = playing("tier")
    for arm, wordings in (("A", "premium"), ("B", "any")):
        decision = in_arm(playbook, arm, tier=Tier.PREMIUM)
        assert decision.template
        assert decision.template.split(".")[2] == wordings
        assert the(decision).exposed
    free = in_arm(playbook, "B", tier=Tier.FREE)
    assert free.template
    assert free.template.split(".")[2] == "any"
    assert not the(free).exposed, "free users have no wording of their own"


def test_a_test_of_wordings_for_all_takes_in_who_hears_them_by_a_test_of_tiers() -> None:
    both = playing("tier")
    wordings = experiments("template", seed="s2", scope={"tier": "any"}).experiments["test"]
    found = both.experiments.experiments | {"wordings": wordings}
    playbook = replace(both, experiments=both.experiments.model_copy(update={"experiments": found}))
    decision = in_arm(playbook, "B", tier=Tier.PREMIUM)
    assert the(decision, "wordings").exposed
    assert not the(in_arm(playbook, "A", tier=Tier.PREMIUM), "wordings").exposed


def test_an_arm_may_offer_something_else() -> None:
    playbook = playing("offer")
    assert in_arm(playbook, "A").offer == "mentorship"
    decision = in_arm(playbook, "B")
    assert (decision.offer, decision.template is not None) == ("course", True)
    assert decision.template
    assert decision.template.startswith("course.")
    assert not the(in_arm(playbook, "B", detection=sure(offer="masterclass"))).exposed


def test_who_owns_what_her_arm_would_offer_is_exposed_all_the_same() -> None:
    decision = in_arm(playing("offer"), "B", owns=frozenset({"course"}))
    assert (decision.suppressed, the(decision).exposed) == (Suppression.OWNS_OFFER, True)


@pytest.mark.parametrize("kind", ["threshold", "strength", "offer"])
def test_a_wish_to_buy_is_in_no_experiment(kind: str) -> None:
    for arm in "AB":
        decision = in_arm(playing(kind), arm, detection=sure(purchase=True))
        assert (decision.offer, decision.strength) == ("mentorship", Strength.DIRECT)
        assert decision.shown
        assert not the(decision).exposed


@pytest.mark.parametrize(
    "around",
    [
        Circumstances(stateless=True),
        Circumstances(mode=Mode.SHADOW),
    ],
)
def test_nobody_takes_part_where_nothing_is_said(around: Circumstances) -> None:
    assert made(playing("template", holdout=0.5), around=around).assignments == ()


def test_who_is_not_known_takes_no_part() -> None:
    turn = a_turn(user=None)
    decision = decide(turn, sure(), History(), playing("template", holdout=0.5), Circumstances())
    assert decision.assignments == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_question_without_need_is_assigned_and_not_exposed(kind: str) -> None:
    decision = made(playing(kind, holdout=0.2), detection=no_need())
    assert [one.experiment for one in decision.assignments] == ["test", "holdout"]
    assert not any(one.exposed for one in decision.assignments)


def test_before_its_first_day_and_after_its_last_nobody_is_assigned() -> None:
    playbook = playing("template", start="2026-03-02", stop="2026-03-03")
    days = [datetime(2026, 3, day, 12, tzinfo=UTC) for day in (1, 2, 3)]
    assert [len(made(playbook, at=at).assignments) for at in days] == [0, 1, 0]


def test_a_share_takes_so_many_and_the_rest_goes_on_as_ever() -> None:
    playbook = playing("template", share=0.25)
    decisions = [made(playbook, user=f"user-{n}") for n in range(800)]
    inside = sum(bool(one.assignments) for one in decisions)
    assert 150 < inside < 250
    assert {one.variant for one in decisions if not one.assignments} == {"A", "B", "C"}


def test_a_larger_share_moves_nobody_to_another_arm() -> None:
    small, large = playing("template", share=0.3), playing("template", share=0.9)
    for number in range(300):
        before = made(small, user=f"user-{number}").assignments
        if before:
            assert made(large, user=f"user-{number}").assignments == before


def test_layers_are_independent_of_each_other_and_of_the_holdout() -> None:
    one, two = playing("template", seed="one", holdout=0.5), playing("template", seed="two")
    both = Counter(
        (
            the(made(one, user=f"user-{n}")).arm,
            the(made(two, user=f"user-{n}")).arm,
            the(made(one, user=f"user-{n}"), "holdout").arm,
        )
        for n in range(1_600)
    )
    assert len(both) == 8
    assert all(150 < count < 250 for count in both.values())


@settings(max_examples=150)
@given(
    kind=st.sampled_from(KINDS),
    confidence=st.floats(0.2, 1),
    offer=st.sampled_from(["mentorship", "course", "masterclass"]),
    gates=st.sampled_from([(), ("refusal",), ("support",)]),
    purchase=st.booleans(),
    owns=st.sampled_from([frozenset[str](), frozenset({"course"})]),
    tier=st.sampled_from(list(Tier)),
    obstacle=st.sampled_from([None, Obstacle.TRUNCATED]),
    known=st.booleans(),
    mentioned=st.booleans(),
    paused=st.sampled_from(
        [frozenset[str](), frozenset({"course"}), frozenset({"mentorship.gentle.any.B"})]
    ),
)
def test_whether_a_user_is_exposed_never_depends_on_her_arm(
    kind: str,
    confidence: float,
    offer: str,
    gates: tuple[str, ...],
    purchase: bool,
    owns: frozenset[str],
    tier: Tier,
    obstacle: Obstacle | None,
    known: bool,
    mentioned: bool,
    paused: frozenset[str],
) -> None:
    detection = sure(confidence, offer=offer, gates=gates, escalate=not gates, purchase=purchase)
    around = Circumstances(reply=ReplyFacts(obstacle=obstacle), history_known=known, paused=paused)
    history = a_history(a_past_turn(kind=Kind.MENTION)) if mentioned else History()
    seen: dict[str, set[bool]] = {}
    for seed in range(8):
        playbook = playing(kind, seed=str(seed))
        decision = made(playbook, detection, history=history, around=around, owns=owns, tier=tier)
        one = the(decision)
        seen.setdefault(one.arm, set()).add(one.exposed)
    assert len(set().union(*seen.values())) == 1


def test_an_arm_of_wordings_that_nobody_else_gets_shows_them() -> None:
    new = tuple(
        replace(template, id=f"{template.id}{name}", variant=name, weight=0.0)
        for template in SHIPPED.pool("mentorship", Strength.GENTLE, Tier.FREE)[:1]
        for name in ("Y", "Z")
    )
    arms = {"A": {"use": ["A"]}, "B": {"use": ["Y", "Z"]}}
    playbook = replace(
        playing("template", arms=arms, scope={"offer": "mentorship"}),
        templates=(*SHIPPED.templates, *new),
    )
    found = [made(playbook, user=f"user-{number}") for number in range(60)]
    shown = Counter((the(one).arm, one.variant) for one in found)
    assert {(arm, variant) for arm, variant in shown} == {("A", "A"), ("B", "Y"), ("B", "Z")}
    assert not any(one.suppressed for one in found)
