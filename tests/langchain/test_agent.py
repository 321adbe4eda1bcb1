"""The agent surface in every stream mode: the addition once, last, under one id, and in the state.

Numbers as in `test_first_day`; this is its fifth check, and those that an agent makes different.
"""

import asyncio
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from pydantic import BaseModel

from tay_middleware import (
    EscalationAgentMiddleware,
    EscalationChatModel,
    Escalator,
    Mode,
)
from tay_middleware.settings import load_settings
from tests.langchain.agents import LookingModel, an_agent, asked
from tests.langchain.models import ANSWER, NEED, SHAPES, USAGE, block, end, model, texts
from tests.langchain.surfaces import alist
from tests.langchain.who import name_in, rows_of, someone

ANSWERS = {
    "plain": SHAPES["finish, then usage"],
    "blocks": [*SHAPES["blocks"], end(usage_metadata=USAGE)],
    "reasoning": [*SHAPES["blocks after reasoning"], end(usage_metadata=USAGE)],
}


@pytest.fixture
def ours(engine: Escalator) -> EscalationAgentMiddleware:
    return EscalationAgentMiddleware(escalator=engine)


def streamed(agent: Any, config: RunnableConfig, mode: Any, *, is_async: bool) -> list[Any]:
    if is_async:
        return asyncio.run(alist(agent.astream(asked(), config, stream_mode=mode)))
    return list(agent.stream(asked(), config, stream_mode=mode))


def a_thread(**more: Any) -> RunnableConfig:
    """Somebody with a thread of his own, as a checkpointer wants it."""
    config = someone(**more)
    config["configurable"]["thread_id"] = name_in(config)
    return config


def last_of(agent: Any, config: RunnableConfig) -> AIMessage:
    message: AIMessage = agent.get_state(config).values["messages"][-1]
    return message


def addition_in(message: AIMessage) -> str:
    """The addition, having checked that it is the only one and stands last."""
    before, addition = str(message.text).split("\n\n")
    assert before == ANSWER
    assert message.response_metadata["tay"]["addition"] == f"\n\n{addition}"
    return f"\n\n{addition}"


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("answer", ANSWERS)
def test_05_messages_mode_streams_the_addition_last_under_the_messages_id(
    ours: EscalationAgentMiddleware, answer: str, *, is_async: bool
) -> None:
    agent, config = an_agent([ours], ANSWERS[answer]), a_thread()
    pieces = [
        message
        for message, _where in streamed(agent, config, "messages", is_async=is_async)
        if isinstance(message, AIMessageChunk)
    ]
    kept = last_of(agent, config)
    of_answer = [piece for piece in pieces if piece.id == kept.id]
    said = [str(piece.text) for piece in of_answer if str(piece.text)]
    assert "".join(said[:-1]) == ANSWER
    assert said[-1] == addition_in(kept)
    assert [str(p.text) for p in pieces if p.id != kept.id and str(p.text)] == ["Let me look."]
    assert [p.usage_metadata for p in of_answer if p.usage_metadata] == [USAGE]
    assert kept.usage_metadata == USAGE


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("answer", ANSWERS)
def test_05_updates_and_values_mode_hold_the_addition_once(
    ours: EscalationAgentMiddleware, answer: str, *, is_async: bool
) -> None:
    agent, config = an_agent([ours], ANSWERS[answer]), a_thread()
    parts = streamed(agent, config, ["updates", "values"], is_async=is_async)
    updates = [part for mode, part in parts if mode == "updates"]
    values = [part for mode, part in parts if mode == "values"]
    (answered,) = updates[-1]["model"]["messages"]
    addition = addition_in(answered)
    assert [addition in str(part) for part in map(_texts, updates)] == [False, False, True]
    assert [_texts(part).count(addition) for part in values] == [0, 0, 0, 1]
    kept = last_of(agent, config)
    assert (kept.content, kept.id) == (answered.content, answered.id)


def _texts(part: Any) -> str:
    found = part.get("messages") or next(iter(part.values()))["messages"]
    return "".join(str(message.text) for message in found)


@pytest.mark.parametrize("is_async", [False, True])
def test_05_custom_mode_has_the_decision_of_the_answer_alone(
    ours: EscalationAgentMiddleware, *, is_async: bool
) -> None:
    agent, config = an_agent([ours]), a_thread()
    (told,) = (
        part["tay_decision"] for part in streamed(agent, config, "custom", is_async=is_async)
    )
    kept = last_of(agent, config)
    assert told == {**kept.response_metadata["tay"], "message_id": kept.id}
    assert told["addition"] == addition_in(kept)


