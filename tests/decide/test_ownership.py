"""What she says that she has is never offered to her again, until she gave it back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tay_middleware.decide import Circumstances, decide
from tay_middleware.decide.cascade import Cascade, Until
from tay_middleware.decide.detect import Detector
from tay_middleware.decide.kept_gates import kept_closed
from tay_middleware.decide.ownership import owned
from tay_middleware.domain import ClosedGate, History, Indicator, Message, Suppression
from tay_middleware.playbook import Playbook
from tests.builders import NOON, a_detection, a_turn, no_need

DAY = timedelta(days=1)


def said(message: str, detector: Detector) -> list[str]:
    found = detector.detect(message).closed_by
    return [one.group for one in found if one.group.startswith(("owns_", "gave_back_"))]


@pytest.mark.parametrize(
    ("message", "offer"),
    [
        ("I joined the mentorship last week", "mentorship"),
        ("I bought your course in January", "course"),
        ("just signed up for the mentorship!!", "mentorship"),
        ("I'm on the mentorship already", "mentorship"),
        ("just enrolled on the course, so excited", "course"),
        ("I paid for the masterclass on Monday, can't wait", "masterclass"),
        ("I'm one of your mentees", "mentorship"),
        ("started the course yesterday, module 1 was so good", "course"),
        ("I did your masterclass last year and it changed my pricing", "masterclass"),
        ("I've been in your mentorship since May", "mentorship"),
        ("I bought the course at Christmas", "course"),
        ("I've done the masterclass from your website", "masterclass"),
        ("I've done half of the course", "course"),
        ("I have a place on the course", "course"),
        ("I took notes in your masterclass", "masterclass"),
        ("I've got access to the masterclass", "masterclass"),
        ("I'm on module four of your course, the sectioning part", "course"),
        ("since joining the mentorship my salon does 9k. how do I hire?", "mentorship"),
    ],
)
def test_a_purchase_is_heard_with_its_offer(message: str, offer: str, detector: Detector) -> None:
    assert set(said(message, detector)) == {f"owns_{offer}"}


@pytest.mark.parametrize(
    "message",
    [
        "if I joined the mentorship would you look at my numbers?",
        "should I have bought the course instead?",
        "I did a masterclass in Leeds last year",
        "my sister just bought your course",
        "I wish I bought the course",
        "do I have the mentorship for a year or for life?",
        "I'm thinking about the mentorship",
        "I finished my course at college",
        "what questions I have, the course may answer",
        "I want to join the mentorship",
        "I have the money for the mentorship",
        "I have questions about the mentorship",
        "I have an interest in the mentorship",
        "I've got savings for the mentorship",
        "I started the mentorship application",
        "I have the mentorship in mind",
        "I joined the course at college",
        "I left the course page open",
        "I have heard of your mentorship",
    ],
)
def test_what_is_no_purchase_of_hers_is_none(message: str, detector: Detector) -> None:
    assert said(message, detector) == []


def test_two_purchases_in_one_breath_are_two(detector: Detector) -> None:
    assert said("I bought your course and your masterclass", detector) == [
        "owns_course",
        "owns_masterclass",
    ]
    told = said("I bought the course and the masterclass sounds good too", detector)
    assert told == ["owns_course"]


def test_another_offer_than_hers_may_be_spoken_of_still(detector: Detector) -> None:
    seen = detector.detect(
        "I own the wig making course and I love it. Can you review my pricing structure?"
    )
    assert (seen.need, seen.offer, seen.gates) == (True, "mentorship", ())
    assert [one.group for one in seen.closed_by] == ["owns_course"]


@pytest.mark.parametrize(
    "message",
    [
        "I got a refund for the course",
        "they refunded me for the course last week",
        "I cancelled the course",
        "I'm no longer on the course",
    ],
)
def test_a_refund_takes_it_back(message: str, detector: Detector) -> None:
    assert said(message, detector) == ["gave_back_course"]
    assert owned(["owns_course", *said(message, detector)]) == frozenset()


def test_what_came_last_counts() -> None:
    assert owned(["owns_course", "gave_back_course", "owns_course"]) == {"course"}
    assert owned(["distress", "perhaps_owner"]) == frozenset()


def cause(playbook: Playbook, history: History | None = None, **around: object) -> object:
    circumstances = Circumstances(**around)  # type: ignore[arg-type]  # by name
    return decide(a_turn(), a_detection(), history or History(), playbook, circumstances).suppressed


def test_it_holds_years_later_in_any_conversation_and_for_that_offer_alone(
    playbook: Playbook,
) -> None:
    for offer, expected in (("mentorship", Suppression.OWNS_OFFER), ("course", None)):
        closed = (ClosedGate(f"owns_{offer}", NOON - 300 * DAY),)
        assert cause(playbook, History(closed=closed)) is expected


def test_a_refund_after_it_lets_it_be_offered(playbook: Playbook) -> None:
    bought = ClosedGate("owns_mentorship", NOON - 30 * DAY)
    returned = ClosedGate("gave_back_mentorship", NOON - DAY)
    assert cause(playbook, History(closed=(returned, bought))) is None
    again = replace(bought, at=NOON - timedelta(hours=1))
    assert cause(playbook, History(closed=(returned, again))) is Suppression.OWNS_OFFER


def test_it_is_heard_in_the_messages_that_came_with_the_question(playbook: Playbook) -> None:
    named = (("support", "owns_course", "owner"),)
    assert cause(playbook, earlier_gates=(("owns_mentorship",),)) is Suppression.OWNS_OFFER
    assert cause(playbook, earlier_gates=named) is None
    assert cause(playbook, earlier_gates=(("owner",),)) is Suppression.OWNS_OFFER


@pytest.mark.parametrize(
    ("session", "ago", "expected"),
    [
        ("s1", timedelta(minutes=5), Suppression.OWNS_OFFER),
        ("s0", timedelta(minutes=5), None),
        ("s1", 2 * DAY, None),
    ],
)
def test_an_owner_of_who_knows_what_is_left_alone_for_the_session(
    playbook: Playbook, session: str, ago: timedelta, expected: Suppression | None
) -> None:
    closed = (ClosedGate("owner", NOON - ago, session),)
    assert cause(playbook, History(closed=closed)) is expected


def test_the_profile_keeps_the_offer_and_not_the_gate_where_one_is_named(
    playbook: Playbook,
) -> None:
    course = Indicator("owns_course", "i bought your course", 0, 20, 0.0)
    named = replace(no_need(gates=("support", "owner")), closed_by=(course,))
    assert kept_closed(a_turn(), named, playbook.gates) == (ClosedGate("owns_course", NOON),)
    bare = no_need(gates=("perhaps_refusal", "owner"))
    assert kept_closed(a_turn(), bare, playbook.gates) == (ClosedGate("owner", NOON, "s1"),)


def test_the_offer_that_she_names_as_hers_is_not_offered_in_the_same_turn(
    playbook: Playbook, detector: Detector
) -> None:
    """A scorer may open what the phrases closed; the fact stays."""
    seen = detector.detect("I joined the mentorship. How do I restructure my pricing?")
    opened = replace(a_detection(), closed_by=seen.closed_by)
    decision = decide(a_turn(), opened, History(), playbook, Circumstances())
    assert decision.suppressed is Suppression.OWNS_OFFER


def test_it_is_heard_where_only_the_conversation_says_so(playbook: Playbook) -> None:
    """From the text to the decision, with nobody known."""
    keywords = Cascade(playbook)
    own = Message("user", "I own the wig making course and I love it. which needle for lace?")
    back = Message("user", "I got a refund for the course, the lace part was not for me")
    question = "Where can I learn ventilating properly, step by step, from start to finish?"

    def cause_after(*said: Message) -> tuple[str | None, Suppression | None]:
        turn = replace(a_turn(question, transcript=said), user_id=None, session_id=None)
        around = Circumstances(earlier_gates=keywords.earlier_gates(said, Until.KEYWORDS))
        seen = keywords.detect(question, said, until=Until.KEYWORDS)
        decision = decide(turn, seen, History(), playbook, around)
        return decision.offer, decision.suppressed

    assert cause_after(own) == ("course", Suppression.OWNS_OFFER)
    assert cause_after(own, back) == ("course", None)
    assert cause_after(back, own) == ("course", Suppression.OWNS_OFFER)
