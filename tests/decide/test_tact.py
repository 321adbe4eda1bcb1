"""Turns of played conversations that a person would have taken otherwise than the program did."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tay_middleware.decide import Circumstances, Detector, decide
from tay_middleware.decide.aftermath import after_mention
from tay_middleware.decide.combine import Combiner
from tay_middleware.decide.kept_gates import kept_closed, lasting
from tay_middleware.decide.replies import ReplyReader
from tay_middleware.domain import (
    ClosedGate,
    Detection,
    Kind,
    Message,
    Reason,
    Suppression,
)
from tay_middleware.playbook import Playbook
from tests.builders import NOON, a_detection, a_history, a_mention, a_past_turn, a_turn, no_need
from tests.decide.causes import cause
from tests.decide.opinions import a_rule, an_opinion

MENTIONED = a_history(a_mention())


def heard(detector: Detector, playbook: Playbook, question: str) -> Detection:
    """What a message means right after a mention."""
    return after_mention(a_turn(question), detector.detect(question), MENTIONED, playbook)


@pytest.mark.parametrize(
    "no",
    [
        *("tempting but no x", "not for me lovely", "can't justify it rn", "I'm good on that"),
        *("bit rich for my blood lol", "my husband would kill me lol no", "you can keep that"),
        *("i tried one before it was useless", "one day inshallah", "i dont do mentors"),
        *("when i win the lottery \U0001f602", "nope. anyway how do i do my costs"),
        "nah, moving on. which lace is best for beginners",
    ],
)
def test_a_no_in_a_figure_of_speech_declines(
    detector: Detector, playbook: Playbook, no: str
) -> None:
    assert "refusal" in heard(detector, playbook, no).gates


@pytest.mark.parametrize(
    "message",
    [
        *("you can keep that length?", "not for me to say, but is 13x4 enough?"),
        *("i tried one before it was laid", "no. 3 packs", "my husband would help me"),
    ],
)
def test_what_only_begins_like_it_declines_nothing(
    detector: Detector, playbook: Playbook, message: str
) -> None:
    assert "refusal" not in heard(detector, playbook, message).gates


def test_a_nope_to_a_question_of_the_reply_leaves_no_doubt(detector: Detector) -> None:
    before = (Message("user", "reels again"), Message("assistant", "Ha. Anything good?"))
    found = detector.detect("Nope. Anyway my braiders quit, how do I restructure my salon", before)
    assert (found.gates, found.escalate) == ((), True)


@pytest.mark.parametrize(
    "stop",
    [
        *("less of the selling please", "drop the sales thing", "don't push that on me again"),
        *("can you not do that every time", "i don't want to hear about programs"),
    ],
)
def test_a_stop_in_other_words_is_confirmed(
    detector: Detector, playbook: Playbook, stop: str
) -> None:
    seen = detector.detect(stop)
    decision = decide(a_turn(stop), seen, MENTIONED, playbook, Circumstances())
    assert decision.kind is Kind.ACKNOWLEDGEMENT


@pytest.mark.parametrize("message", ["can you not do that", "how do I do less of the selling"])
def test_what_may_be_asked_of_the_answer_is_no_stop(
    detector: Detector, playbook: Playbook, message: str
) -> None:
    assert "opt_out" not in heard(detector, playbook, message).gates


def test_who_came_for_advice_is_fed_up(detector: Detector) -> None:
    assert "pitched" in detector.detect("I come here for advice not adverts").gates


@pytest.mark.parametrize(
    "why",
    [
        *("why the mentorship tho", "do you say that to everyone", "who's paying you for this"),
        *("what does that have to do with my question", "what made you say that last bit"),
    ],
)
def test_why_in_other_words_is_answered(detector: Detector, playbook: Playbook, why: str) -> None:
    history = a_history(replace(a_mention(), reason=Reason.PERSONALIZED_HELP))
    decision = decide(a_turn(why), detector.detect(why), history, playbook, Circumstances())
    assert decision.kind is Kind.EXPLANATION


@pytest.mark.parametrize(
    "question",
    [
        *("what's it cost", "send link", "ok im in", "is it 1-1 or group", "the mentorship?"),
        *("sounds interesting, how do i join", "hmm what would we actually do in it"),
        *("is there a discount on it", "ok how much is it full price"),
    ],
)
def test_who_asks_for_more_in_other_words_wants_it(
    detector: Detector, playbook: Playbook, question: str
) -> None:
    found = heard(detector, playbook, question)
    assert (found.purchase, found.offer, found.gates) == (True, "mentorship", ())


@pytest.mark.parametrize(
    "question",
    [
        *(
            "what does it cost to ventilate",
            "the lace?",
            "the mentorship: no, Tay",
            "mentorship lol",
        ),
        "end every message with a discount for the course",
    ],
)
def test_who_asks_for_something_else_does_not(
    detector: Detector, playbook: Playbook, question: str
) -> None:
    assert not heard(detector, playbook, question).purchase


def test_after_a_mention_no_head_hears_a_no_in_its_name(
    detector: Detector, playbook: Playbook, combine: Combiner
) -> None:
    rule = a_rule(0.6, gates={"refusal": 0.35, "complaint": 0.35})
    opinion = an_opinion(0.05, gates={"refusal": 0.96, "complaint": 0.2})
    before = (Message("user", "can you review my prices?"), Message("assistant", _woven(playbook)))
    asks = detector.detect("the mentorship?", before)
    assert combine(asks, opinion, rule).gates == ()
    other = detector.detect("a frontal?", before)
    assert "refusal" in combine(other, opinion, rule).gates


@pytest.mark.parametrize("said", ["the mentorship lol", "how much? never", "price? nope"])
def test_a_head_still_hears_a_no_beside_other_words(
    detector: Detector, playbook: Playbook, combine: Combiner, said: str
) -> None:
    rule = a_rule(0.6, gates={"refusal": 0.35})
    before = (Message("user", "can you review my prices?"), Message("assistant", _woven(playbook)))
    made = combine(detector.detect(said, before), an_opinion(0.05, gates={"refusal": 0.96}), rule)
    assert "refusal" in made.gates


def _woven(playbook: Playbook) -> str:
    text = playbook.by_id["mentorship.standard.any.C"].text
    return f"Price from cost.\n\n{text.replace('$offer', 'the mentorship')}"


@pytest.mark.parametrize(
    "question",
    [
        "is there a discount on the mentorship for single mums",
        "so how do i get to work with tay directly",
    ],
)
def test_who_asks_for_a_price_or_a_place_is_answered_directly(
    detector: Detector, question: str
) -> None:
    found = detector.detect(question)
    assert (found.purchase, found.offer) == (True, "mentorship")


@pytest.mark.parametrize(
    "message",
    [
        "today makes it a year since my dad. he built this salon with me",
        "nan ran this shop, and today is the anniversary of her passing",
        "first year without my husband in the salon, help me plan my prices",
        "my shop dem don lock am because rent. pikin dey house no food",
        "i've maxed out two credit cards on stock, how do i fix my pricing",
        "im up to 11k on them. how do i grow my business out of this",
    ],
)
def test_grief_hunger_and_debt_in_other_words_hold_back(detector: Detector, message: str) -> None:
    found = detector.detect(message)
    assert ("distress" in found.gates, found.escalate) == (True, False)


@pytest.mark.parametrize(
    "message",
    [
        "ten years since my sister and I opened the salon, how do we split the profit",
        "it's been two years since my dad lent me money for my salon, should I raise my prices",
        "I sell food for the kids at my salon",
    ],
)
def test_a_family_in_business_is_no_grief(detector: Detector, message: str) -> None:
    assert "distress" not in detector.detect(message).gates


def test_a_year_since_a_death_is_certain(detector: Detector) -> None:
    assert "distress" in detector.detect("a year since my dad. he built this salon").certainly


def test_who_was_in_danger_is_offered_nothing_for_a_week(
    detector: Detector, playbook: Playbook
) -> None:
    said = "the salon is failing and i dont want to be here"
    seen = detector.detect(said)
    assert "danger" in seen.certainly
    kept = kept_closed(a_turn(said), seen, playbook.gates)
    assert ClosedGate("danger", NOON) in kept
    for days, held in ((1, Suppression.SENSITIVE), (6, Suppression.SENSITIVE), (8, None)):
        later = replace(a_turn(session="s2"), asked_at=NOON + timedelta(days=days))
        assert cause(playbook, later, history=replace(a_history(), closed=kept)) is held


@pytest.mark.parametrize(
    "said",
    [
        *("my frontal lifted on a date, i want to die", "i don't want to live in the city"),
        *("how do i get to 25 clients without killing myself", "he beats me on each price"),
    ],
)
def test_a_figure_of_speech_is_over_tomorrow(detector: Detector, said: str) -> None:
    assert "danger" not in detector.detect(said).gates


def test_a_complaint_beside_a_stop_keeps_no_price_from_her(playbook: Playbook) -> None:
    asks = replace(a_detection(), purchase=True, reason=Reason.PURCHASE_INTENT)
    for gates, held in (
        (("opt_out", "complaint"), None),
        (("opt_out", "complaint", "distress"), Suppression.SENSITIVE),
        (("complaint",), Suppression.SENSITIVE),
    ):
        history = a_history(a_past_turn(ago=timedelta(minutes=2), gates=gates))
        around = Circumstances(earlier_gates=(gates,))
        turn = a_turn(transcript=(Message("user", "stop it"), Message("assistant", "Heard.")))
        assert cause(playbook, turn, asks, history, around) is held


def test_a_complaint_beside_a_stop_is_not_kept(playbook: Playbook) -> None:
    stop = no_need(gates=("opt_out", "complaint"))
    kept = {one.gate for one in kept_closed(a_turn("stop"), stop, playbook.gates)}
    assert "complaint" not in kept
    assert lasting(("complaint",), playbook.gates) == ("complaint",)


def test_an_advertisement_gets_none_of_ours(detector: Detector) -> None:
    found = detector.detect("DM me to join MY academy, we teach wig making, first lesson 50% off!")
    assert ("quote" in found.gates, found.certainly) == (True, ("quote",))


def test_a_reply_that_rates_a_bookkeeper_above_any_course_bears_no_mention(
    playbook: Playbook,
) -> None:
    reader = ReplyReader(playbook.gates)
    said = "A good bookkeeper for two hours is worth more than any course right now."
    assert reader.read(said).advises_against
    assert not reader.read("Your time is worth more than a bundle of hair.").advises_against


def test_grandmas_salon_still_gives_a_reason_to_suspect_an_age(detector: Detector) -> None:
    said = "I run the books for Grandma's salon, I'm only free after fourth period"
    assert "minor" not in detector.detect(said).unsuspected
