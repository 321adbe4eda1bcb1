"""What a demanding user tries on the first day; the numbers are those of the design's list."""

import asyncio
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, assert_type

import pytest
from langchain_core.chat_history import InMemoryChatMessageHistory
from langchain_core.language_models import FakeListLLM
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import ConfigurableField, RunnableConfig, RunnableLambda
from langchain_core.runnables.history import RunnableWithMessageHistory
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from pydantic import BaseModel

from tay_middleware import EscalationStep, Escalator, InputError
from tay_middleware.langchain import ScriptedChatModel
from tay_middleware.settings import Settings, load_settings
from tests.langchain.models import ANSWER, NEED, PIECES, SHAPES, model
from tests.langchain.who import name_in, rows_of, someone

PLAIN = SHAPES["plain text, finish in a chunk of its own"]
Wrap = Callable[..., EscalationStep]


class Said(BaseModel):
    text: str


def a_chain(step: EscalationStep) -> Any:
    prompt = ChatPromptTemplate.from_messages([("system", "Be Tay."), ("human", "{question}")])
    return prompt | step | StrOutputParser()


async def _alist(chunks: Any) -> list[Any]:
    return [chunk async for chunk in chunks]


# 1 The chain of the README, by every verb.


def test_01_a_chain_gives_the_same_by_every_verb(wrap: Wrap) -> None:
    chain = a_chain(wrap(model(PLAIN)))
    turn = someone(turn_id="first-day-1")
    question = {"question": NEED}
    expected = chain.invoke(question, turn)
    assert expected.startswith(f"{ANSWER}\n\n")
    assert "".join(chain.stream(question, turn)) == expected
    assert "".join(asyncio.run(_alist(chain.astream(question, turn)))) == expected
    assert chain.batch([question], turn) == [expected]
    assert asyncio.run(chain.abatch([question], turn)) == [expected]


def test_01_pieces_come_as_the_model_makes_them(wrap: Wrap) -> None:
    pieces = list(a_chain(wrap(model(PLAIN))).stream({"question": NEED}, someone()))
    assert tuple(piece for piece in pieces if piece)[: len(PIECES)] == PIECES


# 2 Everything that can be handed in.


@pytest.mark.parametrize(
    "value",
    [
        NEED,
        [HumanMessage(NEED)],
        [("system", "Be Tay."), ("user", NEED)],
        [{"role": "user", "content": NEED}],
        ChatPromptTemplate.from_messages([("human", "{q}")]).invoke({"q": NEED}),
        [SystemMessage("Be Tay."), HumanMessage("hi"), AIMessage("hello"), HumanMessage(NEED)],
        [
            HumanMessage(
                [
                    {"type": "text", "text": NEED},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                ]
            )
        ],
    ],
    ids=["text", "message", "tuples", "dicts", "prompt value", "conversation", "with an image"],
)
def test_02_the_question_is_found_in_every_kind_of_input(wrap: Wrap, value: Any) -> None:
    reply = wrap(model(PLAIN)).invoke(value, someone())
    assert reply.response_metadata["tay"]["shown"] is True


@pytest.mark.parametrize("key", ["question", "input"])
def test_02_a_chain_inside_takes_dicts(wrap: Wrap, key: str) -> None:
    inner: Any = RunnableLambda(lambda value: value[key]) | model(PLAIN)
    assert wrap(inner).invoke({key: NEED}, someone()).response_metadata["tay"]["shown"] is True


def test_02_the_key_may_be_named_or_computed(wrap: Wrap) -> None:
    inner: Any = RunnableLambda(lambda _value: ANSWER)
    for input_key in ("ask", lambda value: value["ask"]):
        reply = wrap(inner, input_key=input_key).invoke({"ask": NEED}, someone())
        assert reply.startswith(f"{ANSWER}\n\n")


def test_02_a_dict_without_a_question_is_told_at_once_and_readably(wrap: Wrap) -> None:
    asked = model(PLAIN)
    with pytest.raises(InputError, match=r"found 'text', 'user', looked for question, input"):
        wrap(asked).invoke({"text": NEED, "user": 1}, someone())
    with pytest.raises(InputError, match=r"input_key='q' is not in the input; found 'text'"):
        wrap(asked, input_key="q").invoke({"text": NEED}, someone())
    assert asked.calls == []


@pytest.mark.parametrize(
    "value",
    [
        [HumanMessage([{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}])],
        [SystemMessage("Be Tay.")],
        [HumanMessage("  ")],
    ],
    ids=["an image alone", "no question", "blank"],
)
def test_02_without_a_question_the_reply_is_just_the_models(wrap: Wrap, value: Any) -> None:
    step = wrap(model(PLAIN))
    assert step.invoke(value).response_metadata == model(PLAIN).invoke(NEED).response_metadata
    assert "".join(str(chunk.text) for chunk in step.stream(value)) == ANSWER
    assert asyncio.run(step.ainvoke(value)).text == ANSWER
    bare = asyncio.run(_alist(model(PLAIN).astream(value)))
    assert len(asyncio.run(_alist(step.astream(value)))) == len(bare)