def test_05_all_modes_at_once_agree(ours: EscalationAgentMiddleware) -> None:
    agent, config = an_agent([ours]), a_thread()
    modes = ["messages", "updates", "values", "custom"]
    parts = streamed(agent, config, modes, is_async=False)
    addition = addition_in(last_of(agent, config))
    tokens = "".join(str(part[0].text) for mode, part in parts if mode == "messages")
    assert tokens.count(addition) == 1
    assert tokens.endswith(f"{ANSWER}{addition}")


@pytest.mark.parametrize("answer", ANSWERS)
def test_04_events_v2_hold_it_once_and_the_decision_apart(
    ours: EscalationAgentMiddleware, answer: str
) -> None:
    agent, config = an_agent([ours], ANSWERS[answer]), a_thread()
    events = asyncio.run(alist(agent.astream_events(asked(), config, version="v2")))
    addition = addition_in(last_of(agent, config))
    tokens = "".join(
        str(event["data"]["chunk"].text)
        for event in events
        if event["event"] == "on_chat_model_stream"
    )
    told = [event["data"] for event in events if event["event"] == "on_custom_event"]
    assert tokens == f"Let me look.{ANSWER}{addition}"
    assert [one["addition"] for one in told] == [addition]


@pytest.mark.filterwarnings(
    "ignore::langchain_core._api.LangChainBetaWarning"  # v3 says that it is in beta
)
@pytest.mark.parametrize("answer", ANSWERS)
def test_04_events_v3_hold_it_once(ours: EscalationAgentMiddleware, answer: str) -> None:
    agent, config = an_agent([ours], ANSWERS[answer]), a_thread()
    if not hasattr(agent, "stream_events"):
        pytest.skip("this langgraph has no events v3")

    async def scene() -> list[str]:
        stream = await agent.astream_events(asked(), config, version="v3")
        return [str(await message.text) async for message in stream.messages]

    looked, answered = asyncio.run(scene())
    assert looked == "Let me look."
    assert answered == f"{ANSWER}{addition_in(last_of(agent, config))}"


def test_10_usage_and_ids_are_those_of_an_agent_without_us(ours: EscalationAgentMiddleware) -> None:
    kept = []
    for middleware in ([], [ours]):
        agent, config = an_agent(middleware), a_thread()
        agent.invoke(asked(), config)
        kept.append(agent.get_state(config).values["messages"])
    for bare, woven in zip(*kept, strict=True):
        assert type(bare) is type(woven)
        assert getattr(bare, "usage_metadata", None) == getattr(woven, "usage_metadata", None)
        assert str(woven.id)[:8] == str(bare.id)[:8] or not isinstance(bare, AIMessage)


def test_05_a_tool_loop_is_one_turn_with_one_row(
    ours: EscalationAgentMiddleware, engine: Escalator
) -> None:
    agent, config = an_agent([ours]), a_thread()
    agent.invoke(asked(), config)
    assert [row.shown for row in rows_of(engine, name_in(config))] == [True]


def test_09_a_model_call_that_is_tried_again_is_one_turn(
    ours: EscalationAgentMiddleware, engine: Escalator
) -> None:
    class Retries(AgentMiddleware):
        def wrap_model_call(self, request: Any, handler: Any) -> Any:
            try:
                return handler(request)
            except ConnectionError:
                return handler(request)

    flaky = model(SHAPES["blocks"], fail_after=0, failures=1)
    agent, config = create_agent(flaky, middleware=[Retries(), ours]), a_thread()
    said = agent.invoke(asked(), config)["messages"][-1]
    assert addition_in(said)
    assert [row.shown for row in rows_of(engine, name_in(config))] == [True]


def test_the_next_question_of_a_thread_is_another_turn(
    ours: EscalationAgentMiddleware, engine: Escalator
) -> None:
    agent, config = an_agent([ours]), a_thread()
    for question in (NEED, "how do i pluck a hairline"):
        agent.invoke(asked(question), config)
    rows = rows_of(engine, name_in(config))
    assert [row.question for row in rows] == ["how do i pluck a hairline", NEED]


@dataclass
class Person:
    """Who asks, as an app's own context object."""

    user_id: str
    tier: str = "premium"


@pytest.mark.parametrize("context", [Person("of an object"), {"user_id": "of a dict"}])
def test_03_who_asks_is_read_from_the_agents_context(
    ours: EscalationAgentMiddleware, engine: Escalator, context: Any
) -> None:
    agent = an_agent([ours], context_schema=type(context))
    agent.invoke(asked(), a_thread(), context=context)
    user = context["user_id"] if isinstance(context, dict) else context.user_id
    assert [row.shown for row in rows_of(engine, user)] == [True]


