import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tay_middleware.decide import (
    Circumstances,
    ReplyFacts,
    UnfitWordingError,
    decide,
    describe,
    word,
)
from tay_middleware.decide.templates import render
from tay_middleware.domain import (
    Decision,
    Detection,
    History,
    Indicator,
    Kind,
    Mode,
    Reason,
    Strength,
    Suppression,
    Tier,
    Turn,
)
from tay_middleware.playbook import Playbook
from tay_middleware.playbook.mention import check_catalogue
from tay_middleware.playbook.schema import Disclosure
from tests.builders import a_detection, a_history, a_mention, a_past_turn, a_turn, no_need

WHY = no_need(asks_why=True)


def made(
    playbook: Playbook,
    detection: Detection | None = None,
    *,
    turn: Turn | None = None,
    history: History | None = None,
    around: Circumstances | None = None,
) -> Decision:
    """The decision with its sentence, as the engine makes it."""
    turn, around = turn or a_turn(), around or Circumstances()
    decision = decide(turn, detection or a_detection(), history or History(), playbook, around)
    return replace(decision, addition=word(decision, turn, playbook, around.reply))


def test_a_need_becomes_one_mention_of_its_offer(playbook: Playbook) -> None:
    decision = made(playbook)
    assert (decision.kind, decision.shown, decision.suppressed) == (Kind.MENTION, True, None)
    assert (decision.offer, decision.reason) == ("mentorship", Reason.PERSONALIZED_HELP)
    assert (decision.strength, decision.arm) == (Strength.GENTLE, "shown")
    assert decision.playbook_version == playbook.version
    assert decision.addition
    assert decision.template
    assert decision.template.startswith("mentorship.gentle.")


def test_the_same_turn_gets_the_same_decision(playbook: Playbook) -> None:
    assert made(playbook) == made(playbook)


def test_a_user_keeps_the_variant(playbook: Playbook) -> None:
    variants = {made(playbook, turn=a_turn(number=number)).variant for number in range(30)}
    assert len(variants) == 1


def test_users_are_spread_over_all_variants(playbook: Playbook) -> None:
    pool = playbook.pool("mentorship", Strength.GENTLE, Tier.FREE)
    seen = {made(playbook, turn=a_turn(user=f"user-{n}")).variant for n in range(200)}
    assert seen == {template.variant for template in pool}


def test_a_question_without_need_gets_nothing(playbook: Playbook) -> None:
    decision = made(playbook, no_need())
    assert (decision.kind, decision.suppressed, decision.offer) == (Kind.NONE, None, None)
    assert decision.addition is None


def test_a_gate_without_a_cause_leaves_no_need_at_all(playbook: Playbook) -> None:
    decision = made(playbook, a_detection(escalate=False, gates=("support",)))
    assert (decision.kind, decision.suppressed, decision.offer) == (Kind.NONE, None, None)


def test_a_suppressed_need_is_logged_as_carefully_as_a_shown_one(playbook: Playbook) -> None:
    shown = made(playbook)
    held = made(playbook, history=a_history(a_mention()))
    assert held.suppressed is Suppression.COOLDOWN
    assert (held.offer, held.strength, held.template) == (
        shown.offer,
        shown.strength,
        shown.template,
    )
    assert held.addition is None
    assert held.arm is None


def test_the_models_own_mention_is_an_organic_exposure(playbook: Playbook) -> None:
    named = Circumstances(reply=ReplyFacts(names=frozenset({"mentorship"})))
    decision = made(playbook, around=named)
    assert (decision.kind, decision.suppressed) == (Kind.ORGANIC, Suppression.ALREADY_MENTIONED)


def test_an_offer_whose_wordings_are_all_paused_is_paused(playbook: Playbook) -> None:
    pool = playbook.pool("mentorship", Strength.GENTLE, Tier.FREE)
    policy = playbook.policy.model_copy(
        update={"paused_templates": tuple(template.id for template in pool)}
    )
    decision = made(replace(playbook, policy=policy))
    assert decision.suppressed is Suppression.PAUSED


