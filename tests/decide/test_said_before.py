"""What was said before the question: a mention in the transcript, and what is a reaction to it."""

from dataclasses import replace

import pytest

from tay_middleware.decide import Circumstances, ReplyFacts, decide
from tay_middleware.decide.detect import Detector
from tay_middleware.decide.said_before import mentions
from tay_middleware.domain import Detection, History, Indicator, Message, Suppression, Turn
from tay_middleware.playbook import Playbook
from tests.builders import a_detection, a_history, a_mention, a_turn, no_need

ANSWER = "Start with what an hour costs you, and add your materials."
MENTION = "More than a chat can do, and that's the kind of thing people bring to the mentorship."
WOVEN = f"{ANSWER}\n\n{MENTION}"


def gates(
    playbook: Playbook, detection: Detection, history: History | None = None, *said: str
) -> set[str]:
    turn = a_turn(transcript=tuple(Message("assistant", one) for one in said))
    decision = decide(turn, detection, history or History(), playbook, Circumstances())
    return {*decision.detection.gates}


def opened(gate: str) -> Detection:
    """What a scorer makes of a message whose phrase closed a gate."""
    return replace(no_need(), closed_by=(Indicator(gate, "it's giving salesy", 0, 18, 0.0),))


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (WOVEN, True),
        (WOVEN.replace("\n", "\r\n"), True),
        (ANSWER, False),
        (MENTION, False),
        (f"{MENTION}\n\n{ANSWER}", False),
        ("", False),
    ],
)
def test_a_mention_is_the_last_paragraph(playbook: Playbook, reply: str, expected: bool) -> None:
    assert mentions(reply, playbook) is expected


def test_right_after_a_mention_no_scorer_opens_what_a_phrase_closed(playbook: Playbook) -> None:
    complaint = opened("complaint")
    assert gates(playbook, complaint) == set()
    assert gates(playbook, complaint, a_history(a_mention())) == {"complaint", "pitched"}
    assert gates(playbook, complaint, None, WOVEN) == {"complaint", "pitched"}
    assert gates(playbook, complaint, None, WOVEN, ANSWER) == set()
    assert gates(playbook, opened("small_talk"), a_history(a_mention())) == set()


def test_a_learned_complaint_right_after_a_mention_is_a_no(playbook: Playbook) -> None:
    complaint = a_detection(escalate=False, gates=("complaint",))
    assert gates(playbook, complaint) == {"complaint"}
    assert gates(playbook, complaint, a_history(a_mention())) == {"complaint", "pitched"}
    doubt = a_detection(escalate=False, gates=("perhaps_complaint",))
    assert gates(playbook, doubt, a_history(a_mention())) == {"perhaps_complaint"}


def test_a_gate_that_is_no_reaction_closes_itself_alone_right_after_a_mention(
    playbook: Playbook,
) -> None:
    known = playbook.gates.gates
    plain = [name for name, one in known.items() if one.suppression and one.reacts_as is None]
    assert plain
    for name in plain:
        after = a_history(a_mention())
        assert gates(playbook, a_detection(escalate=False, gates=(name,)), after) == {name}
        assert gates(playbook, opened(name), after) == {name}


def test_a_reply_closes_gates_and_what_is_behind_them(playbook: Playbook) -> None:
    around = Circumstances(reply=ReplyFacts(gates=("alarm",)))
    decision = decide(a_turn(), a_detection(purchase=True), History(), playbook, around)
    assert decision.suppressed is Suppression.SENSITIVE
    assert (decision.detection.gates, decision.detection.escalate) == (("alarm",), False)


def nobodys(*said: str) -> Turn:
    messages = [Message("assistant", one) for one in said]
    return a_turn(user=None, session=None, transcript=tuple(messages))


def test_where_nobody_is_known_the_transcript_spaces_mentions(playbook: Playbook) -> None:
    def cause(turn: Turn, detection: Detection | None = None, *, stateless: bool = False) -> object:
        around = Circumstances(stateless=stateless)
        return decide(turn, detection or a_detection(), History(), playbook, around).suppressed

    most = playbook.policy.cooldown.session_turns
    assert cause(nobodys(WOVEN)) is Suppression.COOLDOWN
    assert cause(nobodys(WOVEN, *[ANSWER] * (most - 1))) is Suppression.COOLDOWN
    assert cause(nobodys(WOVEN, *[ANSWER] * most)) is None
    assert cause(nobodys(ANSWER)) is None
    assert cause(nobodys(WOVEN), a_detection(purchase=True)) is None
    assert cause(nobodys(WOVEN), stateless=True) is None


def asked(detector: Detector, *said: str) -> tuple[str, ...]:
    """The gates of the last of `said`, each of the others answered."""
    *before, question = said
    transcript = [
        message for one in before for message in (Message("user", one), Message("assistant", "Ok."))
    ]
    return detector.detect(question, transcript).gates


SISTER = "my sister owns a salon and her prices are a mess, what should she do"


@pytest.mark.parametrize(
    "question",
    [
        "she's losing money every month and can't decide about hiring, help me make a plan for her",
        "what should her pricing plan look like? she's fully booked and broke",
        "should I tell her to hire?",
    ],
)
def test_a_question_for_somebody_else_goes_on(playbook: Playbook, question: str) -> None:
    detector = Detector(playbook)
    assert "third_person" in asked(detector, SISTER, question)
    assert "third_person" in asked(detector, SISTER, "and if she hires?", question)
    assert "third_person" not in asked(detector, question)
    assert "third_person" not in asked(detector, SISTER, "and my own prices?", question)


@pytest.mark.parametrize(
    "question",
    [
        "ok and my own salon, my clients say they can't pay, what should I charge them?",
        "and what about me? I charge 80 and they all say it's too much",
        "how should a salon set its prices?",
    ],
)
def test_it_ends_where_she_asks_for_herself(playbook: Playbook, question: str) -> None:
    assert "third_person" not in asked(Detector(playbook), SISTER, question)
