from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tay_middleware.decide import Circumstances
from tay_middleware.decide.arms import assigned
from tay_middleware.domain import Suppression
from tay_middleware.engine import Escalator
from tay_middleware.errors import StorageUnavailable
from tay_middleware.playbook import Experiments, Playbook
from tay_middleware.settings import Settings
from tay_middleware.storage import open_store
from tests.engine.scenes import NEED, Clock, ask
from tests.engine.stores import EmptyStore

TEST = {
    "layers": {"only": {"seed": "s"}},
    "experiments": {
        "test": {
            "asks": "Which is better?",
            "kind": "template",
            "layer": "only",
            "start": "2026-01-01",
            "control": "A",
            "arms": {"A": {"use": ["A"]}, "B": {"use": ["B"]}},
        }
    },
}


class Board(EmptyStore):
    """A store on whose board a test writes; it may be out of reach."""

    def __init__(self) -> None:
        super().__init__()
        self.names: frozenset[str] | None = frozenset()
        self.looks = 0

    async def paused(self, _now: datetime, /) -> frozenset[str]:
        self.looks += 1
        if self.names is None:
            raise StorageUnavailable("nobody is there")
        return self.names


@pytest.fixture
def running(playbook: Playbook, settings: Settings) -> Iterator[Escalator]:
    """An engine that tests wordings and holds out half of the users."""
    holdout = playbook.policy.holdout.model_copy(update={"share": 0.5})
    tested = replace(
        playbook,
        experiments=Experiments.model_validate(TEST),
        policy=playbook.policy.model_copy(update={"holdout": holdout}),
    )
    url = settings.resolved_database_url
    made = Escalator(tested, lambda: open_store(url, history_turns=20), settings, clock=Clock())
    yield made
    made.close()


def test_what_is_logged_can_be_computed_again_from_user_and_playbook(running: Escalator) -> None:
    arms = set()
    for number in range(24):
        turn = running.turn(question=NEED, user_id=f"user-{number}", session_id="s1")
        decision = ask(running, user_id=f"user-{number}").decision
        assert decision is not None
        again = assigned(turn, running.playbook, Circumstances())
        logged = [(one.experiment, one.arm, one.chance) for one in decision.assignments]
        assert logged == [(one.experiment, one.arm, one.chance) for one in again]
        arms |= {(one.experiment, one.arm) for one in again}
    assert len(arms) == 4


def test_a_ghost_is_asked_decided_logged_and_never_shown(running: Escalator) -> None:
    outcomes = [ask(running, user_id=f"user-{number}") for number in range(24)]
    ghosts = [
        one for one in outcomes if one.decision and one.decision.suppressed is Suppression.HOLDOUT
    ]
    assert ghosts
    assert all(one.addition is None and one.decision and one.decision.template for one in ghosts)
    assert all(one.addition for one in outcomes if one not in ghosts)


def on(board: Board, playbook: Playbook, settings: Settings) -> tuple[Escalator, Clock]:
    clock = Clock()
    return Escalator(playbook, lambda: board, settings, clock=clock), clock


def test_a_chat_learns_of_a_pause_and_of_its_end(playbook: Playbook, settings: Settings) -> None:
    board = Board()
    engine, clock = on(board, playbook, settings)
    assert ask(engine, user_id="ada").addition
    board.names = frozenset({"mentorship"})
    clock.now += timedelta(seconds=29)
    assert ask(engine, user_id="bea").addition, "not yet known"
    clock.now += timedelta(seconds=1)
    ask(engine, user_id="cleo")
    assert engine.flush(5)
    decision = ask(engine, user_id="dora").decision
    assert decision is not None
    assert decision.suppressed is Suppression.PAUSED
    board.names = frozenset()
    clock.now += timedelta(seconds=30)
    ask(engine, user_id="eve")
    assert engine.flush(5)
    assert ask(engine, user_id="fay").addition
    engine.close()


def test_a_chat_that_knows_nobody_learns_of_a_pause_too(
    playbook: Playbook, settings: Settings
) -> None:
    board = Board()
    engine, clock = on(board, playbook, settings)
    nobody: dict[str, Any] = {"user_id": None, "session_id": None}
    assert ask(engine, **nobody).addition
    board.names = frozenset({"mentorship"})
    clock.now += timedelta(seconds=30)
    ask(engine, **nobody)
    assert engine.flush(5)
    decision = ask(engine, **nobody).decision
    assert decision is not None
    assert decision.suppressed is Suppression.PAUSED
    engine.close()


def test_a_board_out_of_reach_changes_nothing_and_is_counted(
    playbook: Playbook, settings: Settings
) -> None:
    board = Board()
    board.names = frozenset({"mentorship"})
    engine, clock = on(board, playbook, settings)
    assert engine.flush(5)
    ask(engine, user_id="ada")
    assert engine.flush(5)
    board.names = None
    clock.now += timedelta(seconds=60)
    ask(engine, user_id="bea")
    assert engine.flush(5)
    assert engine.degraded_counts == {"paused": 1}
    decision = ask(engine, user_id="cleo").decision
    assert decision is not None
    assert decision.suppressed is Suppression.PAUSED, "what was known stays"
    engine.close()


def test_many_turns_ask_the_board_once(playbook: Playbook, settings: Settings) -> None:
    board = Board()
    engine, _ = on(board, playbook, settings)
    for number in range(30):
        ask(engine, user_id=f"user-{number}")
    assert engine.flush(5)
    assert board.looks <= 2
    engine.close()
