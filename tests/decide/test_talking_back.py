"""What people say back: a stop to something else, a refund asked about, a price beside a stop."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tay_middleware.decide import Circumstances, Detector, ReplyFacts, decide, word
from tay_middleware.decide.aftermath import after_mention
from tay_middleware.decide.combine import Combiner
from tay_middleware.decide.offers import Catalogue
from tay_middleware.domain import Detection, History, Kind, Message, PastTurn, Suppression
from tay_middleware.playbook import Playbook
from tests.builders import a_history, a_mention, a_past_turn, a_turn, no_need
from tests.decide.opinions import an_opinion

MENTION = (
    Message("user", "can you review my prices?"),
    Message("assistant", "Add up the hours.\n\nWe look at that together in the mentorship."),
)
STOPPED = a_history(a_past_turn(kind=Kind.ACKNOWLEDGEMENT), opted_out_ago=timedelta(minutes=5))
ASKED = "no recommendations please, but what does the mentorship cost?"


def answered(
    detector: Detector, playbook: Playbook, text: str, *before: PastTurn, stopped: bool = False
) -> Detection:
    """What a message means after these turns, by the keyword stage."""
    turn = a_turn(text, transcript=MENTION)
    return after_mention(turn, detector.detect(text, MENTION), a_history(*before), playbook)


@pytest.mark.parametrize(
    "text",
    [
        "stop recommending got2b, it wrecked my edges",
        "please stop suggesting silicones",
        "stop recommending me zzmelt spray",
        "no more suggestions, I'm going with the 20 inch",
        "don't recommend anything with alcohol in it",
        "please stop pushing silicone sprays",
        "don't recommend any more vendors",
    ],
)
def test_a_stop_to_a_thing_is_none_to_us(detector: Detector, text: str) -> None:
    assert "opt_out" not in detector.detect(text).gates
    assert "opt_out" not in detector.detect(text, MENTION).gates


@pytest.mark.parametrize(
    "text",
    [
        *("no more suggestions please", "no more recommendations", "stop recommending it"),
        *("don't suggest that again", "stop it tay lol", "ok enough", "stop recommending me"),
    ],
)
def test_where_nothing_is_named_it_is_the_mention_just_before(
    detector: Detector, playbook: Playbook, text: str
) -> None:
    seen = answered(detector, playbook, text, a_mention())
    assert ("opt_out" in seen.gates, seen.weakly) == (True, ())


@pytest.mark.parametrize("text", ["stop recommending it", "don't suggest that again"])
def test_without_a_mention_it_is_a_guess(detector: Detector, text: str) -> None:
    assert detector.detect(text).weakly == ("opt_out",)


@pytest.mark.parametrize(
    "text",
    ["stop sending me the link to the mentorship", "stop telling me about the masterclass"],
)
def test_a_stop_to_links_and_talk_of_ours_is_one(detector: Detector, text: str) -> None:
    assert "opt_out" in detector.detect(text).gates


def test_a_stop_is_confirmed_once(playbook: Playbook, detector: Detector) -> None:
    stop = detector.detect("stop recommending stuff")
    turn = a_turn("stop recommending stuff")

    def kind(history: History) -> Kind:
        return decide(turn, stop, history, playbook, Circumstances()).kind

    assert kind(History()) is Kind.ACKNOWLEDGEMENT
    assert kind(STOPPED) is Kind.NONE
    later = (*STOPPED.turns, a_past_turn(ago=timedelta(minutes=1), kind=Kind.MENTION, number=101))
    assert kind(replace(STOPPED, turns=later)) is Kind.ACKNOWLEDGEMENT
    assert kind(replace(STOPPED, opted_out_at=None)) is Kind.ACKNOWLEDGEMENT


def test_where_nobody_is_known_the_conversation_tells_that_it_was_confirmed(
    playbook: Playbook, detector: Detector
) -> None:
    told = Message("assistant", f"Fine.\n\n{playbook.voice.acknowledgements[0]}")
    text = "I said stop recommending stuff"
    stop = detector.detect(text)
    for transcript, kind in (
        ((told,), Kind.NONE),
        ((told, MENTION[1]), Kind.ACKNOWLEDGEMENT),
        (MENTION, Kind.ACKNOWLEDGEMENT),
    ):
        turn = a_turn(text, user=None, transcript=transcript)
        assert decide(turn, stop, History(), playbook, Circumstances()).kind is kind


@pytest.mark.parametrize(
    "text",
    [
        *("can I get a refund if I don't like it?", "what's your refund policy"),
        *("do you do refunds", "can i get my money back if it doesnt work", "is it refundable"),
        "what if I don't like it, do I get my money back",
    ],
)
def test_a_refund_asked_about_is_no_complaint(
    detector: Detector, playbook: Playbook, text: str
) -> None:
    turn = a_turn(text, transcript=MENTION)
    seen = detector.detect(text, MENTION)
    decision = decide(turn, seen, a_history(a_mention()), playbook, Circumstances())
    assert not {"complaint", "pitched", "refusal"}.intersection(decision.detection.gates)
    asked = (*MENTION, Message("user", text), Message("assistant", "It is on the page."))
    assert detector.detect("ok how much is it", asked).purchase


@pytest.mark.parametrize(
    "text", ["I want a refund", "give me my money back", "can I get a refund? it taught me nothing"]
)
def test_a_refund_asked_for_is_one(detector: Detector, text: str) -> None:
    assert "complaint" in detector.detect(text, MENTION).gates


@pytest.mark.parametrize(
    "text",
    [
        ASKED,
        "please stop recommending stuff. How much is the mentorship though?",
        "stop pitching me but how do i join the mentorship",
    ],
)
@pytest.mark.parametrize("before", [(), (a_mention(),)])
def test_what_is_asked_beside_a_stop_is_answered_and_the_stop_kept(
    detector: Detector, playbook: Playbook, text: str, before: tuple[PastTurn, ...]
) -> None:
    turn, seen = a_turn(text), detector.detect(text)
    decision = decide(turn, seen, a_history(*before), playbook, Circumstances())
    assert (decision.shown, decision.offer) == (True, "mentorship")
    assert "opt_out" in decision.detection.gates
    after = a_history(opted_out_ago=timedelta(minutes=1))
    other = "my salon is losing money, help me restructure my prices"
    held = decide(a_turn(other), detector.detect(other), after, playbook, Circumstances())
    assert held.suppressed is Suppression.OPTED_OUT


def test_the_stop_is_confirmed_where_there_is_no_answer(
    detector: Detector, playbook: Playbook
) -> None:
    named = ReplyFacts(names=frozenset({"mentorship"}), links=frozenset({"mentorship"}))
    around = Circumstances(reply=named)
    decision = decide(a_turn(ASKED), detector.detect(ASKED), History(), playbook, around)
    assert decision.kind is Kind.ACKNOWLEDGEMENT


@pytest.mark.parametrize(
    "text",
    [
        "stop telling me how much the mentorship is",
        "stop recommending stuff, I don't want to know how much the mentorship is",
        "stop sending me the link to the mentorship",
    ],
)
def test_what_is_stopped_is_not_asked_for(detector: Detector, text: str) -> None:
    seen = detector.detect(text)
    assert ("opt_out" in seen.gates, seen.asks_anyway, seen.escalate) == (True, False, False)


def test_beside_a_stop_no_head_takes_the_question_for_a_no(
    detector: Detector, playbook: Playbook
) -> None:
    combine = Combiner(0.1, Catalogue(playbook.offers, playbook.indicators.groups))
    rule = playbook.policy.cascade.encoder
    heads = {"refusal": 0.9, "opt_out": 0.9, "conduct": 0.9}
    seen = detector.examine(ASKED).detection
    made = combine(seen, an_opinion(0.1, gates=heads), rule)
    assert (made.escalate, made.purchase, made.gates) == (True, True, ("opt_out",))
    hurt = combine(seen, an_opinion(0.1, gates={**heads, "distress": 0.9}), rule)
    assert not hurt.escalate


@pytest.mark.parametrize(
    "text",
    [
        *("hmm not now tay, saving for a baby", "not for me then", "e too cost o, abeg no"),
        *("sounds good, next month maybe", "great, I'll join in january", "I'll sleep on it"),
        *("let me talk to my husband first", "ok maybe next month when I get paid"),
        "nah thats too much for me right now maybe later in the year",
        *("remind me later", "thats a bit steep for me", "lol nope"),
    ],
)
def test_what_is_put_off_is_a_no(detector: Detector, playbook: Playbook, text: str) -> None:
    assert "refusal" in answered(detector, playbook, text, a_mention()).gates
    assert "refusal" not in detector.detect("ok thanks", MENTION).gates


@pytest.mark.parametrize(
    "text",
    [
        *("no, the HD lace", "ok now what", "and what do I do next month?", "next", "yes now"),
        *("ok, so after a month do I retighten the lace", "not sure about the density, help"),
    ],
)
def test_what_goes_on_about_something_else_puts_nothing_off(
    detector: Detector, playbook: Playbook, text: str
) -> None:
    assert "refusal" not in answered(detector, playbook, text, a_mention()).gates


@pytest.mark.parametrize(
    "text",
    [
        *("interesting. what's the mentorship exactly", "yeah go on tell me about that mentorship"),
        *("no I get it. what's inside it", "well how much is it anyway", "uhh how much that cost"),
        *("how much e cost", "wait, does it cover pricing", "ok Tay how much is it"),
    ],
)
def test_an_opener_does_not_hide_what_is_asked(
    detector: Detector, playbook: Playbook, text: str
) -> None:
    seen = answered(detector, playbook, text, a_mention())
    assert (seen.purchase, seen.offer, seen.gates) == (True, "mentorship", ())


@pytest.mark.parametrize(
    "text",
    [
        *("is the masterclass still running", "do you still do that masterclass"),
        "ok I slept on it, tell me about the masterclass",
    ],
)
def test_who_comes_back_to_an_offer_asks_for_it(detector: Detector, text: str) -> None:
    seen = detector.detect(text)
    assert (seen.purchase, seen.offer, seen.gates) == (True, "masterclass", ())


def test_a_certificate_or_a_refund_is_still_about_the_offer(detector: Detector) -> None:
    for between in ("do I get a certificate", "does it cover pricing", "thanks Tay"):
        said = (*MENTION, Message("user", between), Message("assistant", "Yes."))
        assert detector.detect("ok sign me up", said).offer == "mentorship"


def test_nothing_paid_is_a_no(detector: Detector) -> None:
    assert "refusal" in detector.detect("money's tight so nothing paid please").gates


def test_who_may_be_upset_is_called_nothing(detector: Detector, playbook: Playbook) -> None:
    combine = Combiner(0.1, Catalogue(playbook.offers, playbook.indicators.groups))
    rule = playbook.policy.cascade.encoder
    bar = rule.gates["distress"]
    text = "help me restructure my salon pricing"
    seen = detector.examine(text).detection
    names = [name.casefold() for name in playbook.voice.pet_names]
    for share, upset in ((0.4, False), (0.6, True)):
        made = combine(seen, an_opinion(0.9, gates={"distress": bar * share}), rule)
        assert (made.upset, made.escalate) == (upset, True)
        told = ""
        for number in range(40):
            turn = a_turn(text, user=f"u{number}")
            decision = decide(turn, made, History(), playbook, Circumstances())
            told += (word(decision, turn, playbook, ReplyFacts(has_emoji=True)) or "").casefold()
        assert any(name in told for name in names) is not upset


def test_nothing_is_answered_that_was_not_asked(detector: Detector) -> None:
    assert not no_need().asks_anyway
    assert not detector.detect("stop recommending stuff").asks_anyway
