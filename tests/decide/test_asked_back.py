"""What answers the question of the reply itself says nothing of the mention below it."""

from dataclasses import replace

import pytest

from tay_middleware.decide import Detector
from tay_middleware.decide.aftermath import after_mention
from tay_middleware.decide.asked_back import asks_at_its_end
from tay_middleware.domain import Detection, Message
from tay_middleware.playbook import Playbook
from tests.builders import a_history, a_mention, a_turn, no_need

MENTION = "When somebody wants those details looked at, we do it inside the mentorship."
ASKS = "Take the closure unit first.\n\nDo you take deposits?"


def heard(detector: Detector, playbook: Playbook, message: str, reply: str) -> Detection:
    before = (Message("user", "How do I price my wigs?"), Message("assistant", reply))
    turn = a_turn(message, transcript=before)
    return after_mention(turn, detector.detect(message, before), a_history(a_mention()), playbook)


@pytest.mark.parametrize("reply", [ASKS, f"{ASKS}\n\n{MENTION}", f"{ASKS} 💕\n\n{MENTION}"])
@pytest.mark.parametrize("no", ["nope", "no", "no thanks", "not right now", "not yet", "nah"])
def test_a_bare_no_answers_the_question_of_the_reply(
    detector: Detector, playbook: Playbook, no: str, reply: str
) -> None:
    found = heard(detector, playbook, no, reply)
    assert not {"refusal", "opt_out", "pitched"}.intersection(found.gates)
    assert not found.escalate


@pytest.mark.parametrize("wish", ["send it", "I want it", "what's in it?", "yes tell me about it"])
def test_what_it_asks_for_is_no_wish_to_buy(
    detector: Detector, playbook: Playbook, wish: str
) -> None:
    assert not heard(detector, playbook, wish, f"{ASKS}\n\n{MENTION}").purchase
    assert heard(detector, playbook, "tell me more about the mentorship", ASKS).purchase


def test_what_she_has_done_already_is_not_what_was_mentioned(
    detector: Detector, playbook: Playbook
) -> None:
    found = heard(detector, playbook, "I already have it", f"{ASKS}\n\n{MENTION}")
    assert not any(gate.startswith("owns_") for gate in found.gates)


@pytest.mark.parametrize(
    ("message", "gate"),
    [
        ("no thanks, I don't want your course", "refusal"),
        ("please don't try to sell me anything", "refusal"),
        ("stop selling", "opt_out"),
    ],
)
def test_a_no_to_being_sold_to_is_still_heard(
    detector: Detector, playbook: Playbook, message: str, gate: str
) -> None:
    assert gate in heard(detector, playbook, message, f"{ASKS}\n\n{MENTION}").gates


def test_a_no_to_the_mention_alone_is_one(detector: Detector, playbook: Playbook) -> None:
    assert "refusal" in heard(detector, playbook, "nope", f"Price it.\n\n{MENTION}").gates


def test_a_learned_no_to_the_question_is_a_doubt(playbook: Playbook) -> None:
    guessed = replace(no_need(gates=("refusal",)), asked_back=True)
    found = after_mention(a_turn("no I don't"), guessed, a_history(a_mention()), playbook)
    assert found.gates == ("perhaps_refusal",)


def test_a_question_about_the_offer_is_ours() -> None:
    def ours(paragraph: str) -> bool:
        return "mentorship" in paragraph

    assert asks_at_its_end("Price it.\n\nWhat do you charge?", ours)
    assert asks_at_its_end("What do you charge?\n\nThat is for the mentorship.", ours)
    assert not asks_at_its_end("Price it.\n\nWould the mentorship help?", ours)
    assert not asks_at_its_end("What do you charge? Start there.", ours)
