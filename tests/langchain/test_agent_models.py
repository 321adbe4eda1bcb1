"""An agent whose model is more than a chat model works with us in it, and off we are not there."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware
from langchain_core.messages import AIMessage
from langchain_core.runnables import ConfigurableField

from tay_middleware import (
    EscalationAgentMiddleware,
    EscalationChatModel,
    EscalationStep,
    Escalator,
    Mode,
)
from tay_middleware.langchain import ScriptedChatModel
from tay_middleware.settings import load_settings
from tests.langchain.agents import PLAIN, LookingModel, asked
from tests.langchain.models import ANSWER, model
from tests.langchain.who import name_in, rows_of, someone

AWAY = model(PLAIN, fail_after=0)
SHAPES: dict[str, Callable[[Any], Any]] = {
    "bound arguments": lambda bare: bare.bind(stop=["x"]),
    "a config": lambda bare: bare.with_config(tags=["t"]),
    "retries": lambda bare: bare.with_retry(),
    "fallbacks": lambda bare: AWAY.with_fallbacks([bare.with_retry()]),
}


@pytest.fixture
def ours(engine: Escalator) -> EscalationAgentMiddleware:
    return EscalationAgentMiddleware(escalator=engine)


def a_model() -> ScriptedChatModel:
    return ScriptedChatModel(reply=lambda _question: ANSWER)


def chosen_at_the_call() -> Any:
    return a_model().configurable_fields(chunk_seconds=ConfigurableField(id="pace"))


def answer(agent: Any, config: Any, *, is_async: bool) -> AIMessage:
    done = (
        asyncio.run(agent.ainvoke(asked(), config)) if is_async else agent.invoke(asked(), config)
    )
    message: AIMessage = done["messages"][-1]
    return message


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_what_stands_around_a_model_stays_and_the_reply_gets_its_mention(
    ours: EscalationAgentMiddleware, engine: Escalator, shape: str, *, is_async: bool
) -> None:
    config = someone()
    agent = create_agent(SHAPES[shape](a_model()), tools=[], middleware=[ours])
    assert str(answer(agent, config, is_async=is_async).text).startswith(f"{ANSWER}\n\n")
    assert [row.shown for row in rows_of(engine, name_in(config))] == [True]


@pytest.mark.parametrize("is_async", [False, True])
def test_a_model_that_is_chosen_at_the_call_answers_untouched_and_is_told_of_once(
    ours: EscalationAgentMiddleware, caplog: pytest.LogCaptureFixture, *, is_async: bool
) -> None:
    agent = create_agent(chosen_at_the_call(), tools=[], middleware=[ours])
    with caplog.at_level(logging.WARNING, "tay_middleware"):
        for _ in range(2):
            assert answer(agent, someone(), is_async=is_async).text == ANSWER
    (told,) = (record.getMessage() for record in caplog.records)
    assert told.startswith("the agent's model is a RunnableConfigurableFields, ")


@pytest.mark.parametrize("shape", [*SHAPES, "chosen at the call"])
def test_off_the_agents_model_is_asked_as_it_is(tmp_path: Path, shape: str) -> None:
    off = EscalationAgentMiddleware(load_settings(home=tmp_path, mode=Mode.OFF))
    given = SHAPES[shape](a_model()) if shape in SHAPES else chosen_at_the_call()
    seen = []

    class Sees(AgentMiddleware):
        def wrap_model_call(self, request: Any, handler: Any) -> Any:
            seen.append(request.model)
            return handler(request)

    agent = create_agent(given, tools=[], middleware=[off, Sees()])
    assert answer(agent, someone(), is_async=False).text == ANSWER
    assert seen == [given]
    assert seen[0] is given


def test_a_step_of_ours_makes_its_own_addition(
    ours: EscalationAgentMiddleware, engine: Escalator, caplog: pytest.LogCaptureFixture
) -> None:
    step: Any = EscalationStep(bound=a_model(), escalator=engine)
    config = someone()
    with caplog.at_level(logging.WARNING, "tay_middleware"):
        said = answer(create_agent(step, tools=[], middleware=[ours]), config, is_async=False)
    assert str(said.text).count("\n\n") == 1
    assert caplog.records == []


def test_what_goes_wrong_with_us_leaves_the_reply_as_it_is(
    ours: EscalationAgentMiddleware, engine: Escalator
) -> None:
    class Odd(AgentMiddleware):
        def wrap_model_call(self, request: Any, handler: Any) -> Any:
            class Runtime:
                @property
                def context(self) -> Any:
                    raise RuntimeError

                stream_writer = context

            return handler(request.override(runtime=Runtime()))

    before = engine.degraded_counts
    agent = create_agent(a_model(), tools=[], middleware=[Odd(), ours])
    assert answer(agent, someone(), is_async=False).text == ANSWER
    after = engine.degraded_counts
    assert after.get("wrap", 0) - before.get("wrap", 0) == 1
    assert after.get("event", 0) - before.get("event", 0) == 1


def test_the_model_of_a_tool_loop_is_wrapped_once(ours: EscalationAgentMiddleware) -> None:
    seen = []

    class Sees(AgentMiddleware):
        def wrap_model_call(self, request: Any, handler: Any) -> Any:
            seen.append(request.model)
            return handler(request)

    bare = LookingModel(chunks=PLAIN, calls=[])
    agent = create_agent(bare, tools=[], middleware=[ours, Sees()])
    for _ in range(2):
        agent.invoke(asked(), someone())
    assert isinstance(seen[0], EscalationChatModel)
    first, second = (vars(model)["_serialized"] for model in seen)
    assert first is second, "a copy does not describe itself anew, which is slow"
