"""What a learned head only guessed holds for the session; what she said holds for days."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from tay_middleware.decide import Circumstances, decide
from tay_middleware.decide.aftermath import after_mention
from tay_middleware.decide.cascade import Cascade, Until
from tay_middleware.decide.kept_gates import kept_closed
from tay_middleware.decide.stages import make_cascade
from tay_middleware.domain import (
    ClosedGate,
    Detection,
    History,
    Indicator,
    Kind,
    Message,
    ReplyStatus,
    Suppression,
)
from tay_middleware.engine.records import make_record
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings
from tay_middleware.storage import TurnRecord
from tay_middleware.storage.turns.profiles import merged, read_closed
from tests.builders import NOON, a_detection, a_history, a_mention, a_turn, no_need

DAY = timedelta(days=1)
STOP = no_need(gates=("opt_out",))
NO = no_need(gates=("refusal",))


@pytest.fixture
def cascade(playbook: Playbook, settings: Settings) -> Cascade:
    return make_cascade(playbook, settings)


def said(detection: Detection) -> Detection:
    """The same, closed by a phrase."""
    found = tuple(Indicator(gate, "no", 0, 2, 0.0) for gate in detection.gates)
    return replace(detection, closed_by=found)


def recorded(
    playbook: Playbook, detection: Detection, history: History | None = None
) -> TurnRecord:
    turn = a_turn("no")
    decision = decide(turn, detection, history or History(), playbook, Circumstances())
    return make_record(
        turn,
        decision,
        ReplyStatus.REPLIED,
        record_id=UUID(int=1),
        answered_at=NOON,
        playbook=playbook,
        store_text="none",
    )


def held(playbook: Playbook, history: History, session: str, **seen: object) -> Suppression | None:
    turn = a_turn(session=session)
    detection = a_detection(**seen)  # type: ignore[arg-type]  # by name
    return decide(turn, detection, history, playbook, Circumstances()).suppressed


@pytest.mark.parametrize(
    ("guess", "gate", "cause"),
    [(STOP, "opt_out", Suppression.OPTED_OUT), (NO, "refusal", Suppression.DECLINED)],
)
def test_a_guess_holds_for_its_session_alone(
    playbook: Playbook, guess: Detection, gate: str, cause: Suppression
) -> None:
    record = recorded(playbook, guess)
    assert (record.opts_out, record.declines) == (False, False)
    assert record.closed == (ClosedGate(f"guessed_{gate}", NOON, "s1"),)
    history = replace(a_history(), closed=record.closed)
    assert held(playbook, history, "s1") is cause
    assert held(playbook, history, "s2") is None
    assert held(playbook, history, "s1", purchase=True) is None


@pytest.mark.parametrize(
    "question",
    [
        "what programs do you offer?",
        "do you have a course",
        "how much is the mentorship?",
        "I want to buy the course",
        "i want to buy the masterclass, where do i pay",
        "can i sign up for the mentorship",
        "ok i changed my mind, how much is the mentorship?",
        "do you have like a course",
    ],
)
@pytest.mark.parametrize("guess", [STOP, NO], ids=["stop", "no"])
def test_who_asks_for_it_plainly_is_answered_in_the_session_of_a_guess(
    playbook: Playbook, cascade: Cascade, guess: Detection, question: str
) -> None:
    history = replace(a_history(), closed=recorded(playbook, guess).closed)
    said = (Message("user", "let's just talk hair"), Message("assistant", "Gladly."))
    assert held(playbook, history, "s1") is not None
    for transcript in ((), said):
        turn = a_turn(question, transcript=transcript)
        around = Circumstances(earlier_gates=(guess.gates,) if transcript else ())
        seen = cascade.detect(question, transcript, until=Until.SCORER)
        decision = decide(turn, seen, history, playbook, around)
        assert (decision.shown, decision.suppressed) == (True, None)


def test_a_phrase_holds_for_days(playbook: Playbook) -> None:
    stop, no = recorded(playbook, said(STOP)), recorded(playbook, said(NO))
    assert (stop.opts_out, stop.closed, no.declines, no.closed) == (True, (), True, ())


def test_a_weak_phrase_is_a_guess(playbook: Playbook) -> None:
    weakly = replace(said(STOP), weakly=("opt_out",))
    assert not recorded(playbook, weakly).opts_out
    assert recorded(playbook, weakly, a_history(a_mention())).opts_out


def test_right_after_a_mention_any_no_is_one_to_it_but_a_stop_takes_words(
    playbook: Playbook,
) -> None:
    assert recorded(playbook, NO, a_history(a_mention())).declines
    assert not recorded(playbook, STOP, a_history(a_mention())).opts_out


def test_a_bare_stop_counts_where_there_was_a_mention(playbook: Playbook) -> None:
    bare = no_need(gates=())
    bare = replace(bare, answers=("opt_out",))
    assert recorded(playbook, bare, a_history(a_mention())).opts_out
    heard = after_mention(a_turn("stop"), replace(bare, gates=("opt_out",)), History(), playbook)
    assert heard.answers == ()


def test_only_a_stop_in_words_is_confirmed(playbook: Playbook) -> None:
    turn = a_turn("no")
    kinds = [
        decide(turn, stop, History(), playbook, Circumstances()).kind for stop in (STOP, said(STOP))
    ]
    assert kinds == [Kind.NONE, Kind.ACKNOWLEDGEMENT]


def test_who_opts_in_takes_back_what_was_guessed(playbook: Playbook) -> None:
    guess = ClosedGate("guessed_opt_out", NOON - timedelta(minutes=9), "s1")
    back = recorded(playbook, no_need(opts_in=True)).closed
    assert [one.gate for one in back] == ["opted_in"]
    earlier = replace(back[0], at=NOON - timedelta(minutes=5))
    assert held(playbook, replace(a_history(), closed=(guess,)), "s1") is Suppression.OPTED_OUT
    assert held(playbook, replace(a_history(), closed=(guess, earlier)), "s1") is None


def test_a_guess_ends_with_its_visit_where_a_conversation_lasts(playbook: Playbook) -> None:
    guess = ClosedGate("guessed_opt_out", NOON - 2 * DAY, "s1")
    assert held(playbook, replace(a_history(), closed=(guess,)), "s1") is None


def test_a_guess_of_today_does_not_shorten_what_she_said(playbook: Playbook) -> None:
    young, maybe = said(no_need(gates=("minor",))), no_need(gates=("minor",))
    first = kept_closed(a_turn(at=NOON - DAY, session="s1"), young, playbook.gates)
    second = kept_closed(a_turn(at=NOON - DAY / 2, session="s2"), maybe, playbook.gates)
    kept = read_closed(merged(merged(None, first), second))
    for session in ("s1", "s2", "s3"):
        history = replace(a_history(), closed=kept)
        assert held(playbook, history, session) is Suppression.SENSITIVE
