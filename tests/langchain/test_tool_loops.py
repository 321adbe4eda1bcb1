"""A question that is answered by way of tools is one turn, with one mention, at its end."""

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph

from tay_middleware import EscalationChatModel, EscalationStep, Escalator
from tay_middleware.langchain import ScriptedChatModel
from tests.langchain.models import ANSWER, NEED
from tests.langchain.who import name_in, rows_of, someone

Wrap = Callable[..., EscalationStep]
CALL = {"name": "look", "args": {}, "id": "1"}


def looks_first(messages: list[Any]) -> AIMessage:
    looked = isinstance(messages[-1], ToolMessage)
    return AIMessage(ANSWER) if looked else AIMessage("Let me look.", tool_calls=[CALL])


def loop(step: EscalationStep, config: RunnableConfig, *, stream: bool = False) -> list[Any]:
    messages: list[Any] = [HumanMessage(NEED)]
    for _ in range(2):
        said = next(step.stream(messages, config)) if stream else step.invoke(messages, config)
        messages.append(said)
        if said.tool_calls:
            messages.append(ToolMessage("seen", tool_call_id="1"))
    return messages


@pytest.mark.parametrize("stream", [False, True])
def test_under_one_turn_id_the_answer_gets_the_mention_and_there_is_one_row(
    wrap: Wrap, engine: Escalator, *, stream: bool
) -> None:
    config = someone(turn_id=f"a tool loop, stream={stream}")
    said = loop(wrap(RunnableLambda(looks_first)), config, stream=stream)
    assert said[1].content == "Let me look."
    assert said[1].response_metadata["tay"]["suppressed"] == "unweavable"
    assert str(said[-1].text).startswith(f"{ANSWER}\n\n")
    assert [row.shown for row in rows_of(engine, name_in(config))] == [True]


def test_under_one_parent_run_too(wrap: Wrap, engine: Escalator) -> None:
    step, config = wrap(RunnableLambda(looks_first)), someone()

    def agent(_question: str, config: RunnableConfig) -> Any:
        return loop(step, config)[-1]

    said = RunnableLambda(agent).invoke(NEED, config)
    assert str(said.text).startswith(f"{ANSWER}\n\n")
    assert [row.shown for row in rows_of(engine, name_in(config))] == [True]


@pytest.mark.parametrize("message_id", ["msg_8fK2aQ", "1"])
def test_an_apps_own_message_id_makes_a_loop_one_turn_too(
    wrap: Wrap, engine: Escalator, message_id: str
) -> None:
    """Outside of any parent run, as the steps of an agent are: each has a run of its own."""
    step, people = wrap(RunnableLambda(looks_first)), [someone(), someone()]
    for config in people:
        asked = HumanMessage(NEED, id=message_id)
        looks = step.invoke([asked], config)
        seen = ToolMessage("seen", tool_call_id="1")
        assert str(step.invoke([asked, looks, seen], config).text).startswith(f"{ANSWER}\n\n")
    assert [[row.shown for row in rows_of(engine, name_in(who))] for who in people] == [[True]] * 2


def test_an_id_that_comes_again_with_other_words_is_another_turn(
    wrap: Wrap, engine: Escalator
) -> None:
    step, config = wrap(RunnableLambda(lambda _messages: AIMessage(ANSWER))), someone()
    for words in ("how do i pluck a hairline", "how do i melt lace"):
        step.invoke([HumanMessage(words, id="1")], config)
    said = [HumanMessage(words, id="1"), AIMessage(ANSWER), HumanMessage(words, id="1")]
    step.invoke(said, config)
    assert len(rows_of(engine, name_in(config))) == 3


def test_one_run_that_asks_for_many_people_makes_a_turn_of_each(
    wrap: Wrap, engine: Escalator
) -> None:
    step, people = wrap(RunnableLambda(lambda _question: AIMessage(ANSWER))), [someone(), someone()]

    def ask_for(configs: list[RunnableConfig]) -> list[Any]:
        return [step.invoke(NEED, {"configurable": who["configurable"]}) for who in configs]

    said = RunnableLambda(ask_for).invoke(people)
    assert len({message.response_metadata["tay"]["turn_id"] for message in said}) == len(people)
    assert [[row.shown for row in rows_of(engine, name_in(who))] for who in people] == [[True]] * 2


def test_a_number_for_a_turn_id_counts_within_its_session(wrap: Wrap, engine: Escalator) -> None:
    step, user = wrap(RunnableLambda(lambda _question: AIMessage(ANSWER))), name_in(someone())
    for day in ("mon", "tue"):
        step.invoke(f"{NEED} {day}", someone(user, session_id=f"{user} {day}", turn_id="1"))
    assert len(rows_of(engine, user)) == 2


def test_in_a_graph_with_tools_the_state_holds_the_addition_once(wrap: Wrap) -> None:
    step = wrap(RunnableLambda(looks_first))

    def answer(state: MessagesState, config: RunnableConfig) -> dict[str, Any]:
        return {"messages": [step.invoke(state["messages"], config)]}

    def tools(state: MessagesState) -> dict[str, Any]:
        return {"messages": [ToolMessage("seen", tool_call_id="1")]}

    def then(state: MessagesState) -> str:
        last = state["messages"][-1]
        return "tools" if isinstance(last, AIMessage) and last.tool_calls else END

    graph = (
        StateGraph(MessagesState)
        .add_node("answer", answer)
        .add_node("tools", tools)
        .add_edge(START, "answer")
        .add_conditional_edges("answer", then, ["tools", END])
        .add_edge("tools", "answer")
        .compile(checkpointer=InMemorySaver())
    )
    config = someone(thread_id="tools", turn_id="a graph with tools")
    graph.invoke({"messages": [HumanMessage(NEED)]}, config)
    kept = [str(message.text) for message in graph.get_state(config).values["messages"]]
    assert kept[:3] == [NEED, "Let me look.", "seen"]
    assert kept[3].startswith(f"{ANSWER}\n\n")
    assert len(kept) == 4


@pytest.mark.parametrize("passes_on", ["the message", "its text", "as an agent's"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_second_node_that_answers_the_same_question_adds_nothing_again(
    wrap_model: Callable[..., EscalationChatModel],
    engine: Escalator,
    passes_on: str,
    *,
    stream: bool,
) -> None:
    model = wrap_model(ScriptedChatModel(reply=lambda _question: ANSWER))

    def say(state: MessagesState, config: RunnableConfig) -> dict[str, Any]:
        said = model.invoke(state["messages"], config)
        as_text: Any = AIMessage(str(said.text), id=said.id)
        if passes_on == "as an agent's":
            as_text = HumanMessage(str(said.text), id=said.id, name="planner")
        return {"messages": [said if passes_on == "the message" else as_text]}

    graph = (
        StateGraph(MessagesState)
        .add_node("plan", say)
        .add_node("answer", say)
        .add_edge(START, "plan")
        .add_edge("plan", "answer")
        .add_edge("answer", END)
        .compile()
    )
    config = someone()
    asked = MessagesState(messages=[HumanMessage(NEED)])
    if stream:
        streamed: Any = graph.stream(asked, config, stream_mode="messages")
        told = "".join(str(token.text) for token, _ in streamed)
    else:
        told = "".join(str(said.text) for said in graph.invoke(asked, config)["messages"][1:])
    (row,) = rows_of(engine, name_in(config))
    assert row.shown
    assert told.count(ANSWER) == 2
    assert told.count(f"{ANSWER}\n\n") == 1
