from dataclasses import replace

import pytest

from tay_middleware.decide.combine import Combiner, figures
from tay_middleware.decide.detect import Detector
from tay_middleware.decide.offers import Catalogue
from tay_middleware.domain import Detection, Indicator, Message, Reason, Stage
from tay_middleware.playbook import Playbook
from tay_middleware.playbook.cascade import OnTopic
from tests.builders import a_detection, no_need
from tests.decide.opinions import a_rule, an_opinion


def test_from_the_threshold_on_a_question_escalates_to_the_likeliest_offer(
    combine: Combiner,
) -> None:
    made = combine(
        no_need(), an_opinion(0.6, offers={"course": 0.7, "mentorship": 0.3}), a_rule(0.6)
    )
    assert (made.escalate, made.need, made.offer) == (True, True, "course")
    assert (made.stage, made.confidence) == (Stage.MODEL, 0.6)
    assert made.reason is Reason.TECHNIQUE


@pytest.mark.parametrize(
    ("chance", "gates"),
    [
        (0.8, ()),
        (0.79, ("perhaps_off_topic",)),
        (0.4, ("perhaps_off_topic",)),
        (0.39, ("off_topic",)),
    ],
)
def test_what_may_be_ours_all_the_same_is_held_back_in_doubt(
    combine: Combiner, chance: float, gates: tuple[str, ...]
) -> None:
    rule = a_rule(on_topic=OnTopic(with_a_word=0.3, without=0.8, doubted_from=0.4))
    made = combine(a_detection(gates=("off_topic",)), an_opinion(0.5, on_topic=chance), rule)
    assert (made.need, made.escalate, made.gates) == (True, not gates, gates)


def test_below_the_threshold_nothing_is_needed_whatever_the_phrases_say(combine: Combiner) -> None:
    made = combine(a_detection(), an_opinion(0.59), a_rule(0.6))
    assert (made.escalate, made.need, made.offer, made.reason) == (False, False, None, None)


@pytest.mark.parametrize(
    ("chance", "told"), [(0.04996, 0.0499), (0.59999, 0.5999), (0.0287, 0.0287), (0.57, 0.57)]
)
def test_a_probability_that_is_logged_reaches_no_threshold_that_its_question_did_not(
    combine: Combiner, chance: float, told: float
) -> None:
    made = combine(no_need(), an_opinion(chance), a_rule(0.9))
    assert made.confidence == told
    assert figures("scorer", an_opinion(chance))["scorer.escalate"] == told


def test_where_the_scorer_means_an_offer_that_the_catalogue_lacks_nothing_is_mentioned(
    combine: Combiner,
) -> None:
    """An owner who takes an offer away, or renames it, wants no other in its place."""
    meant = an_opinion(0.9, offers={"retreat": 0.9, "course": 0.1})
    assert not combine(no_need(), meant, a_rule(0.5)).need
    assert not combine(a_detection(offer="course"), meant, a_rule(0.5)).need


def test_an_offer_that_no_scorer_has_learned_is_chosen_by_its_phrases(playbook: Playbook) -> None:
    offers = {**playbook.offers, "lab": playbook.offers["masterclass"]}
    combine = Combiner(0.1, Catalogue(offers, playbook.indicators.groups))
    seen = a_detection(offer="lab")
    assert combine(seen, an_opinion(0.9), a_rule(0.5)).offer == "lab"
    assert not combine(seen, an_opinion(0.4), a_rule(0.5)).need
    assert combine(no_need(), an_opinion(0.9), a_rule(0.5)).offer == "mentorship"


def test_phrases_agree_by_all_the_groups_that_are_asked_for(combine: Combiner) -> None:
    rule = a_rule(0.5, agreed=0.2, agreed_by=["personal", "strategic"])
    both = {"group.personal": 1.0, "group.strategic": 1.0, "total": 2.3}
    audit = replace(a_detection(), scores=both)
    assert combine(audit, an_opinion(0.2), rule).need
    assert not combine(audit, an_opinion(0.19), rule).need
    assert not combine(replace(audit, scores={"group.personal": 1.0}), an_opinion(0.4), rule).need


