"""Which of several causes is the one that is told."""

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest

from tay_middleware.decide import Circumstances, ReplyFacts
from tay_middleware.decide.replies import Obstacle
from tay_middleware.domain import Mode, Suppression
from tay_middleware.playbook import Playbook
from tests.builders import NOON, a_detection, a_history, a_mention, a_past_turn, a_turn
from tests.decide.causes import cause

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("gates", "expected"),
    [
        ((), Suppression.SENSITIVE),
        (("refusal",), Suppression.DECLINED),
        (("opt_out",), Suppression.OPTED_OUT),
        (("refusal", "opt_out"), Suppression.OPTED_OUT),
        (("refusal", "complaint"), Suppression.SENSITIVE),
        (("thanks",), Suppression.SENSITIVE),
    ],
)
def test_what_is_said_now_is_the_cause_before_what_was_said_earlier(
    playbook: Playbook, gates: tuple[str, ...], expected: Suppression
) -> None:
    hurt = a_past_turn(gates=("distress",))
    stopped = replace(a_history(hurt), opted_out_at=NOON - DAY, declined_at=NOON - DAY)
    detection = a_detection(gates=gates, escalate=not gates)
    assert cause(playbook, None, detection, stopped) is expected


def test_what_the_app_says_that_she_has_is_a_cause_before_her_no(playbook: Playbook) -> None:
    turn, no = (
        a_turn(owns=frozenset({"mentorship"})),
        a_detection(gates=("refusal",), escalate=False),
    )
    assert cause(playbook, turn, no) is Suppression.OWNS_OFFER


def test_a_closed_mode_and_a_signal_of_the_app_are_causes_before_her_words(
    playbook: Playbook,
) -> None:
    turn = a_turn(signals=MappingProxyType({"age_flag": "minor"}))
    no = a_detection(gates=("refusal",), escalate=False)
    assert cause(playbook, turn, no) is Suppression.NOT_ALLOWED


def test_the_first_cause_in_the_documented_order_is_named(playbook: Playbook) -> None:
    turn = a_turn(owns=frozenset({"mentorship"}))
    history = a_history(a_mention(), declined_ago=DAY, opted_out_ago=DAY)
    everything = Circumstances(
        reply=ReplyFacts(
            obstacle=Obstacle.NO_PLACE, names=frozenset({"mentorship"}), in_language=False
        ),
        history_known=False,
    )
    assert cause(playbook, turn, None, history, everything) is Suppression.OWNS_OFFER
    assert cause(playbook, None, None, history, everything) is Suppression.OPTED_OUT
    assert cause(playbook, None, None, None, everything) is Suppression.LANGUAGE


@pytest.mark.parametrize(
    "around",
    [
        Circumstances(mode=Mode.SHADOW),
        Circumstances(reply=ReplyFacts(obstacle=Obstacle.TRUNCATED)),
        Circumstances(reply=ReplyFacts(in_language=False)),
        Circumstances(reply=ReplyFacts(names=frozenset({"mentorship"}))),
        Circumstances(paused=frozenset({"mentorship"})),
        Circumstances(history_known=False),
    ],
)
def test_behind_a_closed_gate_only_the_user_is_a_cause(
    playbook: Playbook, around: Circumstances
) -> None:
    """Under another reply, or in another mode, nothing would be shown either."""
    gated = a_detection(escalate=False, gates=("off_topic",))
    assert cause(playbook, None, gated, None, around) is None
    owner = a_turn(owns=frozenset({"mentorship"}))
    assert cause(playbook, owner, gated, None, around) is Suppression.OWNS_OFFER
    assert cause(playbook, None, gated, a_history(declined_ago=DAY), around) is Suppression.DECLINED
