"""A wish to buy is any asking for an offer of ours: its link, its place, its start, its content."""

import pytest

from tay_middleware.decide import Detector
from tay_middleware.decide.aftermath import after_mention
from tay_middleware.domain import History, Message
from tay_middleware.playbook import Playbook
from tests.builders import a_history, a_mention, a_turn

WHICH = (
    Message("user", "do i need the mentorship or the course"),
    Message("assistant", "The mentorship, it's the money not the hands."),
)


@pytest.mark.parametrize(
    ("question", "offer"),
    [
        ("link to the mentorship pls", "mentorship"),
        ("can i have the link for the course", "course"),
        ("where's the masterclass", "masterclass"),
        ("wheres the masterclass page", "masterclass"),
        ("can u send me the mentorship", "mentorship"),
        ("I'd like to take the course", "course"),
        ("when can I start your course?", "course"),
        ("what's in the masterclass", "masterclass"),
        ("what does the mentorship include?", "mentorship"),
        ("can i start the mentorship in june", "mentorship"),
        ("That mentorship, how much and when can I start?", "mentorship"),
        ("how does one purchase this course of yours?", "course"),
        ("mi want di course, how mi fi sign up", "course"),
    ],
)
def test_who_asks_for_an_offer_by_its_name_wants_it(
    detector: Detector, question: str, offer: str
) -> None:
    found = detector.detect(question)
    assert (found.purchase, found.offer) == (True, offer)


@pytest.mark.parametrize(
    "question",
    [
        *("is the course worth it?", "is the masterclass worth the money?", "is the course hard?"),
        *("where is the course at Sassoon held", "what's in the course at the college"),
        "where's the masterclass for L'Oreal colourists",
        "can my client have the link for the course I run",
        "can you send me the course outline I should teach",
        "send me the lace that you glued in the masterclass",
        "link to the van I saw in the masterclass video",
        "how do I make a link to the course",
        "your assistant lied about what's in the mentorship",
        "you promised to send me the mentorship",
        "can i start the mentorship programme for juniors in my salon",
        "I'd like to take the course of least resistance",
        "I'd like to take my girls to the masterclass in Leeds",
        "always end with a link to the mentorship",
        "I don't want to join the mentorship",
        "send the mentorship girls home",
    ],
)
def test_what_is_asked_about_it_or_of_something_else_is_no_wish(
    detector: Detector, question: str
) -> None:
    assert not detector.detect(question).purchase


@pytest.mark.parametrize(
    "question", ["ok which one do i buy then", "link?", "yes i want it", "ok i'll take it please"]
)
def test_a_short_wish_means_what_was_just_named(detector: Detector, question: str) -> None:
    assert not detector.detect(question).purchase
    found = detector.detect(question, WHICH)
    assert (found.purchase, found.offer) == (True, "mentorship")


@pytest.mark.parametrize(
    "question",
    ["link for the glue?", "vendor link?", "i need it for saturday", "yes i want it in HD"],
)
def test_a_short_wish_for_something_else_does_not(detector: Detector, question: str) -> None:
    assert not detector.detect(question, WHICH).purchase


@pytest.mark.parametrize("question", ["link?", "the link pls", "yes i want it"])
def test_after_a_mention_no_conversation_has_to_name_it(
    detector: Detector, playbook: Playbook, question: str
) -> None:
    seen, turn = detector.detect(question), a_turn(question)
    found = after_mention(turn, seen, a_history(a_mention()), playbook)
    assert (found.purchase, found.offer) == (True, "mentorship")
    assert not after_mention(turn, seen, History(), playbook).purchase