def test_who_asks_for_recommendations_again_says_no_no(combine: Combiner) -> None:
    """To learned heads it looks like the stop that it takes back."""
    stop = an_opinion(0.1, gates={"distress": 0.9})
    rule = a_rule(gates={"opt_out": 0.5, "refusal": 0.5, "distress": 0.4})
    again = an_opinion(0.1, gates={"opt_out": 0.97, "refusal": 0.9})
    assert combine(no_need(opts_in=True), again, rule).gates == ()
    assert combine(no_need(opts_in=True), stop, rule).gates == ("distress",)
    assert combine(no_need(), again, rule).gates == ("opt_out", "refusal")
    but_no = no_need(opts_in=True, gates=("refusal",))
    assert "opt_out" in combine(but_no, again, rule).gates


def test_a_message_without_a_word_is_no_need_whatever_was_said_before(
    combine: Combiner, detector: Detector
) -> None:
    before = (Message("user", "can you review my pricing?"), Message("assistant", "What is it?"))
    reopening = a_rule(reopen={"need_from": 0.5})
    for sign in ("\U0001f44d", "...", "?", "\u2764\ufe0f\u2764\ufe0f"):
        seen = detector.examine(sign, before).detection
        assert not combine(seen, an_opinion(0.95), reopening).escalate
    seen = detector.examine("\u0643\u0645 \u0627\u0644\u0633\u0639\u0631", before).detection
    assert "small_talk" not in seen.gates


def test_a_phrase_that_asks_to_buy_keeps_its_offer_from_a_small_probability_on(
    combine: Combiner,
) -> None:
    asks = a_detection(offer="course", reason=Reason.PURCHASE_INTENT, purchase=True)
    kept = combine(asks, an_opinion(0.1), a_rule(0.5))
    assert (kept.offer, kept.reason, kept.purchase) == ("course", Reason.TECHNIQUE, False)
    sure = combine(asks, an_opinion(0.5), a_rule(0.5))
    assert (sure.offer, sure.reason, sure.purchase) == ("course", Reason.PURCHASE_INTENT, True)
    dropped = combine(asks, an_opinion(0.09), a_rule(0.5))
    assert (dropped.offer, dropped.purchase) == (None, False)


def test_the_probability_that_was_asked_for_is_told(combine: Combiner) -> None:
    rule = a_rule(0.5, agreed=0.3, follow_up=0.7)
    asks = a_detection(offer="course", reason=Reason.PURCHASE_INTENT, purchase=True)
    seen = (no_need(), a_detection(), replace(no_need(), follows=True), asks)
    assert [combine(one, an_opinion(0.05), rule).least for one in seen] == [0.5, 0.3, 0.7, 0.1]


def test_what_she_has_closes_the_offer_that_the_scorer_chose(combine: Combiner) -> None:
    has = (Indicator("owns_course", "i own the course", 0, 16, 0.0),)
    seen = replace(a_detection(offer="course", gates=("owns_course",)), closed_by=has)
    other = combine(seen, an_opinion(), a_rule())
    assert (other.offer, other.escalate, other.gates) == ("mentorship", True, ())
    same = combine(replace(seen, gates=()), an_opinion(offers={"course": 0.9}), a_rule())
    assert (same.offer, same.escalate, same.gates) == ("course", False, ("owns_course",))


def test_a_question_that_goes_on_about_somebody_else_is_not_opened_again(
    combine: Combiner,
) -> None:
    goes_on = a_detection(escalate=False, gates=("third_person",))
    reopening = a_rule(reopen={"need_from": 0.8})
    assert combine(goes_on, an_opinion(0.99), reopening).gates == ("third_person",)
    by_phrase = (Indicator("third_person", "my sister's salon", 0, 17, 0.0),)
    said = replace(goes_on, closed_by=by_phrase)
    assert combine(said, an_opinion(0.99), reopening).gates == ()


