"""Who is called "girl", and who is not."""

import pytest

from tay_middleware.decide import Circumstances, ReplyFacts, decide, word
from tay_middleware.domain import History, Message, Turn
from tay_middleware.naming import count_words
from tay_middleware.playbook import Playbook
from tests.builders import a_detection, a_turn


def called(playbook: Playbook, **turn: object) -> int:
    """How many pet names forty people are called in their first mention, with this turn."""
    turns = [a_turn(user=f"u{at}", **turn) for at in range(40)]  # type: ignore[arg-type]  # by name
    return sum(_in_one(playbook, turn) for turn in turns)


def _in_one(playbook: Playbook, turn: Turn) -> int:
    decision = decide(turn, a_detection(), History(), playbook, Circumstances())
    words = word(decision, turn, playbook, ReplyFacts()) or ""
    return count_words(words, playbook.voice.pet_names)


@pytest.mark.parametrize(
    "question",
    [
        "I'm a male barber, how should we price and restructure the business?",
        "I\u2019m a guy who wants to learn to ventilate, where do I begin?",
        "as a man in this trade, how do I get clients?",
        "im the only guy in my salon, should I rent a chair?",
        "male stylist here, should I raise my prices?",
        "don't call me girl. should I raise my prices?",
        "me and my wife run a salon, how do we hire?",
        "Sam, they/them. How should I set my prices?",
    ],
)
def test_whoever_says_so_is_called_nothing(playbook: Playbook, question: str) -> None:
    assert called(playbook, question=question) == 0


@pytest.mark.parametrize(
    "question",
    [
        "my husband is a barber and I braid, how do I price?",
        "how do I get men into my salon?",
        "I'm a stylist and my dad says I'm too cheap, what should I charge?",
        "a guy told me to raise my prices, should I?",
    ],
)
def test_of_whom_nothing_is_said_may_be_called(playbook: Playbook, question: str) -> None:
    assert called(playbook, question=question) > 0


@pytest.mark.parametrize(
    "question",
    [
        "I feel like a failure, my business made 200 this month. What should my plan be?",
        "I'm scared. My landlord raised my rent, what should I do with my prices?",
        "I'm so frustrated, I feel stupid, my pricing is a mess again",
        "I\u2019m broke right now, can you help me fix my prices?",
        "Ugh I'm crying with anger, my client humiliated me about my prices",
        "I'm 3 months behind on rent for my salon, what about my numbers?",
    ],
)
def test_the_upset_are_called_nothing(playbook: Playbook, question: str) -> None:
    assert called(playbook, question=question) == 0


def test_it_holds_for_the_conversation(playbook: Playbook) -> None:
    said = (Message("user", "I'm a guy who braids"), Message("assistant", "Nice."))
    assert called(playbook, transcript=said) == 0
    ours = (Message("assistant", "I'm a guy who braids, says he."),)
    assert called(playbook, transcript=ours) > 0


@pytest.mark.parametrize("value", [False, "no", "False"])
def test_an_app_may_say_so(playbook: Playbook, value: object) -> None:
    assert called(playbook, signals={"pet_names": value}) == 0
    assert called(playbook, signals={"pet_names": True}) > 0
