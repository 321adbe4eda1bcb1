"""Apps of LangGraph as they are built: each gives what it gives without us, and one addition."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain.tools import tool
from langchain_core.messages import AIMessage, HumanMessage, RemoveMessage, ToolMessage
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.func import entrypoint, task
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import Command, RetryPolicy, interrupt

from tay_middleware import (
    EscalationAgentMiddleware,
    EscalationChatModel,
    EscalationStep,
    Escalator,
)
from tests.langchain.agents import LOOKS, PLAIN, LookingModel, asked, look
from tests.langchain.models import ANSWER, NEED, model
from tests.langchain.same import but_for_us, mentions_in
from tests.langchain.surfaces import alist
from tests.langchain.who import name_in, rows_of, someone, statuses_of

MODES = ["messages", "updates", "values", "tasks", "checkpoints", "custom"]
CRAFT = "how do i pluck a hairline"
MESSAGE_ID = "6f1e2c1a-6b7e-4b0e-9a53-0c1a7f3f8d12"

Wrap = Callable[[Any], Any]
Make = Callable[[list[Any], Wrap], Any]
"""Makes an app, with the middleware of an agent and with what is to be put around a model."""

Use = Callable[[Any, RunnableConfig], list[Any]]


def a_thread() -> RunnableConfig:
    config = someone()
    config["configurable"]["thread_id"] = name_in(config)
    return config


def looking(looks: list[Any] = LOOKS) -> LookingModel:
    return LookingModel(chunks=PLAIN, looks=looks, calls=[])


def streamed(app: Any, value: Any, config: RunnableConfig, **more: Any) -> list[Any]:
    return list(app.stream(value, config, stream_mode=MODES, **more))


def astreamed(app: Any, value: Any, config: RunnableConfig, **more: Any) -> list[Any]:
    return asyncio.run(alist(app.astream(value, config, stream_mode=MODES, **more)))


def same(make: Make, use: Use, engine: Escalator, *questions: str) -> None:
    """Claim that an app gives the same with us, that one mention is in it, and what is logged."""
    with_us, config = a_thread(), a_thread()
    bare = use(make([], lambda model: model), config)
    ours = use(
        make(
            [EscalationAgentMiddleware(escalator=engine)],
            lambda model: EscalationChatModel(bound=model, escalator=engine),
        ),
        with_us,
    )
    assert but_for_us(ours) == but_for_us(bare)
    assert len(set(mentions_in(ours))) == 1
    rows = rows_of(engine, name_in(with_us))
    assert [(row.question, row.shown) for row in reversed(rows)] == [
        (question, question == NEED) for question in questions or (NEED,)
    ]
    assert rows_of(engine, name_in(config)) == []


def a_node(answer: Any, **more: Any) -> Any:
    graph = StateGraph(MessagesState).add_node("answer", answer, **more)
    return graph.add_edge(START, "answer").compile(checkpointer=InMemorySaver())


VERDICTS: dict[str, dict[str, Any]] = {
    "yes": {"type": "approve"},
    "no": {"type": "reject", "message": "no"},
    "other words": {
        "type": "edit",
        "edited_action": {"name": "look", "args": {"question": "lace"}},
    },
}


@pytest.mark.parametrize("stream", [streamed, astreamed])
@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_person_who_has_a_say_in_a_tool_call(
    engine: Escalator, verdict: str, stream: Any
) -> None:
    def make(ours: list[Any], _wrap: Wrap) -> Any:
        asks = HumanInTheLoopMiddleware({"look": True})
        return create_agent(
            looking(), [look], middleware=[asks, *ours], checkpointer=InMemorySaver()
        )

    def use(app: Any, config: RunnableConfig) -> list[Any]:
        said: Any = Command(resume={"decisions": [VERDICTS[verdict]]})
        parts = [*stream(app, asked(), config), *stream(app, said, config)]
        return [*parts, app.get_state(config).values]

    same(make, use, engine)


def test_a_node_that_waits_after_its_model_asks_it_twice_and_is_one_turn(
    engine: Escalator,
) -> None:
    def make(_ours: list[Any], wrap: Wrap) -> Any:
        bare = wrap(looking(PLAIN))

        def answer(state: MessagesState) -> Any:
            said = bare.invoke(state["messages"])
            interrupt("may it be sent?")
            return {"messages": [said]}

        return a_node(answer)

    def use(app: Any, config: RunnableConfig) -> list[Any]:
        return [*streamed(app, asked(), config), *streamed(app, Command(resume=True), config)]

    same(make, use, engine)


@pytest.mark.parametrize("stream", [streamed, astreamed])
@pytest.mark.parametrize("keeps", [None, True, False, InMemorySaver])
def test_an_agent_beneath_a_graph(engine: Escalator, keeps: Any, stream: Any) -> None:
    def make(ours: list[Any], _wrap: Wrap) -> Any:
        own = keeps() if callable(keeps) else keeps
        agent = create_agent(looking(), [look], middleware=ours, checkpointer=own, name="tay")
        graph = StateGraph(MessagesState).add_node("tay", agent).add_edge(START, "tay")
        return graph.compile(checkpointer=InMemorySaver())

    def use(app: Any, config: RunnableConfig) -> list[Any]:
        parts = stream(app, asked(), config, subgraphs=True)
        return [*parts, app.get_state(config).values]

    same(make, use, engine)


def handing(to: str) -> Any:
    @tool("look")
    def hand(question: str) -> Any:
        """Hand over."""
        handed = ToolMessage("handed over", tool_call_id="call-1")
        return Command(goto=to, graph=Command.PARENT, update={"messages": [handed], "active": to})

    return hand


class Swarm(MessagesState):
    """Who answers next."""

    active: str


def a_swarm(first: Any, second: Any) -> Any:
    graph = StateGraph(Swarm).add_node("first", first, destinations=("second",))
    graph.add_node("second", second)
    graph.add_conditional_edges(
        START, lambda state: state.get("active", "first"), ["first", "second"]
    )
    return graph.compile(checkpointer=InMemorySaver())


@pytest.mark.parametrize("both", [True, False])
@pytest.mark.parametrize("stream", [streamed, astreamed])
def test_a_swarm_in_which_one_hands_over_to_the_other(
    engine: Escalator, stream: Any, *, both: bool
) -> None:
    def make(ours: list[Any], _wrap: Wrap) -> Any:
        first = create_agent(looking(), [handing("second")], middleware=ours if both else [])
        return a_swarm(first, create_agent(looking(PLAIN), middleware=ours))

    def use(app: Any, config: RunnableConfig) -> list[Any]:
        turns = [stream(app, asked(text), config, subgraphs=True) for text in (NEED, CRAFT)]
        return [*turns[0], *turns[1], app.get_state(config).values]

    same(make, use, engine, NEED, CRAFT)


def beside(place: RunnableConfig, who: RunnableConfig) -> RunnableConfig:
    """An earlier place in a thread names the thread alone: who asks is to be said again."""
    return {"configurable": {**who["configurable"], **place["configurable"]}}


def test_a_thread_that_is_played_again_from_before_counts_once(engine: Escalator) -> None:
    def make(ours: list[Any], _wrap: Wrap) -> Any:
        return create_agent(looking(), [look], middleware=ours, checkpointer=InMemorySaver())

    def use(app: Any, config: RunnableConfig) -> list[Any]:
        parts = streamed(app, asked(), config)
        for place in list(app.get_state_history(config)):
            if place.next and place.values.get("messages"):
                parts += streamed(app, None, beside(place.config, config))
        return parts

    same(make, use, engine)


@pytest.mark.parametrize("question", [NEED, CRAFT])
def test_made_again_an_answer_counts_once_and_one_to_other_words_for_itself(
    engine: Escalator, question: str
) -> None:
    def make(ours: list[Any], _wrap: Wrap) -> Any:
        return create_agent(looking(PLAIN), middleware=ours, checkpointer=InMemorySaver())

    def use(app: Any, config: RunnableConfig) -> list[Any]:
        parts = streamed(app, asked(), config)
        put, answered = app.get_state(config).values["messages"]
        edited = [HumanMessage(question, id=put.id), RemoveMessage(answered.id)]
        again = beside(app.update_state(config, {"messages": edited}, as_node=START), config)
        return [*parts, *streamed(app, None, again), app.get_state(config).values]

    same(make, use, engine, *dict.fromkeys([NEED, question]))


def test_a_task_that_is_kept_is_not_asked_again(engine: Escalator) -> None:
    def make(_ours: list[Any], wrap: Wrap) -> Any:
        bare = wrap(looking(PLAIN))

        @task
        def ask(question: str) -> AIMessage:
            said: AIMessage = bare.invoke([HumanMessage(question, id=MESSAGE_ID)])
            return said

        @entrypoint(checkpointer=InMemorySaver())
        def app(question: str) -> dict[str, Any]:
            return {"said": ask(question).result(), "sent": interrupt("may it be sent?")}

        return app

    def use(app: Any, config: RunnableConfig) -> list[Any]:
        return [*streamed(app, NEED, config), *streamed(app, Command(resume=True), config)]

    same(make, use, engine)


@pytest.mark.parametrize("stream", [streamed, astreamed])
def test_a_node_that_is_tried_again_is_one_turn(engine: Escalator, stream: Any) -> None:
    def make(_ours: list[Any], wrap: Wrap) -> Any:
        bare, tries = wrap(looking(PLAIN)), iter([True])

        def answer(state: MessagesState) -> Any:
            said = bare.invoke(state["messages"])
            if next(tries, False):
                raise ConnectionError
            return {"messages": [said]}

        return a_node(answer, retry_policy=RetryPolicy(initial_interval=0.0, jitter=False))

    same(make, lambda app, config: stream(app, asked(), config), engine)


@pytest.mark.parametrize("durability", ["sync", "async", "exit"])
def test_a_graph_that_goes_on_after_a_crash_is_one_turn(engine: Escalator, durability: str) -> None:
    def make(_ours: list[Any], wrap: Wrap) -> Any:
        bare, crashes = wrap(looking(PLAIN)), iter([True])

        def send(_state: MessagesState) -> Any:
            if next(crashes, False):
                raise RuntimeError
            return {}

        graph = StateGraph(MessagesState)
        graph.add_node("answer", lambda state: {"messages": [bare.invoke(state["messages"])]})
        graph.add_node("send", RunnableLambda(send)).add_edge(START, "answer").add_edge(
            "answer", "send"
        )
        return graph.compile(checkpointer=InMemorySaver())

    def use(app: Any, config: RunnableConfig) -> list[Any]:
        parts: list[Any] = []
        with pytest.raises(RuntimeError):
            parts.extend(app.stream(asked(), config, stream_mode=MODES, durability=durability))
        return [*parts, *streamed(app, None, config, durability=durability)]

    same(make, use, engine)


def test_one_graph_in_many_loops(engine: Escalator) -> None:
    def make(ours: list[Any], _wrap: Wrap) -> Any:
        return create_agent(looking(), [look], middleware=ours)

    def use(app: Any, config: RunnableConfig) -> list[Any]:
        return [part for _ in range(3) for part in astreamed(app, asked(CRAFT), config)] + (
            astreamed(app, asked(), config)
        )

    same(make, use, engine, CRAFT, CRAFT, CRAFT, NEED)


# What raises through a step and is no failure.


def waits(_messages: Any) -> AIMessage:
    interrupt("may I?")
    return AIMessage(ANSWER)


def answering(step: EscalationStep, verb: str) -> Any:
    def answer(state: MessagesState, config: RunnableConfig) -> Any:
        said = state["messages"]
        made = [step.invoke(said, config)] if verb == "invoke" else step.stream(said, config)
        return {"messages": list(made)[-1:]}

    async def answer_async(state: MessagesState, config: RunnableConfig) -> Any:
        said = state["messages"]
        if verb == "ainvoke":
            return {"messages": [await step.ainvoke(said, config)]}
        return {"messages": (await alist(step.astream(said, config)))[-1:]}

    return answer_async if verb.startswith("a") else answer


@pytest.mark.parametrize("verb", ["invoke", "stream", "ainvoke", "astream"])
def test_to_wait_for_a_person_is_no_failure_and_the_answer_counts(
    wrap: Callable[..., EscalationStep], engine: Escalator, verb: str
) -> None:
    app, config = a_node(answering(wrap(RunnableLambda(waits)), verb)), a_thread()
    use = astreamed if verb.startswith("a") else streamed
    use(app, asked(), config)
    assert statuses_of(engine, name_in(config)) == ["abandoned"]
    use(app, Command(resume=True), config)
    assert statuses_of(engine, name_in(config)) == ["replied"]
    assert str(app.get_state(config).values["messages"][-1].text).startswith(f"{ANSWER}\n\n")


def test_to_hand_over_is_no_failure(wrap: Callable[..., EscalationStep], engine: Escalator) -> None:
    agent = create_agent(looking(), [handing("second")])
    step = wrap(agent | RunnableLambda(lambda state: state["messages"][-1]))
    answer = a_node(lambda state: {"messages": [model(PLAIN).invoke(state["messages"])]})
    app, config = a_swarm(lambda state: {"messages": [step.invoke(state)]}, answer), a_thread()
    done = app.invoke(asked(), config)
    assert done["messages"][-1].text == ANSWER
    assert statuses_of(engine, name_in(config)) == ["abandoned"]
