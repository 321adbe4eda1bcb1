from dataclasses import replace
from typing import Literal
from uuid import UUID

import pytest

from tay_middleware.decide import Circumstances, decide
from tay_middleware.domain import ClosedGate, Detection, History, Indicator, ReplyStatus
from tay_middleware.engine.records import make_record
from tay_middleware.playbook import Playbook
from tay_middleware.storage import TurnRecord
from tests.builders import NOON, a_turn, no_need


def recorded(playbook: Playbook, *gates: str, opts_in: bool = True) -> TurnRecord:
    """The record of a message that opts in, or not, and closes these gates."""
    said = tuple(Indicator(gate, gate, 0, 5, 0.0) for gate in gates)
    return record_of(playbook, replace(no_need(opts_in=opts_in, gates=gates), closed_by=said))


def record_of(
    playbook: Playbook,
    detection: Detection,
    store_text: Literal["none", "redacted", "full"] = "none",
) -> TurnRecord:
    turn = a_turn()
    return make_record(
        turn,
        decide(turn, detection, History(), playbook, Circumstances()),
        ReplyStatus.REPLIED,
        record_id=UUID(int=1),
        answered_at=NOON,
        playbook=playbook,
        store_text=store_text,
    )


@pytest.mark.parametrize("gates", [(), ("off_topic",), ("support",)])
def test_an_opt_in_is_recorded(playbook: Playbook, gates: tuple[str, ...]) -> None:
    record = recorded(playbook, *gates)
    assert (record.opts_in, record.opts_out, record.declines) == (True, False, False)


@pytest.mark.parametrize(
    ("gate", "effects"), [("opt_out", (False, True, False)), ("refusal", (False, False, True))]
)
def test_a_message_that_says_no_opts_nobody_in(
    playbook: Playbook, gate: str, effects: tuple[bool, ...]
) -> None:
    record = recorded(playbook, gate)
    assert (record.opts_in, record.opts_out, record.declines) == effects


@pytest.mark.parametrize(
    ("gate", "session"), [("minor", None), ("distress", None), ("medical", "s1")]
)
def test_a_gate_that_stays_closed_is_recorded_for_as_far_as_it_reaches(
    playbook: Playbook, gate: str, session: str | None
) -> None:
    kept = recorded(playbook, gate, opts_in=False).closed
    assert kept == (ClosedGate(gate, NOON, session),)


@pytest.mark.parametrize("gate", ["perhaps_minor", "off_topic", "support", "refusal", "opt_out"])
def test_nothing_else_is_kept_of_a_message(playbook: Playbook, gate: str) -> None:
    """What a no or a stop does is kept apart, and a doubt holds for its own turn."""
    assert recorded(playbook, gate, opts_in=False).closed == ()


@pytest.mark.parametrize(
    ("store_text", "phrases"),
    [
        ("none", ["", "", "signal missing_knowledge"]),
        ("redacted", ["my prices", "dm me at [handle]", "signal missing_knowledge"]),
        ("full", ["my prices", "dm me at @janes_curls", "signal missing_knowledge"]),
    ],
)
def test_of_what_was_found_the_words_are_kept_as_those_of_the_question(
    playbook: Playbook, store_text: Literal["none", "redacted", "full"], phrases: list[str]
) -> None:
    found = (
        Indicator("personal", "my prices", 4, 13, 1.0),
        Indicator("purchase", "dm me at @janes_curls", 20, 41, 0.0),
        Indicator("strategic", "signal missing_knowledge", 0, 0, 0.5),
    )
    record = record_of(playbook, replace(no_need(), indicators=found), store_text)
    kept = [replace(one, phrase=said) for one, said in zip(found, phrases, strict=True)]
    assert list(record.decision.detection.indicators) == kept
