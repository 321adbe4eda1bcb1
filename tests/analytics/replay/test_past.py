from dataclasses import replace
from datetime import timedelta

from tay_middleware.analytics.replay.past import Past
from tay_middleware.decide import Circumstances, decide
from tay_middleware.domain import ClosedGate, History, Indicator
from tay_middleware.playbook import Playbook
from tests.builders import NOON, a_turn, no_need

MINUTE = timedelta(minutes=1)


def test_a_gate_stays_closed_in_a_replay_as_in_a_chat(playbook: Playbook) -> None:
    past = Past(playbook, turns=2)
    for number, gates in enumerate((("minor", "medical"), (), (), ()), start=1):
        turn = replace(a_turn(number=number), asked_at=NOON + number * MINUTE)
        said = tuple(Indicator(gate, gate, 0, 5, 0.0) for gate in gates)
        message = replace(no_need(gates=gates), closed_by=said)
        found = decide(turn, message, History(), playbook, Circumstances())
        past.note(turn, found)
    history = past.of(a_turn())
    assert [turn.gates for turn in history.turns] == [(), ()]
    assert set(history.closed) == {
        ClosedGate("minor", NOON + MINUTE),
        ClosedGate("medical", NOON + MINUTE, "s1"),
    }


def test_a_turn_that_failed_is_known_as_such_in_a_replay(playbook: Playbook) -> None:
    past = Past(playbook, turns=2)
    for number, failed in enumerate((True, False), start=1):
        turn = a_turn(number=number)
        past.note(
            turn, decide(turn, no_need(), History(), playbook, Circumstances()), failed=failed
        )
    assert [turn.failed for turn in past.of(a_turn()).turns] == [True, False]