@pytest.mark.parametrize(
    ("gate", "chance", "closed"), [("distress", 0.4, True), ("minor", 0.5, False)]
)
def test_a_learned_gate_closes_from_its_own_probability_on(
    combine: Combiner, gate: str, chance: float, closed: bool
) -> None:
    made = combine(no_need(), an_opinion(0.9, gates={gate: chance}), a_rule(0.5))
    assert (made.gates == (gate,)) is closed
    assert made.need
    assert made.escalate is not closed


def test_a_gate_that_a_phrase_closed_stays_closed_unless_its_head_is_sure_of_the_opposite(
    combine: Combiner,
) -> None:
    closed = a_detection(escalate=False, gates=("distress",))
    unsure, sure = an_opinion(gates={"distress": 0.03}), an_opinion(gates={"distress": 0.01})
    assert combine(closed, sure, a_rule()).gates == ("distress",)
    reopening = a_rule(reopen={"gate_below": 0.02, "gates": ["distress"]})
    assert combine(closed, unsure, reopening).gates == ("distress",)
    assert combine(closed, sure, reopening).gates == ()
    others = a_rule(reopen={"gate_below": 0.02, "gates": ["medical"]})
    assert combine(closed, sure, others).gates == ("distress",)


def test_a_gate_without_a_head_of_its_own_opens_for_a_need_that_is_sure(combine: Combiner) -> None:
    closed = a_detection(escalate=False, gates=("joke",))
    reopening = a_rule(reopen={"need_from": 0.8})
    assert combine(closed, an_opinion(0.7), reopening).gates == ("joke",)
    assert combine(closed, an_opinion(0.9), reopening).gates == ()
    assert combine(closed, an_opinion(0.99), a_rule()).gates == ("joke",)


@pytest.mark.parametrize(
    ("seen", "on_topic", "ours"),
    [
        (no_need(), 0.31, True),
        (no_need(), 0.29, False),
        (no_need(gates=("off_topic",)), 0.79, False),
        (no_need(gates=("off_topic",)), 0.81, True),
    ],
)
def test_without_a_word_of_the_trade_a_question_must_be_ours_more_surely(
    combine: Combiner, seen: Detection, on_topic: float, ours: bool
) -> None:
    made = combine(seen, an_opinion(0.5, on_topic=on_topic), a_rule(0.5))
    assert made.escalate is ours
    assert made.gates == (() if ours else ("perhaps_off_topic",))


def test_without_a_word_of_the_trade_a_deep_need_and_a_likely_subject_vouch_for_each_other(
    combine: Combiner,
) -> None:
    """Odds of 4 to 1 are asked for; 2 to 1 for the subject and for the need come to as much."""
    seen, rule = no_need(gates=("off_topic",)), a_rule(0.5)
    assert combine(seen, an_opinion(0.67, on_topic=0.67), rule).escalate
    assert not combine(seen, an_opinion(0.66, on_topic=0.66), rule).escalate
    assert combine(seen, an_opinion(0.1, on_topic=0.81), rule).gates == ()


def test_a_detection_tells_what_each_tier_thought() -> None:
    told = figures("encoder", an_opinion(0.91234, gates={"minor": 0.2, "owner": 0.01}))
    assert told["encoder.escalate"] == 0.9123
    assert told["encoder.gate.minor"] == 0.2
    assert "encoder.gate.owner" not in told


def test_what_a_tier_thought_stands_beside_what_the_phrases_found(combine: Combiner) -> None:
    seen = no_need()
    told = combine(seen, an_opinion(), a_rule(), {"scorer.escalate": 0.25})
    assert told.scores == {**seen.scores, "scorer.escalate": 0.25}


def test_a_suspicion_holds_back_this_turn_and_no_later_one(combine: Combiner) -> None:
    doubting = a_rule(gates_stick_from=0.7)
    unsure = combine(no_need(), an_opinion(gates={"distress": 0.5}), doubting)
    assert (unsure.escalate, unsure.gates) == (False, ("perhaps_distress",))
    sure = combine(no_need(), an_opinion(gates={"distress": 0.8}), doubting)
    assert sure.gates == ("distress",)


