from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest

from tay_middleware.decide import Circumstances, ReplyFacts
from tay_middleware.decide.assign import bucket
from tay_middleware.decide.replies import Obstacle
from tay_middleware.domain import (
    ClosedGate,
    Kind,
    Message,
    Mode,
    Suppression,
)
from tay_middleware.playbook import Playbook
from tests.builders import NOON, a_detection, a_history, a_mention, a_past_turn, a_turn
from tests.decide.causes import cause

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def test_nothing_holds_back_a_plain_need(playbook: Playbook) -> None:
    assert cause(playbook) is None


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.OFF])
def test_shadow_and_off_show_nothing(playbook: Playbook, mode: Mode) -> None:
    assert cause(playbook, around=Circumstances(mode=mode)) is Suppression.MODE


def test_the_app_can_say_where_not_to_speak(playbook: Playbook) -> None:
    turn = a_turn(signals=MappingProxyType({"age_flag": "Minor "}))
    assert cause(playbook, turn) is Suppression.NOT_ALLOWED


@pytest.mark.parametrize(
    ("signal", "value"),
    [
        ("age_flag", True),
        ("age_flag", "under_13"),
        ("age_flag", "Under 18"),
        ("age_flag", "under-18"),
        ("age_flag", "U18"),
        ("vertical", ["beauty", "health"]),
        ("vertical", frozenset({"Mental Health"})),
    ],
)
def test_a_flag_counts_however_an_app_writes_it(
    playbook: Playbook, signal: str, value: object
) -> None:
    turn = a_turn(signals=MappingProxyType({signal: value}))
    assert cause(playbook, turn) is Suppression.NOT_ALLOWED


@pytest.mark.parametrize("value", [False, None, "adult", [], ["adult"]])
def test_another_value_of_a_flag_holds_nothing_back(playbook: Playbook, value: object) -> None:
    assert cause(playbook, a_turn(signals=MappingProxyType({"age_flag": value}))) is None


@pytest.mark.parametrize("gate", ["distress", "medical", "minor", "complaint"])
def test_sensitive_gates_hold_back(playbook: Playbook, gate: str) -> None:
    detection = a_detection(escalate=False, gates=(gate,))
    assert cause(playbook, detection=detection) is Suppression.SENSITIVE


def test_distress_earlier_in_the_transcript_still_holds_back(playbook: Playbook) -> None:
    around = Circumstances(earlier_gates=(("distress",),))
    assert cause(playbook, around=around) is Suppression.SENSITIVE


def test_distress_earlier_in_the_session_still_holds_back(playbook: Playbook) -> None:
    history = a_history(a_past_turn(gates=("distress",)))
    assert cause(playbook, history=history) is Suppression.SENSITIVE


def test_who_is_taken_for_a_minor_stays_one_in_the_session(playbook: Playbook) -> None:
    history = a_history(a_past_turn(ago=20 * DAY, gates=("minor",)))
    assert cause(playbook, history=history) is Suppression.SENSITIVE


def test_a_guess_about_a_person_holds_for_no_other_session(playbook: Playbook) -> None:
    history = a_history(a_past_turn(ago=20 * DAY, session="s0", gates=("minor",)))
    assert cause(playbook, history=history) is None


def test_what_the_whole_cascade_opened_again_holds_nothing_back_later(playbook: Playbook) -> None:
    turn = a_turn(transcript=(Message("user", "where am I bleeding?"),))
    around = Circumstances(earlier_gates=(("medical",),))
    assert cause(playbook, turn, around=around) is Suppression.SENSITIVE
    assert cause(playbook, turn, history=a_history(a_past_turn()), around=around) is None


@pytest.mark.parametrize(
    ("closed", "expected"),
    [
        (ClosedGate("minor", NOON - 399 * DAY), Suppression.SENSITIVE),
        (ClosedGate("minor", NOON - 400 * DAY), None),
        (ClosedGate("distress", NOON - 14 * 60 * MINUTE), Suppression.SENSITIVE),
        (ClosedGate("medical", NOON - 50 * MINUTE, "s1"), Suppression.SENSITIVE),
        (ClosedGate("medical", NOON - 50 * MINUTE, "s0"), None),
        (ClosedGate("perhaps_minor", NOON - MINUTE), None),
        (ClosedGate("a gate of an earlier playbook", NOON - MINUTE), None),
    ],
)
def test_a_gate_that_the_profile_keeps_holds_as_long_as_the_playbook_says(
    playbook: Playbook, closed: ClosedGate, expected: Suppression | None
) -> None:
    history = replace(a_history(), closed=(closed,))
    assert cause(playbook, history=history) is expected


@pytest.mark.parametrize("owned", ["mentorship", " Mentorship "])
def test_an_offer_that_is_owned_is_not_offered(playbook: Playbook, owned: str) -> None:
    assert cause(playbook, a_turn(owns=frozenset({owned}))) is Suppression.OWNS_OFFER