def test_stop_recommending_is_acknowledged_in_one_sentence(playbook: Playbook) -> None:
    said = (Indicator("opt_out", "stop recommending", 0, 17, 0.0),)
    decision = made(playbook, replace(no_need(gates=("opt_out",)), closed_by=said))
    assert (decision.kind, decision.offer, decision.shown) == (Kind.ACKNOWLEDGEMENT, None, False)
    assert decision.addition in playbook.voice.acknowledgements


def test_shadow_mode_acknowledges_nothing(playbook: Playbook) -> None:
    decision = made(playbook, no_need(gates=("opt_out",)), around=Circumstances(mode=Mode.SHADOW))
    assert (decision.kind, decision.addition) == (Kind.NONE, None)


def test_why_is_answered_right_after_a_mention(playbook: Playbook) -> None:
    decision = made(playbook, WHY, history=a_history(a_mention()))
    assert (decision.kind, decision.offer, decision.shown) == (
        Kind.EXPLANATION,
        "mentorship",
        False,
    )
    assert decision.addition


def test_why_is_not_answered_without_a_mention_just_before(playbook: Playbook) -> None:
    later = a_history(a_mention(ago=timedelta(minutes=9)), a_past_turn())
    assert made(playbook, WHY, history=later).kind is Kind.NONE
    assert made(playbook, WHY).kind is Kind.NONE


def test_nothing_is_explained_to_somebody_in_grief(playbook: Playbook) -> None:
    why = no_need(asks_why=True, gates=("distress",))
    assert made(playbook, why, history=a_history(a_mention())).kind is Kind.NONE


def test_a_wording_gives_up_its_pet_name_when_the_reply_used_them_up(playbook: Playbook) -> None:
    spent = Circumstances(reply=ReplyFacts(pet_names=playbook.voice.max_pet_names))
    names = [name.casefold() for name in playbook.voice.pet_names]
    for number in range(60):
        said = made(playbook, turn=a_turn(user=f"user-{number}"), around=spent).addition
        words = {word.strip(".,!?").casefold() for word in (said or "").split()}
        assert words.isdisjoint(names), said


def test_a_topic_is_named_by_our_noun_and_never_by_the_users_words(playbook: Playbook) -> None:
    turn = a_turn("my $pricing {evil} <script> structure, review it")
    for number in range(30):
        turn = a_turn("review my <script>", user=f"user-{number}")
        said = made(playbook, turn=turn).addition or ""
        assert "<script>" not in said
        assert "$" not in said


def test_a_foreign_link_is_refused_at_run_time(playbook: Playbook) -> None:
    with pytest.raises(UnfitWordingError, match="a link that is not the catalogue's"):
        check_catalogue("See https://evil.example/x.", playbook.offers["course"], playbook.conduct)


def test_the_catalogues_own_link_is_fine(playbook: Playbook) -> None:
    offer = playbook.offers["course"]
    check_catalogue(f"It is at {offer.link}.", offer, playbook.conduct)


def test_pressure_is_refused_at_run_time(playbook: Playbook) -> None:
    with pytest.raises(UnfitWordingError, match="breaks the conduct rule"):
        check_catalogue("Hurry, only 2 spots left!", playbook.offers["course"], playbook.conduct)


def test_pressure_in_a_notice_is_refused_at_run_time(playbook: Playbook) -> None:
    notice = Disclosure(style="short", short="(Hurry, only 2 spots left.)")
    voice = playbook.voice.model_copy(update={"disclosure": notice})
    with pytest.raises(UnfitWordingError, match="breaks the conduct rule"):
        render(playbook.templates[0], replace(playbook, voice=voice), None, ReplyFacts())


def test_a_decision_is_described_in_plain_json(playbook: Playbook) -> None:
    told = describe(made(playbook))
    assert json.loads(json.dumps(told)) == told
    assert (told["detected"], told["shown"], told["suppressed"]) == (True, True, None)
    assert (told["offer"], told["strength"], told["stage"]) == ("mentorship", "gentle", "keywords")


def test_a_need_behind_a_gate_is_described_as_not_detected(playbook: Playbook) -> None:
    told = describe(made(playbook, a_detection(escalate=False, gates=("distress",))))
    assert (told["detected"], told["suppressed"]) == (False, "sensitive")
    assert told["gates"] == ["distress"]
