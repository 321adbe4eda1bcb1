"""A question of a run is one turn until it has its answer; after it, it is the next."""

import threading

import pytest

from tay_middleware.decide.replies import Obstacle
from tay_middleware.domain import ReplyStatus
from tay_middleware.engine import Escalator, Reply
from tay_middleware.engine.repeats import Repeats
from tests.engine.scenes import ANSWER, NEED


def test_a_seed_is_the_next_turn_once_it_is_answered() -> None:
    repeats = Repeats()
    assert repeats.current("a") == repeats.current("a") == 0
    repeats.answered("a", 0)
    assert (repeats.current("a"), repeats.current("b")) == (1, 0)
    repeats.answered("a", 1)
    assert repeats.current("a") == 2


def test_those_that_run_side_by_side_are_answered_once() -> None:
    repeats = Repeats()
    repeats.answered("a", 0)
    repeats.answered("a", 0)
    assert repeats.current("a") == 1


def test_the_oldest_is_forgotten() -> None:
    repeats = Repeats(most=2)
    for seed in ("a", "b", "a", "c"):
        repeats.answered(seed, repeats.current(seed))
    assert [repeats.current(seed) for seed in "abc"] == [2, 0, 1]


def test_a_forked_child_waits_for_no_lock_of_its_parent() -> None:
    repeats = Repeats()
    repeats.answered("a", 0)
    with repeats._lock:
        repeats.after_fork()
        told: list[int] = []
        asking = threading.Thread(target=lambda: told.append(repeats.current("a")), daemon=True)
        asking.start()
        asking.join(5)
    assert told == [1]


@pytest.mark.parametrize(
    ("reply", "answers"),
    [
        (ANSWER, 1),
        (Reply("I", Obstacle.TRUNCATED), 1),
        (Reply("", Obstacle.TOOL_CALLS), 0),
        (Reply("", Obstacle.NOT_TEXT), 0),
    ],
)
def test_a_reply_that_calls_tools_is_no_answer_yet(
    engine: Escalator, reply: Reply, answers: int
) -> None:
    told: list[None] = []
    turn = engine.turn(question=NEED, user_id="ada")
    engine.begin(turn, lambda: told.append(None)).settle(reply)
    assert len(told) == answers


def test_a_turn_without_a_reply_has_no_answer(engine: Escalator) -> None:
    told: list[None] = []
    turn = engine.turn(question=NEED, user_id="ada")
    engine.begin(turn, lambda: told.append(None)).abandon(ReplyStatus.FAILED)
    assert told == []