def test_02_in_a_tool_loop_the_question_is_the_last_humans(wrap: Wrap) -> None:
    call = {"name": "look", "args": {}, "id": "1"}
    messages = [
        HumanMessage(NEED),
        AIMessage("", tool_calls=[call]),
        ToolMessage("ok", tool_call_id="1"),
    ]
    assert wrap(model(PLAIN)).invoke(messages, someone()).response_metadata["tay"]["shown"] is True


# 3 Who asks.


def test_03_without_a_user_a_mention_is_gentle(wrap: Wrap) -> None:
    told = wrap(model(PLAIN)).invoke(NEED).response_metadata["tay"]
    assert (told["shown"], told["strength"]) == (True, "gentle")


def test_03_a_thread_is_a_session(wrap: Wrap, engine: Escalator) -> None:
    config: RunnableConfig = {"configurable": {"user_id": "threaded", "thread_id": "t-9"}}
    wrap(model(PLAIN)).invoke(NEED, config)
    assert [row.session_id for row in rows_of(engine, "threaded")] == ["t-9"]


def test_03_fifty_users_at_once_do_not_cross(wrap: Wrap, engine: Escalator) -> None:
    step = wrap(
        RunnableLambda(lambda question: f"About {question.split()[-1]}: start with one hour.")
    )
    users = [someone() for _ in range(50)]

    async def scene() -> list[str]:
        calls = (step.ainvoke(f"{NEED} I am {name_in(user)}", user) for user in users)
        return list(await asyncio.gather(*calls))

    replies = asyncio.run(scene())
    for user, reply in zip(users, replies, strict=True):
        assert reply.startswith(f"About {name_in(user)}")
        assert len(rows_of(engine, name_in(user))) == 1
        assert "\n\n" in reply


# 4 Events.


def test_04_events_hold_the_reply_once_and_the_decision_apart(wrap: Wrap) -> None:
    async def scene() -> list[Any]:
        chain = a_chain(wrap(model(PLAIN)))
        return [
            event
            async for event in chain.astream_events({"question": NEED}, someone(), version="v2")
        ]

    events = asyncio.run(scene())
    parsed = "".join(
        event["data"]["chunk"] for event in events if event["event"] == "on_parser_stream"
    )
    decisions = [event for event in events if event["event"] == "on_custom_event"]
    assert parsed.startswith(f"{ANSWER}\n\n")
    assert parsed.count(ANSWER) == 1
    assert [event["name"] for event in decisions] == ["tay_decision"]
    assert decisions[0]["data"]["offer"] == "mentorship"


# 5 LangGraph.


def test_05_in_a_graph_the_state_holds_the_addition_once(wrap: Wrap) -> None:
    step = wrap(model(PLAIN))

    def answer(state: MessagesState, config: RunnableConfig) -> dict[str, Any]:
        return {"messages": [step.invoke(state["messages"], config)]}

    graph = (
        StateGraph(MessagesState)
        .add_node("answer", answer)
        .add_edge(START, "answer")
        .compile(checkpointer=InMemorySaver())
    )
    config: RunnableConfig = {"configurable": {"thread_id": "g-1", "user_id": "of a graph"}}
    said = graph.invoke({"messages": [HumanMessage(NEED)]}, config)["messages"][-1]
    kept = graph.get_state(config).values["messages"][-1]
    assert str(kept.text) == str(said.text)
    assert str(kept.text).count("\n\n") == 1
    assert str(kept.text).startswith(f"{ANSWER}\n\n")


# 8 Tools and structures.


def test_08_tools_are_bound_to_the_model(wrap: Wrap) -> None:
    step = wrap(model(PLAIN)).bind_tools([{"name": "look"}])
    assert isinstance(step, EscalationStep)
    assert step.bound.kwargs == {"tools": [{"name": "look"}]}  # type: ignore[attr-defined]  # a binding
    assert step.invoke(NEED, someone()).response_metadata["tay"]["shown"] is True


def test_08_structured_output_is_the_models_own(wrap: Wrap) -> None:
    assert wrap(model(PLAIN)).with_structured_output(Said).invoke(NEED) == Said(text=ANSWER)


@pytest.mark.parametrize("made", [Said(text="x"), {"text": "x"}, None, ["x"], 7])
def test_08_an_output_that_is_no_reply_is_the_same_object(wrap: Wrap, made: Any) -> None:
    step = wrap(RunnableLambda(lambda _question: made))
    assert step.invoke(NEED, someone()) is made
    assert asyncio.run(step.ainvoke(NEED, someone())) is made


def test_08_a_model_without_tools_says_so(wrap: Wrap) -> None:
    with pytest.raises(
        AttributeError, match="FakeListLLM, which this step wraps, has no bind_tools"
    ):
        wrap(FakeListLLM(responses=[ANSWER])).bind_tools([])