@pytest.mark.parametrize(
    ("chance", "gate", "need"),
    [
        (0.2, 0.7, True),  # 0.2 of a need and of no gate, 0.3 of no gate: a need of 0.67
        (0.1, 0.7, False),
        (0.04, 0.999, False),  # at most ten times as likely
        (0.06, 0.999, True),
    ],
)
def test_behind_a_gate_the_chance_of_a_need_is_not_that_of_an_offer(
    combine: Combiner, chance: float, gate: float, need: bool
) -> None:
    made = combine(no_need(), an_opinion(chance, gates={"distress": gate}), a_rule(0.5))
    assert (made.need, made.escalate, made.confidence) == (need, False, chance)


def test_without_a_gate_or_off_the_topic_it_is(combine: Combiner) -> None:
    in_doubt = {"distress": 0.39}
    assert not combine(no_need(), an_opinion(0.45, gates=in_doubt), a_rule(0.5)).need
    away = combine(no_need(), an_opinion(0.45, on_topic=0.1, gates=in_doubt), a_rule(0.5))
    assert (away.gates, away.need) == (("off_topic",), False)


@pytest.mark.parametrize("gate", ["refusal", "opt_out", "injection"])
def test_a_no_and_an_order_hide_no_need(combine: Combiner, gate: str) -> None:
    rule = a_rule(0.5, gates={gate: 0.4, "distress": 0.4})
    for gates in ({gate: 0.9}, {gate: 0.9, "distress": 0.9}):
        assert not combine(no_need(), an_opinion(0.3, gates=gates), rule).need


@pytest.mark.parametrize("gate", ["refusal", "distress", "owner"])
def test_a_need_that_phrases_found_behind_a_gate_is_told_and_held_back(
    combine: Combiner, gate: str
) -> None:
    rule, found = a_rule(0.5, gates={gate: 0.4}), a_detection()
    held = combine(found, an_opinion(0.01, gates={gate: 0.9}), rule)
    assert (held.need, held.escalate, held.gates) == (True, False, (gate,))
    assert not combine(no_need(), an_opinion(0.01, gates={gate: 0.9}), rule).need
    assert not combine(found, an_opinion(0.01), rule).need


def test_what_may_be_an_order_to_the_system_hides_no_need(combine: Combiner) -> None:
    rule = a_rule(0.5, gates={"injection": 0.1, "complaint": 0.1, "refusal": 0.1})
    for gates in ({"refusal": 0.9, "injection": 0.2}, {"refusal": 0.9, "complaint": 0.9}):
        assert not combine(a_detection(), an_opinion(0.01, gates=gates), rule).need
    complains = replace(a_detection(), gates=("complaint",))
    assert combine(complains, an_opinion(0.01, gates={"complaint": 0.9}), rule).need


@pytest.mark.parametrize("gate", ["refusal", "owner"])
def test_a_question_why_says_neither_no_nor_what_she_has(combine: Combiner, gate: str) -> None:
    rule, looks = a_rule(0.5, gates={gate: 0.4}), an_opinion(0.1, gates={gate: 0.9})
    assert combine(replace(no_need(), asks_why=True), looks, rule).gates == ()
    assert combine(no_need(), looks, rule).gates == (gate,)


def test_a_question_why_is_no_complaint_but_may_be_distress(combine: Combiner) -> None:
    why = replace(no_need(), asks_why=True)
    rule = a_rule(0.5, gates=dict.fromkeys(("complaint", "conduct", "injection", "distress"), 0.4))
    looks = an_opinion(0.1, gates=dict.fromkeys(("complaint", "conduct", "injection"), 0.9))
    assert combine(why, looks, rule).gates == ()
    assert combine(no_need(), looks, rule).gates == ("complaint", "conduct", "injection")
    said = replace(why, gates=("complaint",))
    assert combine(said, looks, rule).gates == ("complaint",)
    grief = an_opinion(0.1, gates={"distress": 0.9})
    assert combine(why, grief, rule).gates == ("distress",)
