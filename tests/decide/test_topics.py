import pytest

from tay_middleware.decide import Detector
from tay_middleware.domain import Detection, Message
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


def detection(question: str, *said: str) -> Detection:
    messages = tuple(Message("user", text) for text in said)
    return Detector(SmallRules()).detect(question, messages)


def topic(question: str, *said: str) -> str | None:
    return detection(question, *said).topic


def test_the_topic_with_most_distinct_wordings_wins() -> None:
    assert topic("price for clients and regulars") == "clients"
    assert topic("clients clients clients, price and prices") == "pricing"


def test_a_tie_goes_to_the_first_in_the_playbook() -> None:
    assert topic("clients and the price") == "pricing"


def test_a_short_question_goes_on_about_what_was_said_before() -> None:
    assert topic("and how long?", "my prices", "ok") == "pricing"
    assert topic("and how long?", "my prices", "ok", "ok") is None
    assert topic("and how long " * 6, "my prices") is None


def test_a_topic_is_sure_where_it_is_the_questions_own_and_wins() -> None:
    assert detection("my price for regulars and clients").sure_topic
    assert not detection("clients and the price").sure_topic
    assert not detection("and how long?", "my prices").sure_topic
    assert not detection("good morning").sure_topic


def test_a_weak_phrase_makes_a_topic_and_no_noun() -> None:
    assert topic("what the suite costs") == "pricing"
    assert not detection("what the suite costs").sure_topic
    assert not detection("the suite costs this much, clients and price").sure_topic


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("should i close my salon? rent went up again and my landlord wont budge", "scaling"),
        ("help me decide whether to give up the lease and go mobile", "scaling"),
        ("mum died and her salon is mine now, do i give up my lease", "scaling"),
        ("should i quit my job for my wig business, my job pays 1800", "scaling"),
        ("bank offered me a loan of 20k for my salon, should i take it", "scaling"),
        ("my junior's retwist is $85. How do I restructure my menu for both chairs?", "hiring"),
        ("I live in Leeds and want someone to look at my business", "content"),
        ("how much of my income do I keep back for tax", "pricing"),
    ],
)
def test_no_noun_is_said_for_what_is_about_something_else(
    detector: Detector, question: str, topic: str
) -> None:
    found = detector.detect(question)
    assert (found.topic, found.sure_topic) == (topic, False)


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("should I raise my prices, I charge £90", "pricing"),
        ("how do I grow to a second location, my landlord asks", "scaling"),
        ("should I hire an assistant or an apprentice", "hiring"),
    ],
)
def test_a_noun_is_said_for_what_is_about_it(detector: Detector, question: str, topic: str) -> None:
    found = detector.detect(question)
    assert (found.topic, found.sure_topic) == (topic, True)
