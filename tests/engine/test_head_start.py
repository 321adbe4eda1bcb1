import asyncio
import time
from datetime import datetime
from typing import Any

from langchain_core.messages import HumanMessage

from tay_middleware import EscalationStep
from tay_middleware.domain import History
from tay_middleware.engine.preparation import HEAD_START_SECONDS
from tay_middleware.langchain import ScriptedChatModel
from tests.engine.scenes import ANSWER, NEED, EngineOf
from tests.engine.stores import EmptyStore

WELL_OVER = 20 * HEAD_START_SECONDS


class CountsRecalls(EmptyStore):
    def __init__(self) -> None:
        super().__init__()
        self.recalls = 0

    async def recall(self, user_key: str, now: datetime) -> History:
        self.recalls += 1
        return await super().recall(user_key, now)


def test_history_is_looked_up_while_an_awaited_model_answers(engine_on: EngineOf) -> None:
    store = CountsRecalls()
    engine = engine_on(store)

    async def scene() -> int:
        pending = engine.begin(engine.turn(question=NEED, user_id="ada"))
        await asyncio.sleep(WELL_OVER)
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