@pytest.mark.parametrize("owned", ["Mentee-2026", " mentee-2026"])
def test_an_entitlement_counts_in_any_letter_case(playbook: Playbook, owned: str) -> None:
    offer = playbook.offers["mentorship"].model_copy(update={"entitlements": ("Mentee-2026",)})
    ours = replace(playbook, offers={**playbook.offers, "mentorship": offer})
    assert cause(ours, a_turn(owns=frozenset({owned}))) is Suppression.OWNS_OFFER


def test_owning_another_offer_does_not_matter(playbook: Playbook) -> None:
    assert cause(playbook, a_turn(owns=frozenset({"course"}))) is None


def test_an_opt_out_lasts_ninety_days(playbook: Playbook) -> None:
    assert cause(playbook, history=a_history(opted_out_ago=89 * DAY)) is Suppression.OPTED_OUT
    assert cause(playbook, history=a_history(opted_out_ago=91 * DAY)) is None


def test_a_user_can_opt_in_again(playbook: Playbook) -> None:
    history = a_history(opted_out_ago=DAY)
    assert cause(playbook, detection=a_detection(opts_in=True), history=history) is None


@pytest.mark.parametrize("gate", ["opt_out", "refusal"])
def test_opting_in_counts_against_an_earlier_message_of_the_transcript(
    playbook: Playbook, gate: str
) -> None:
    around = Circumstances(earlier_gates=((gate,),))
    assert cause(playbook, detection=a_detection(opts_in=True), around=around) is None


def test_a_stop_in_the_same_message_counts_more_than_an_opt_in(playbook: Playbook) -> None:
    detection = a_detection(escalate=False, opts_in=True, gates=("opt_out",))
    assert cause(playbook, detection=detection) is Suppression.OPTED_OUT


def test_who_opted_in_again_is_not_held_back_by_the_turn_of_the_opt_out(
    playbook: Playbook,
) -> None:
    stop = a_past_turn(ago=DAY, gates=("opt_out",))
    assert cause(playbook, history=a_history(stop)) is None


def test_a_no_lasts_fourteen_days(playbook: Playbook) -> None:
    said_no = a_history(declined_ago=13 * DAY, declined_session="s0")
    assert cause(playbook, history=said_no) is Suppression.DECLINED
    assert cause(playbook, history=a_history(declined_ago=15 * DAY)) is None


def test_a_wish_to_buy_lifts_an_earlier_no(playbook: Playbook) -> None:
    history = a_history(declined_ago=DAY, declined_session="s1")
    assert cause(playbook, detection=a_detection(purchase=True), history=history) is None


def test_a_no_in_the_same_message_is_never_lifted(playbook: Playbook) -> None:
    detection = a_detection(escalate=False, purchase=True, gates=("refusal",))
    assert cause(playbook, detection=detection) is Suppression.DECLINED


@pytest.mark.parametrize("language", ["fr", "es-MX"])
def test_a_user_of_another_language_is_left_alone(playbook: Playbook, language: str) -> None:
    turn = a_turn(signals=MappingProxyType({"language": language}))
    assert cause(playbook, turn) is Suppression.LANGUAGE


def test_a_reply_in_another_language_is_left_alone(playbook: Playbook) -> None:
    around = Circumstances(reply=ReplyFacts(in_language=False))
    assert cause(playbook, around=around) is Suppression.LANGUAGE


def test_a_paused_offer_is_not_offered(playbook: Playbook) -> None:
    policy = playbook.policy.model_copy(update={"paused_offers": ("mentorship",)})
    assert cause(replace(playbook, policy=policy)) is Suppression.PAUSED


@pytest.mark.parametrize(("turns_since", "expected"), [(2, Suppression.COOLDOWN), (3, None)])
def test_three_turns_must_lie_between_two_mentions(
    playbook: Playbook, turns_since: int, expected: Suppression | None
) -> None:
    since = [a_past_turn(ago=(9 - n) * MINUTE) for n in range(turns_since)]
    assert cause(playbook, history=a_history(a_mention(ago=10 * MINUTE), *since)) is expected


def test_two_mentions_a_day_are_enough(playbook: Playbook) -> None:
    history = a_history(
        a_mention(ago=20 * 60 * MINUTE, session="a"), a_mention(ago=2 * 60 * MINUTE, session="b")
    )
    assert cause(playbook, history=history) is Suppression.COOLDOWN


def test_four_mentions_a_week_are_enough(playbook: Playbook) -> None:
    history = a_history(*[a_mention(ago=days * DAY, session=f"s-{days}") for days in (6, 5, 4, 2)])
    assert cause(playbook, history=history) is Suppression.COOLDOWN


def test_a_wish_to_buy_lifts_the_cooldown(playbook: Playbook) -> None:
    detection = a_detection(purchase=True)
    assert cause(playbook, detection=detection, history=a_history(a_mention())) is None


