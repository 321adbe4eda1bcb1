from datetime import timedelta

import pytest

from tay_middleware.decide.strength import choose_strength
from tay_middleware.domain import History, Kind, Strength, Tier
from tay_middleware.playbook import Playbook
from tests.builders import a_detection, a_history, a_past_turn, a_turn

RETURNING = a_past_turn(ago=timedelta(days=3), session="an earlier one")
SAME_TOPIC = a_past_turn(ago=timedelta(days=3), session="an earlier one", topic="pricing")


def strength(
    playbook: Playbook,
    history: History = History(),  # noqa: B008 - frozen and empty
    *,
    tier: Tier = Tier.PREMIUM,
    user: str | None = "ada",
    purchase: bool = False,
    topic: str | None = "pricing",
) -> Strength:
    turn = a_turn(tier=tier, user=user)
    return choose_strength(
        turn, a_detection(purchase=purchase, topic=topic), history, playbook.policy
    )[0]


def test_a_first_time_user_is_treated_gently(playbook: Playbook) -> None:
    assert strength(playbook) is Strength.GENTLE


def test_earlier_turns_of_the_same_session_do_not_make_a_returning_user(playbook: Playbook) -> None:
    assert strength(playbook, a_history(a_past_turn())) is Strength.GENTLE


def test_a_returning_user_is_spoken_to_more_directly(playbook: Playbook) -> None:
    assert strength(playbook, a_history(RETURNING)) is Strength.STANDARD


def test_the_same_topic_again_in_one_session_is_one_step_stronger(playbook: Playbook) -> None:
    assert strength(playbook, a_history(a_past_turn(topic="pricing"))) is Strength.STANDARD


def test_a_returning_user_with_the_same_topic_is_spoken_to_directly(playbook: Playbook) -> None:
    assert strength(playbook, a_history(SAME_TOPIC)) is Strength.DIRECT


def test_a_topic_of_long_ago_does_not_count_as_asked_again(playbook: Playbook) -> None:
    old = a_past_turn(ago=timedelta(days=31), session="s0", topic="pricing")
    assert strength(playbook, a_history(old)) is Strength.STANDARD


@pytest.mark.parametrize("gate", ["distress", "thanks", "complaint", "perhaps_refusal"])
def test_what_closed_a_gate_was_no_question_to_be_asked_again(
    playbook: Playbook, gate: str
) -> None:
    closed = a_past_turn(ago=timedelta(days=3), session="s0", topic="pricing", gates=(gate,))
    assert strength(playbook, a_history(closed)) is Strength.STANDARD


def test_talk_of_a_mention_is_no_question_to_be_asked_again(playbook: Playbook) -> None:
    why = a_past_turn(session="s0", topic="pricing", kind=Kind.EXPLANATION, offer="mentorship")
    assert strength(playbook, a_history(why)) is Strength.STANDARD


def test_who_is_low_twice_is_not_spoken_to_more_strongly(playbook: Playbook) -> None:
    low = a_past_turn(ago=timedelta(days=3), session="s0", topic="mindset")
    assert strength(playbook, a_history(low), topic="mindset") is Strength.STANDARD


def test_a_question_without_a_topic_is_never_a_repetition(playbook: Playbook) -> None:
    assert strength(playbook, a_history(RETURNING), topic=None) is Strength.STANDARD


def test_free_users_are_never_spoken_to_directly(playbook: Playbook) -> None:
    assert strength(playbook, a_history(SAME_TOPIC), tier=Tier.FREE) is Strength.STANDARD


@pytest.mark.parametrize("tier", list(Tier))
def test_a_wish_to_buy_is_answered_directly_in_every_tier(playbook: Playbook, tier: Tier) -> None:
    assert strength(playbook, tier=tier, purchase=True) is Strength.DIRECT


def test_an_anonymous_user_is_never_treated_more_than_gently(playbook: Playbook) -> None:
    assert strength(playbook, a_history(SAME_TOPIC), user=None) is Strength.GENTLE


@pytest.mark.parametrize(("steps", "expected"), [(1, Strength.STANDARD), (2, Strength.DIRECT)])
def test_policy_may_raise_a_tier_by_steps(
    playbook: Playbook, steps: int, expected: Strength
) -> None:
    rule = playbook.policy.tiers[Tier.VIP].model_copy(update={"raise_": steps})
    policy = playbook.policy.model_copy(update={"tiers": {**playbook.policy.tiers, Tier.VIP: rule}})
    chosen, notes = choose_strength(a_turn(tier=Tier.VIP), a_detection(), History(), policy)
    assert chosen is expected
    assert f"tier vip raises by {steps}: {expected}" in notes
