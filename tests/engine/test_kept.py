"""A judgement is waited for where something hangs on it, and a tool loop has one."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from tay_middleware.decide.cascade import Cascade
from tay_middleware.decide.replies import Obstacle
from tay_middleware.domain import Detection, Stage, Turn
from tay_middleware.engine import Escalator, Reply
from tay_middleware.engine.kept import KeptJudgements
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings
from tay_middleware.storage import open_store
from tests.builders import a_turn
from tests.engine.scenes import ANSWER, NEED, logged

LOOKS = Reply("Let me look.", Obstacle.TOOL_CALLS)


@dataclass
class Doubtful:
    """A judgement that is settled by a model's opinion, and notes how long it was waited for."""

    best: Detection
    earlier_gates: tuple[tuple[str, ...], ...] = ()
    waits: list[float] = field(default_factory=list)

    async def settled(self, within_seconds: float) -> Detection:
        self.waits.append(within_seconds)
        if within_seconds > 0:
            self.best = replace(self.best, stage=Stage.LLM)
        return self.best


class Judge:
    """Begins doubtful judgements and keeps them for the test."""

    def __init__(self, playbook: Playbook) -> None:
        self._cascade = Cascade(playbook)
        self.begun: list[Doubtful] = []

    def begin(self, turn: Turn) -> Doubtful:
        self.begun.append(Doubtful(self._cascade.draft(turn.question).detection))
        return self.begun[-1]


@pytest.fixture
def judge(playbook: Playbook) -> Judge:
    return Judge(playbook)


@pytest.fixture
def engine(playbook: Playbook, settings: Settings, judge: Judge) -> Iterator[Escalator]:
    url = settings.resolved_database_url
    made = Escalator(playbook, lambda: open_store(url, history_turns=50), settings, judge=judge)
    yield made
    made.close()


def step(engine: Escalator, reply: Reply, question: str = NEED) -> str:
    """One step of the turn; the stage that decided it."""
    turn = engine.turn(question=question, user_id="ada", session_id="s1", turn_id="1")
    decision = engine.begin(turn).settle(reply).decision
    assert decision is not None
    return decision.detection.stage


def test_the_steps_of_a_tool_loop_share_one_judgement_that_the_answer_waits_for(
    engine: Escalator, judge: Judge
) -> None:
    assert [step(engine, reply) for reply in (LOOKS, LOOKS, ANSWER)] == [
        Stage.KEYWORDS,
        Stage.KEYWORDS,
        Stage.LLM,
    ]
    (judgement,) = judge.begun
    (waited,) = judgement.waits
    assert waited > 0
    assert [row.stage for row in logged(engine)] == [Stage.LLM]


@pytest.mark.parametrize("obstacle", [Obstacle.NOT_TEXT, Obstacle.TRUNCATED, Obstacle.REFUSAL])
def test_a_reply_to_which_nothing_may_be_added_waits_for_no_judgement(
    engine: Escalator, judge: Judge, obstacle: Obstacle
) -> None:
    assert step(engine, Reply("", obstacle)) is Stage.KEYWORDS
    assert [judgement.waits for judgement in judge.begun] == [[0.0]]


def test_another_question_under_the_same_turn_is_judged_anew(
    engine: Escalator, judge: Judge
) -> None:
    step(engine, LOOKS)
    step(engine, ANSWER, "how do i pluck a hairline")
    assert len(judge.begun) == 2


def test_what_is_kept_is_bounded_and_the_rest_is_given_up(playbook: Playbook) -> None:
    judge, shelf = Judge(playbook), KeptJudgements(most=2)
    turns = [a_turn(number=number) for number in (1, 2, 3)]

    async def scene() -> list[bool]:
        for turn in turns:
            await shelf.keep(turn, judge.begin(turn))
        return [shelf.taken(turn) is not None for turn in turns]

    assert asyncio.run(scene()) == [False, True, True]
    assert [judgement.waits for judgement in judge.begun] == [[0.0], [], []]


def test_what_another_loop_kept_is_not_touched(playbook: Playbook) -> None:
    judge, shelf, turn = Judge(playbook), KeptJudgements(), a_turn()

    async def keep() -> None:
        await shelf.keep(turn, judge.begin(turn))

    async def take() -> bool:
        return shelf.taken(turn) is not None

    asyncio.run(keep())
    assert asyncio.run(take()) is False
    asyncio.run(keep())
    assert [judgement.waits for judgement in judge.begun] == [[], []]
