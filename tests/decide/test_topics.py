import pytest

from tay_middleware.decide import Detector
from tay_middleware.domain import Message
from tay_middleware.playbook import Playbook
from tests.decide.rules import SmallRules


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("should I raise my prices, I charge £90", "pricing"),
        ("my reels get 200 views on tiktok", "content"),
        ("which vendor for raw hair samples", "vendors"),
        ("should I hire an assistant or an apprentice", "hiring"),
        ("bleaching knots on a 613 unit", "technique"),
        ("my frontal install keeps lifting at the temples", "install"),
        ("regulars cancel, no shows, and my cancellation policy", "clients"),
        ("logo and packaging for the rebrand", "branding"),
        ("planning my launch and the waitlist", "launch"),
        ("imposter syndrome and no confidence", "mindset"),
        ("good morning", None),
    ],
)
def test_a_question_has_the_topic_it_is_about(
    detector: Detector, question: str, topic: str | None
) -> None:
    assert detector.detect(question).topic == topic


def test_every_topic_has_a_noun_that_can_be_said(playbook: Playbook) -> None:
    assert all(topic.noun == topic.noun.strip() for topic in playbook.topics.values())


def topic(question: str, *said: str) -> str | None:
    messages = tuple(Message("user", text) for text in said)
    return Detector(SmallRules()).detect(question, messages).topic


def test_the_topic_with_most_distinct_wordings_wins() -> None:
    assert topic("price for clients and regulars") == "clients"
    assert topic("clients clients clients, price and prices") == "pricing"


def test_a_tie_goes_to_the_first_in_the_playbook() -> None:
    assert topic("clients and the price") == "pricing"


def test_a_short_question_goes_on_about_what_was_said_before() -> None:
    assert topic("and how long?", "my prices", "ok") == "pricing"
    assert topic("and how long?", "my prices", "ok", "ok") is None
    assert topic("and how long " * 6, "my prices") is None
