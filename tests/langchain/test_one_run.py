"""A conversation that lies in one run, as one does that is traced: each question is a turn."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.runnables import RunnableConfig, RunnableLambda

from tay_middleware import EscalationStep, Escalator
from tay_middleware.langchain import ScriptedChatModel
from tests.langchain.models import ANSWER, NEED, texts
from tests.langchain.models import model as chunk_model
from tests.langchain.surfaces import FOUR, SURFACES
from tests.langchain.who import name_in, rows_of, someone

Wrap = Callable[..., EscalationStep]
MODEL = ScriptedChatModel(reply=lambda _question: ANSWER)
CRAFT = "how do i pluck a hairline"


def in_one_run(asking: Callable[[RunnableConfig], Any], who: RunnableConfig) -> Any:
    """What `asking` gives inside one parent run, whose config it is handed."""

    def session(_nothing: None, config: RunnableConfig) -> Any:
        return asking(config)

    return RunnableLambda(session).invoke(None, who)


def test_what_is_asked_again_is_another_turn_and_is_spaced_from_the_first(
    wrap: Wrap, engine: Escalator
) -> None:
    step, who = wrap(MODEL), someone()
    asked = (NEED, CRAFT, "ok thanks", NEED)
    said = in_one_run(lambda config: [step.invoke(question, config) for question in asked], who)
    turns = [message.response_metadata["tay"] for message in said]
    assert [bool(turn["addition"]) for turn in turns] == [True, False, False, False]
    assert turns[-1]["suppressed"] == "cooldown"
    rows = rows_of(engine, name_in(who))
    assert [row.question for row in reversed(rows)] == list(asked)


@pytest.mark.parametrize("surface", FOUR)
def test_by_every_verb(wrap: Wrap, engine: Escalator, surface: str) -> None:
    step, who = wrap(chunk_model(texts(ANSWER))), someone()
    in_one_run(lambda config: [SURFACES[surface](step, config) for _ in range(3)], who)
    assert len(rows_of(engine, name_in(who))) == 3


def test_a_retry_is_the_same_turn(wrap: Wrap, engine: Escalator) -> None:
    tries: list[str] = []

    def flaky(question: str) -> str:
        tries.append(question)
        if len(tries) % 3:
            raise ConnectionError("the model is away")
        return ANSWER

    step = wrap(ScriptedChatModel(reply=flaky)).with_retry(wait_exponential_jitter=False)
    who = someone()
    in_one_run(lambda config: [step.invoke(NEED, config) for _ in range(2)], who)
    assert (len(tries), len(rows_of(engine, name_in(who)))) == (6, 2)


def test_so_is_a_tool_loop_and_the_same_loop_later_is_the_next(
    wrap: Wrap, engine: Escalator
) -> None:
    call = {"name": "look", "args": {}, "id": "1"}

    def looks_first(messages: list[Any]) -> AIMessage:
        looked = isinstance(messages[-1], ToolMessage)
        return AIMessage(ANSWER) if looked else AIMessage("", tool_calls=[call])

    step, who = wrap(RunnableLambda(looks_first)), someone()

    def loop(config: RunnableConfig) -> bool:
        asked: list[Any] = [("user", NEED)]
        asked.append(step.invoke(asked, config))
        said = step.invoke([*asked, ToolMessage("seen", tool_call_id="1")], config)
        return bool(said.response_metadata["tay"]["addition"])

    assert in_one_run(lambda config: [loop(config), loop(config)], who) == [True, False]
    assert len(rows_of(engine, name_in(who))) == 2


def test_a_tool_that_is_called_in_words_goes_on_with_the_turn(
    wrap: Wrap, engine: Escalator
) -> None:
    steps = iter(["Thought: look\nAction: look\nAction Input: lace", f"Final Answer: {ANSWER}"] * 2)
    step, who = wrap(ScriptedChatModel(reply=lambda _question: next(steps))), someone()
    called, told = in_one_run(lambda config: [step.invoke(NEED, config) for _ in range(2)], who)
    assert str(called.text).endswith("Action Input: lace")
    assert f"{ANSWER}\n\n" in str(told.text)
    (row,) = rows_of(engine, name_in(who))
    assert row.shown


def test_two_at_the_same_time_are_one_turn(wrap: Wrap, engine: Escalator) -> None:
    step, who = (
        wrap(ScriptedChatModel(reply=lambda _question: ANSWER, chunk_seconds=0.05)),
        someone(),
    )

    async def both(_nothing: None, config: RunnableConfig) -> None:
        await asyncio.gather(*(step.ainvoke(NEED, config) for _ in range(2)))

    asyncio.run(RunnableLambda(both).ainvoke(None, who))
    assert len(rows_of(engine, name_in(who))) == 1