def test_to_a_wish_to_buy_a_name_without_the_link_is_no_answer(playbook: Playbook) -> None:
    wish, ours = a_detection(purchase=True), frozenset({"mentorship"})
    named, linked = ReplyFacts(names=ours), ReplyFacts(names=ours, links=ours)
    assert cause(playbook, detection=wish, around=Circumstances(reply=named)) is None
    already = cause(playbook, detection=wish, around=Circumstances(reply=linked))
    assert already is Suppression.ALREADY_MENTIONED
    bare = playbook.offers["mentorship"].model_copy(update={"link": None})
    linkless = replace(playbook, offers={**playbook.offers, "mentorship": bare})
    already = cause(linkless, detection=wish, around=Circumstances(reply=named))
    assert already is Suppression.ALREADY_MENTIONED


def test_stateless_rows_know_no_cooldown(playbook: Playbook) -> None:
    around = Circumstances(stateless=True)
    assert cause(playbook, history=a_history(a_mention()), around=around) is None


def test_a_budget_is_a_ceiling_on_the_recent_share(playbook: Playbook) -> None:
    budget = playbook.policy.budget.model_copy(update={"max_share": 0.2})
    tight = replace(playbook, policy=playbook.policy.model_copy(update={"budget": budget}))
    assert cause(tight, around=Circumstances(recent_share=0.2)) is Suppression.BUDGET
    assert cause(tight, around=Circumstances(recent_share=0.19)) is None
    assert cause(tight, around=Circumstances(recent_share=None)) is None


def test_an_offer_that_the_reply_names_is_not_named_again(playbook: Playbook) -> None:
    named = ReplyFacts(names=frozenset({"mentorship"}))
    other = ReplyFacts(names=frozenset({"course"}))
    assert cause(playbook, around=Circumstances(reply=named)) is Suppression.ALREADY_MENTIONED
    assert cause(playbook, around=Circumstances(reply=other)) is None


def test_the_holdout_is_a_stable_share_of_users(playbook: Playbook) -> None:
    holdout = playbook.policy.holdout.model_copy(update={"share": 0.5})
    split = replace(playbook, policy=playbook.policy.model_copy(update={"holdout": holdout}))
    turns = [a_turn(user=f"user-{number}") for number in range(200)]
    held = {turn.user_id for turn in turns if cause(split, turn) is Suppression.HOLDOUT}
    assert held == {t.user_id for t in turns if bucket(holdout.seed, t.user_key or "") < 0.5}
    assert 70 < len(held) < 130


def test_nobody_is_held_out_by_default(playbook: Playbook) -> None:
    assert playbook.policy.holdout.share == 0


def test_a_reply_that_cannot_be_added_to_is_unweavable(playbook: Playbook) -> None:
    around = Circumstances(reply=ReplyFacts(obstacle=Obstacle.TOOL_CALLS))
    assert cause(playbook, around=around) is Suppression.UNWEAVABLE


@pytest.mark.parametrize(
    "obstacle", [Obstacle.NO_ANSWER, Obstacle.ADVISES_AGAINST, Obstacle.REFUSAL]
)
def test_to_a_wish_to_buy_the_link_is_the_answer(playbook: Playbook, obstacle: Obstacle) -> None:
    around, wish = Circumstances(reply=ReplyFacts(obstacle=obstacle)), a_detection(purchase=True)
    held = Suppression.UNWEAVABLE
    assert cause(playbook, around=around) is held
    expected = None if obstacle is Obstacle.NO_ANSWER else held
    assert cause(playbook, detection=wish, around=around) is expected
    bare = playbook.offers["mentorship"].model_copy(update={"link": None})
    linkless = replace(playbook, offers={**playbook.offers, "mentorship": bare})
    assert cause(linkless, detection=wish, around=around) is held


def test_unknown_history_shows_nothing(playbook: Playbook) -> None:
    assert cause(playbook, around=Circumstances(history_known=False)) is Suppression.DEGRADED


@pytest.mark.parametrize("kind", [Kind.ACKNOWLEDGEMENT, Kind.EXPLANATION, Kind.NONE])
def test_what_names_no_offer_does_not_cool_down(playbook: Playbook, kind: Kind) -> None:
    assert cause(playbook, history=a_history(a_past_turn(kind=kind))) is None


def test_what_the_model_named_by_itself_spaces_in_its_conversation(playbook: Playbook) -> None:
    named = a_past_turn(kind=Kind.ORGANIC, offer="mentorship")
    assert cause(playbook, history=a_history(named)) is Suppression.COOLDOWN
    buys = a_detection(purchase=True)
    assert cause(playbook, detection=buys, history=a_history(named)) is None


def test_what_the_model_named_by_itself_counts_against_no_cap(playbook: Playbook) -> None:
    named = [
        a_past_turn(ago=hours * timedelta(hours=1), session="s0", kind=Kind.ORGANIC, offer="course")
        for hours in (3, 2, 1)
    ]
    assert cause(playbook, history=a_history(*named)) is None
