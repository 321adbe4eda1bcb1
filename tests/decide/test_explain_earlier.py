"""What an explanation says of earlier messages, and of a wish to buy."""

from typing import Any

import pytest

from tay_middleware.decide.cascade import Until
from tay_middleware.decide.lines import Decider, Question
from tay_middleware.decide.stages import make_cascade
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings

NEED = "Can you review my pricing structure and tell me what's wrong?"


@pytest.fixture
def decider(playbook: Playbook, settings: Settings) -> Decider:
    return Decider(playbook, make_cascade(playbook, settings), until=Until.KEYWORDS, explain=True)


def told(decider: Decider, *said: str, question: str = NEED, **row: Any) -> dict[str, Any]:
    history = [
        {"role": ("user", "assistant")[at % 2], "content": one} for at, one in enumerate(said)
    ]
    return decider.decision(Question(id=1, question=question, history=history, **row))


@pytest.mark.parametrize(
    ("message", "cause", "gate", "phrase", "mend"),
    [
        (
            "no thanks, not interested in mentorship",
            "declined",
            "refusal",
            "no thanks",
            "in the same conversation a no counts for good, but for a wish to buy",
        ),
        (
            "I'm 15 and I braid",
            "sensitive",
            "minor",
            "i'm 15",
            "never while somebody is hurt, upset or under age: this is not a knob",
        ),
        (
            "I joined the mentorship in May",
            "owns_offer",
            "owns_mentorship",
            "i joined the mentorship",
            "it would show to somebody who gave mentorship back",
        ),
    ],
)
def test_the_earlier_message_is_named(
    decider: Decider, message: str, cause: str, gate: str, phrase: str, mend: str
) -> None:
    found = told(decider, "how do I bleach knots?", "Slowly.", message, "Right.")
    assert found["suppressed"] == cause
    assert found["flips"] == [
        f"held back by {gate} ({phrase!r}) in message 2 of the history",
        mend,
    ]
    (closed,) = found["closed_by"]
    assert (closed["gate"], closed["phrase"], closed["message"]) == (gate, phrase, 2)


def test_a_bare_answer_is_named_without_a_phrase(decider: Decider) -> None:
    found = told(
        decider, "how do I price?", "Hours first.\n\nMore is in the mentorship.", "stop", "Ok."
    )
    assert found["flips"][0] == "held back by opt_out in message 2 of the history"


def test_what_a_reply_saw_is_named_by_the_reply(decider: Decider) -> None:
    found = told(decider, "the salon feels empty since Sunday", "I'm so sorry for your loss.")
    assert found["suppressed"] == "sensitive"
    assert found["flips"][0] == "held back by alarm in message 1 of the history"


def test_a_no_that_was_taken_back_is_not_blamed(decider: Decider) -> None:
    said = ("stop recommending your stuff", "Ok.", "you can recommend things again", "Gladly.")
    taken_back = told(decider, *said)
    assert (taken_back["suppressed"], taken_back["shown"]) == (None, True)
    again = told(decider, *said, "no thanks, not interested in the course", "Sure.")
    assert [(one["gate"], one["message"]) for one in again["closed_by"]] == [("refusal", 4)]


def test_what_the_question_itself_says_comes_first(decider: Decider) -> None:
    found = told(decider, "no thanks, not interested", "Ok.", question=f"no thanks. {NEED}")
    assert not any("message" in one for one in found["closed_by"])
    assert found["flips"] == ["without refusal ('no thanks') it would escalate to mentorship"]


def test_a_wish_to_buy_is_told_by_its_words(decider: Decider) -> None:
    (line,) = told(decider, question="how much is the mentorship?")["flips"]
    assert line.startswith("'how much is the' asks to buy, which needs less: ")