def test_08_a_plain_language_model_gives_plain_text(wrap: Wrap) -> None:
    step = wrap(FakeListLLM(responses=[ANSWER]))
    assert step.invoke(NEED, someone()).startswith(f"{ANSWER}\n\n")
    assert "".join(step.stream(NEED, someone())).startswith(ANSWER)


# 10 What the reply carries beside its text.


def test_10_ids_and_usage_are_the_models(wrap: Wrap) -> None:
    bare = [*model(PLAIN).stream(NEED)]
    ours = [*wrap(model(PLAIN)).stream(NEED, someone())]
    assert {chunk.id for chunk in ours if str(chunk.text)} == {bare[0].id}
    assert [chunk.usage_metadata for chunk in ours if chunk.usage_metadata] == [
        chunk.usage_metadata for chunk in bare if chunk.usage_metadata
    ]


# 13 What tools want to know of it.


def test_13_it_can_be_drawn_described_and_pickled(tmp_path: Path) -> None:
    step = EscalationStep(
        bound=RunnableLambda(_answer) | StrOutputParser(), settings=_patient(tmp_path)
    )
    assert "EscalationStep" in step.get_graph().draw_mermaid()
    assert step.get_input_jsonschema() == step.bound.get_input_jsonschema()
    assert step.get_output_jsonschema() == step.bound.get_output_jsonschema()
    copy = pickle.loads(pickle.dumps(step))  # noqa: S301 - our own bytes
    assert copy.invoke(NEED, someone()).startswith(f"{ANSWER}\n\n")
    assert {spec.id for spec in step.config_specs} >= {
        *("user_id", "session_id", "tier", "owned_offers", "turn_id", "signals"),
    }
    copy.close()
    step.close()


def _answer(_question: str) -> str:
    return ANSWER


def _patient(home: Path) -> Settings:
    """An engine of one's own that no busy machine hurries."""
    return load_settings(home=home, scorer="off", grace_seconds=5.0, recall_timeout_seconds=5.0)


# 14 Why this offer?


def test_14_the_reply_says_why(wrap: Wrap) -> None:
    told = wrap(model(PLAIN)).invoke(NEED, someone()).response_metadata["tay"]
    assert (told["offer"], told["reason"], told["stage"]) == (
        "mentorship",
        "personalized_help",
        "keywords",
    )
    found = {NEED[one["start"] : one["end"]].lower() for one in told["indicators"]}
    assert found
    assert all(phrase in NEED.lower() for phrase in found)


def test_13_it_is_drawn_with_what_it_wraps(wrap: Wrap) -> None:
    chain = ChatPromptTemplate.from_messages([("human", "{question}")]) | wrap(model(PLAIN))
    graph = chain.get_graph()
    names = {node.id: node.name for node in graph.nodes.values()}
    assert {(names[edge.source], names[edge.target]) for edge in graph.edges} == {
        ("PromptInput", "ChatPromptTemplate"),
        ("ChatPromptTemplate", "ChunkModel"),
        ("ChunkModel", "EscalationStep"),
        ("EscalationStep", "ChunkModelOutput"),
    }


@pytest.mark.filterwarnings(
    "ignore::langchain_core._api.LangChainDeprecationWarning"  # apps use it all the same
)
def test_13_its_fields_live_beside_those_of_others(wrap: Wrap) -> None:
    history = RunnableWithMessageHistory(
        wrap(model(PLAIN)), lambda _id: InMemoryChatMessageHistory()
    )
    assert {"session_id", "user_id"} <= {spec.id for spec in history.config_specs}
    paced = ScriptedChatModel().configurable_fields(
        chunk_seconds=ConfigurableField(id="tier", name="another tier")
    )
    named = {spec.id: spec.name for spec in wrap(paced).config_specs}
    assert (named["tier"], named["owned_offers"]) == ("another tier", "Owned offers")


def test_13_configured_for_a_call_it_keeps_its_engine(tmp_path: Path) -> None:
    step = EscalationStep(bound=RunnableLambda(_answer), settings=_patient(tmp_path / "one"))
    flexible = step.configurable_fields(input_key=ConfigurableField(id="key"))
    prepared, _config = flexible.prepare({"configurable": {"key": "ask"}})  # type: ignore[attr-defined]  # a dynamic runnable
    assert prepared.input_key == "ask"
    assert isinstance(prepared.escalator, Escalator)
    assert prepared.escalator is step.escalator
    step.close()


def test_13_an_app_that_is_typed_strictly_stays_so(wrap: Wrap) -> None:
    chain = ChatPromptTemplate.from_messages([("human", "{q}")]) | wrap(model(PLAIN))
    said = (chain | StrOutputParser()).invoke({"q": NEED}, someone())
    assert_type(said, str)
    assert said.startswith(f"{ANSWER}\n\n")