def test_03_fifty_users_at_once_do_not_cross(
    ours: EscalationAgentMiddleware, engine: Escalator
) -> None:
    agent, users = an_agent([ours]), [a_thread() for _ in range(50)]

    async def scene() -> None:
        await asyncio.gather(*(agent.ainvoke(asked(), user) for user in users))

    asyncio.run(scene())
    for user in users:
        assert addition_in(last_of(agent, user))
        assert len(rows_of(engine, name_in(user))) == 1


class Said(BaseModel):
    """What is said."""

    text: str


def test_08_structured_answers_are_never_added_to(ours: EscalationAgentMiddleware) -> None:
    as_json = [*texts('{"text": ', '"so"}'), end(response_metadata={"finish_reason": "stop"})]
    agent = create_agent(model(as_json), middleware=[ours], response_format=ProviderStrategy(Said))
    done: Any = agent.invoke(asked(), a_thread())
    assert done["structured_response"] == Said(text="so")
    call = {"name": "Said", "args": '{"text": "so"}', "id": "1", "index": 0}
    by_tool = [AIMessageChunk(content="", tool_call_chunks=[{**call, "type": "tool_call_chunk"}])]
    agent = create_agent(model(by_tool), middleware=[ours], response_format=ToolStrategy(Said))
    done = agent.invoke(asked(), a_thread())
    assert done["structured_response"] == Said(text="so")


def test_a_model_that_is_chosen_on_the_way_is_wrapped_too(
    ours: EscalationAgentMiddleware,
) -> None:
    class Chooses(AgentMiddleware):
        def wrap_model_call(self, request: Any, handler: Any) -> Any:
            return handler(request.override(model=model(SHAPES["blocks"])))

    agent = create_agent(model(texts("never said")), middleware=[Chooses(), ours])
    said = agent.invoke(asked(), a_thread())["messages"][-1]
    assert addition_in(said)


def test_a_model_that_is_ours_already_is_not_wrapped_twice(
    ours: EscalationAgentMiddleware, engine: Escalator
) -> None:
    wrapped = EscalationChatModel(
        bound=LookingModel(chunks=ANSWERS["plain"], calls=[]), escalator=engine
    )
    agent, config = an_agent([ours], model=wrapped), a_thread()
    agent.invoke(asked(), config)
    assert addition_in(last_of(agent, config))


def test_06_in_shadow_it_decides_and_adds_nothing_and_off_it_is_not_there(tmp_path: Path) -> None:
    for mode, told in ((Mode.SHADOW, True), (Mode.OFF, False)):
        ours = EscalationAgentMiddleware(load_settings(home=tmp_path / mode, mode=mode))
        agent, config = an_agent([ours]), a_thread()
        agent.invoke(asked(), config)
        kept = last_of(agent, config)
        assert str(kept.text) == ANSWER
        assert ("tay" in kept.response_metadata) is told
        assert ours.flush()
        ours.close()


# The recipe for a graph of one's own: the chat model in the node.


@pytest.mark.parametrize("answer", ANSWERS)
def test_05_in_a_node_the_chat_model_streams_the_addition_too(
    wrap_model: Callable[..., EscalationChatModel], answer: str
) -> None:
    ours = wrap_model(model(ANSWERS[answer]))

    def respond(state: MessagesState) -> dict[str, Any]:
        return {"messages": [ours.invoke(state["messages"])]}

    graph = (
        StateGraph(MessagesState)
        .add_node("respond", respond)
        .add_edge(START, "respond")
        .compile(checkpointer=InMemorySaver())
    )
    config = a_thread()
    parts: Any = graph.stream({"messages": [HumanMessage(NEED)]}, config, stream_mode="messages")
    pieces = [message for message, _where in parts]
    kept = last_of(graph, config)
    said = [str(piece.text) for piece in pieces if str(piece.text)]
    assert "".join(said) == str(kept.text)
    assert said[-1] == addition_in(kept)


def test_07_a_client_that_leaves_an_agent_leaks_nothing(
    ours: EscalationAgentMiddleware, engine: Escalator
) -> None:
    agent, config = an_agent([ours], [block("so ")] * 50), a_thread()

    async def scene() -> set[Any]:
        stream = agent.astream(asked(), config, stream_mode="messages")
        async for message, _where in stream:
            if str(message.text) == "so ":
                break
        await stream.aclose()
        await asyncio.get_running_loop().shutdown_asyncgens()
        return asyncio.all_tasks() - {asyncio.current_task()}

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert asyncio.run(scene()) == set()
    assert [row.shown for row in rows_of(engine, name_in(config))] == [False]
