"""What a message means right after a mention of ours."""

from dataclasses import replace

import pytest

from tay_middleware.decide import Circumstances, Detector, decide
from tay_middleware.decide.aftermath import after_mention
from tay_middleware.domain import Detection, History, Kind, Message, Reason, Suppression
from tay_middleware.playbook import Playbook
from tests.builders import a_history, a_mention, a_past_turn, a_turn, no_need

MENTIONED = a_history(a_mention())
SINCE = a_history(a_mention(), a_past_turn(number=101))


def heard(
    detector: Detector, playbook: Playbook, question: str, history: History = MENTIONED
) -> Detection:
    """What a message means to an app that passes no transcript."""
    return after_mention(a_turn(question), detector.detect(question), history, playbook)


@pytest.mark.parametrize(
    "no",
    [
        *("no", "nope", "pass", "nooo", "nahhh", "👎", "🙅🏾‍♀️", "abeg no", "lol no", "nah we move"),
        *("no gracias", "non merci", "nein danke", "não obrigada", "no that's ok", "not rn"),
        *("ya no gracias, solo la respuesta", "can't right now", "I'm good luv", "maybe later"),
    ],
)
def test_a_bare_no_declines(detector: Detector, playbook: Playbook, no: str) -> None:
    assert "refusal" in heard(detector, playbook, no).gates


def test_a_bare_stop_opts_out(detector: Detector, playbook: Playbook) -> None:
    assert "opt_out" in heard(detector, playbook, "that's enough").gates


@pytest.mark.parametrize(
    "message",
    [
        *("ok thanks", "no lace glue?", "is no glue better?", "no idea what to do next", "I know"),
        *("no deposit ok?", "can't melt my lace", "not sure about density", "now what?", "yes"),
    ],
)
def test_other_short_messages_say_no_no(
    detector: Detector, playbook: Playbook, message: str
) -> None:
    assert "refusal" not in heard(detector, playbook, message).gates


def test_a_no_to_something_else_is_none(detector: Detector, playbook: Playbook) -> None:
    assert "refusal" not in heard(detector, playbook, "nope", SINCE).gates
    assert "refusal" not in heard(detector, playbook, "nope", History()).gates


def test_a_turn_that_failed_is_not_what_is_answered(detector: Detector, playbook: Playbook) -> None:
    history = a_history(a_mention(), a_past_turn(number=101, failed=True))
    assert "refusal" in heard(detector, playbook, "nope", history).gates
    asked = heard(detector, playbook, "how much is it?", history)
    assert (asked.offer, asked.reason) == ("mentorship", Reason.PURCHASE_INTENT)


def test_a_wish_to_buy_is_known_though_the_reply_to_it_failed(
    detector: Detector, playbook: Playbook
) -> None:
    wish = a_past_turn(
        number=101, failed=True, offer="course", reason=Reason.PURCHASE_INTENT, kind=Kind.NONE
    )
    said = "I bought it"
    known = heard(detector, playbook, said, a_history(wish))
    assert known != heard(detector, playbook, said, History())
    assert known == heard(detector, playbook, said, a_history(replace(wish, failed=False)))


def test_a_short_answer_that_is_suspected_of_a_no_is_one(playbook: Playbook) -> None:
    doubt = no_need(gates=("perhaps_refusal",))
    short, long = (
        a_turn("too rich for my blood"),
        a_turn("what do you do when the lace is too dark"),
    )
    assert after_mention(short, doubt, MENTIONED, playbook).gates == ("refusal",)
    assert after_mention(long, doubt, MENTIONED, playbook).gates == ("perhaps_refusal",)


def test_who_asks_why_says_no_no(playbook: Playbook) -> None:
    doubt = no_need(gates=("perhaps_refusal",), asks_why=True)
    why = a_turn("why did you mention the mentorship?")
    assert "refusal" not in after_mention(why, doubt, MENTIONED, playbook).gates


def test_what_a_weak_phrase_says_is_meant_after_a_mention(
    detector: Detector, playbook: Playbook
) -> None:
    question = "out of my budget. what should I do about my pricing, my salon is losing money"
    assert detector.detect(question).gates == ("perhaps_refusal",)
    assert heard(detector, playbook, question).gates == ("refusal",)


@pytest.mark.parametrize(
    "question",
    [
        *("how much", "price?", "cost??", "what's included?", "what do i get in it"),
        *(
            "tell me more about the mentorship",
            "how does the mentorship work?",
            "ok i'm interested",
        ),
        *("where do I sign up?", "can I do it from Nigeria?", "yes tell me about it"),
        "is it online?",
    ],
)
def test_who_asks_for_more_wants_what_was_mentioned(
    detector: Detector, playbook: Playbook, question: str
) -> None:
    found = heard(detector, playbook, question)
    assert (found.purchase, found.offer, found.gates) == (True, "mentorship", ())
    assert found.reason is Reason.PURCHASE_INTENT
    turn = a_turn(question)
    decision = decide(turn, detector.detect(question), MENTIONED, playbook, Circumstances())
    assert (decision.shown, decision.suppressed) == (True, None)


def test_who_names_another_offer_wants_that(detector: Detector, playbook: Playbook) -> None:
    found = heard(detector, playbook, "tell me more about the masterclass")
    assert (found.purchase, found.offer) == (True, "masterclass")


@pytest.mark.parametrize(
    "question",
    [
        *("how long to bleach knots?", "tell me more about pricing", "what's in the glue?", "ok"),
        *("what's included in a luxury install?", "is it online or in store, the lace?"),
        *("yes please", "tell me more", "where do I find it", "how long is it", "is it worth it?"),
    ],
)
def test_who_asks_for_something_else_does_not(
    detector: Detector, playbook: Playbook, question: str
) -> None:
    assert not heard(detector, playbook, question).purchase


def test_alone_it_asks_for_nothing_of_ours(detector: Detector, playbook: Playbook) -> None:
    assert not heard(detector, playbook, "price?", SINCE).purchase


@pytest.mark.parametrize("gate", ["minor", "perhaps_minor", "perhaps_distress", "opt_out"])
def test_a_doubt_about_the_person_keeps_it_closed(playbook: Playbook, gate: str) -> None:
    asking = no_need(gates=(gate,))
    asking = replace(asking, asks_more=True)
    assert after_mention(a_turn("price?"), asking, MENTIONED, playbook) == asking


def test_our_own_sentence_in_the_transcript_is_a_mention_too(
    detector: Detector, playbook: Playbook
) -> None:
    sentence = playbook.by_id["mentorship.gentle.any.B"].text.replace("$offer", "the mentorship")
    said = (Message("user", "my prices?"), Message("assistant", f"Add it up.\n\n{sentence}"))
    found = detector.detect("price?", said)
    assert found.mentioned == "mentorship"
    assert after_mention(a_turn("price?"), found, History(), playbook).purchase
    plain = (said[0], Message("assistant", "Add it up. The mentorship is for that."))
    assert detector.detect("price?", plain).mentioned is None


def test_an_owner_is_offered_nothing_she_has(detector: Detector, playbook: Playbook) -> None:
    turn = a_turn("price?", owns=frozenset({"mentorship"}))
    decision = decide(turn, detector.detect("price?"), MENTIONED, playbook, Circumstances())
    assert decision.suppressed is Suppression.OWNS_OFFER
