import asyncio
import threading
import time
from datetime import datetime
from typing import Any

from langchain_core.messages import HumanMessage

from tay_middleware import EscalationStep
from tay_middleware.domain import History
from tay_middleware.engine.head_start import HEAD_START_SECONDS, HeadStart
from tay_middleware.langchain import ScriptedChatModel
from tests.engine.scenes import ANSWER, NEED, EngineOf
from tests.engine.stores import EmptyStore

WELL_OVER = 10 * HEAD_START_SECONDS


class CountsRecalls(EmptyStore):
    def __init__(self) -> None:
        super().__init__()
        self.recalls = 0

    async def recall(self, user_key: str, now: datetime) -> History:
        self.recalls += 1
        return await super().recall(user_key, now)


def started_after(end: Any) -> list[float]:
    """When a head start of its own loop was over, in seconds; `end` may end it before."""

    async def scene() -> list[float]:
        loop = asyncio.get_running_loop()
        begun, over = loop.time(), list[float]()
        end(HeadStart(loop, lambda: over.append(loop.time() - begun)))
        await asyncio.sleep(WELL_OVER)
        return over

    return asyncio.run(scene())


def test_the_work_starts_when_the_head_start_is_over() -> None:
    (waited,) = started_after(lambda _head_start: None)
    assert waited >= HEAD_START_SECONDS * 0.9


def test_who_ends_it_starts_the_work_himself() -> None:
    assert started_after(HeadStart.end) == []


def test_another_thread_does_not_touch_the_callers_loop() -> None:
    def end(head_start: HeadStart) -> None:
        thread = threading.Thread(target=head_start.end)
        thread.start()
        thread.join()

    assert len(started_after(end)) == 1


def test_history_is_looked_up_while_an_awaited_model_answers(engine_on: EngineOf) -> None:
    store = CountsRecalls()
    engine = engine_on(store)

    async def scene() -> int:
        turn = engine.turn(question=NEED, user_id="ada")
        pending = engine.begin(turn, asyncio.get_running_loop())
        await asyncio.sleep(WELL_OVER)
        engine.flush(5)
        recalled = store.recalls
        assert (await pending.asettle(ANSWER)).addition is not None
        return recalled

    assert asyncio.run(scene()) == store.recalls == 1


def test_history_is_looked_up_while_a_model_blocks_the_callers_loop(engine_on: EngineOf) -> None:
    store = CountsRecalls()
    recalled: list[int] = []

    def blocks(_question: str) -> str:
        time.sleep(WELL_OVER)
        recalled.append(store.recalls)
        return ANSWER.text

    async def in_a_notebook() -> str:
        step = EscalationStep(bound=ScriptedChatModel(reply=blocks), escalator=engine_on(store))
        config: Any = {"configurable": {"user_id": "ada"}}
        return str(step.invoke([HumanMessage(NEED)], config).text)

    assert asyncio.run(in_a_notebook()).startswith(ANSWER.text)
    assert recalled == [1]


def test_an_engine_that_is_closed_meanwhile_is_no_error(engine_on: EngineOf) -> None:
    engine, told = engine_on(EmptyStore()), list[object]()

    async def scene() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: told.append(context))
        engine.begin(engine.turn(question=NEED, user_id="ada"), loop)
        engine.close()
        await asyncio.sleep(WELL_OVER)

    asyncio.run(scene())
    assert told == []
