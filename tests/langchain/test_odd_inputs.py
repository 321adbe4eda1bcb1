"""Whatever a surface is handed, the model gets it, and its reply passes as if we were not there."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.outputs import ChatResult
from langchain_core.runnables import RunnableLambda

from tay_middleware import EscalationAgentMiddleware, EscalationStep, Escalator
from tay_middleware.engine.telling import tell_once
from tay_middleware.langchain.reading import UNREAD
from tests.langchain.agents import an_agent
from tests.langchain.models import ANSWER, NEED, SHAPES, ChunkModel
from tests.langchain.surfaces import FOUR, alist
from tests.langchain.who import name_in, rows_of, someone

Surface = Callable[..., Any]

IMAGE = HumanMessage([{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}])

INPUTS: dict[str, Any] = {
    "none": None,
    "an empty list": [],
    "a question that is none": {"question": None},
    "a question in a dict": {"question": {"text": NEED}},
    "no messages": {"messages": []},
    "messages nobody can read": {"messages": [{"nothing": 1}]},
    "a system message": [SystemMessage("Be Tay.")],
    "an image": [IMAGE],
    "an empty text": "",
    "blanks": [HumanMessage("  ")],
    "a reply": [AIMessage("hi")],
    "what a tool said": [ToolMessage("42", tool_call_id="1")],
    "a role that there is not": [{"role": "nobody", "content": "x"}],
    "a message without content": [{"role": "user"}],
    "numbers": [1, 2],
    "a number": 7,
    "bytes": b"hi",
    "half a letter": "\ud800",
    "an object": object(),
}

TOLD = {
    "a question in a dict": f"what stands under 'question' in the input is of dict, {UNREAD}",
    "a number": f"the input is of int, {UNREAD}",
    "an object": f"the input is of object, {UNREAD}",
}
"""What is told, once; of all others nothing is: there is no question, and that is no slip."""


class Noting(ChunkModel):
    """Notes what it is asked."""

    asked: list[list[BaseMessage]]

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        self.asked.append(messages)
        return super()._generate(messages, *args, **kwargs)

    def _stream(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Any:
        self.asked.append(messages)
        return super()._stream(messages, *args, **kwargs)


def noting() -> Noting:
    return Noting(chunks=SHAPES["plain text, finish in a chunk of its own"], asked=[])


@pytest.fixture(autouse=True)
def _told_of_nothing(engine: Escalator) -> None:
    engine.read_pauses(5)  # what the engine has to say of its own start is said
    tell_once.cache_clear()


def outcome(runnable: Any, verb: str, value: Any) -> Any:
    """The reply, by its words; or what was raised."""
    try:
        if verb == "stream":
            said = list(runnable.stream(value, someone()))
        elif verb == "astream":
            said = asyncio.run(alist(runnable.astream(value, someone())))
        elif verb == "ainvoke":
            said = [asyncio.run(runnable.ainvoke(value, someone()))]
        else:
            said = [runnable.invoke(value, someone())]
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the same without us
        return type(error), str(error)
    # LangChain's own end of a stream carries nothing, and not everybody sends one.
    texts = [one.content if isinstance(one, BaseMessage) else one for one in said]
    return [text for text in texts if text != ""]


@pytest.mark.parametrize("verb", FOUR)
@pytest.mark.parametrize("name", INPUTS)
def test_a_chain_gets_the_very_input_and_answers_as_without_us(
    wrap: Surface, caplog: pytest.LogCaptureFixture, name: str, verb: str
) -> None:
    handed: list[Any] = []

    def answer(value: Any) -> str:
        handed.append(value)
        return ANSWER

    step = wrap(RunnableLambda(answer))
    for _ in range(2):
        assert outcome(step, verb, INPUTS[name]) == [ANSWER]
    assert all(one is INPUTS[name] for one in handed)
    assert caplog.messages == ([TOLD[name]] if name in TOLD else [])


@pytest.mark.parametrize("verb", FOUR)
@pytest.mark.parametrize("name", INPUTS)
def test_a_model_gets_what_it_got_and_answers_or_raises_as_without_us(
    surface: Surface, caplog: pytest.LogCaptureFixture, name: str, verb: str
) -> None:
    alone, ours = noting(), noting()
    assert outcome(surface(ours), verb, INPUTS[name]) == outcome(alone, verb, INPUTS[name])
    assert ours.asked == alone.asked
    assert set(caplog.messages) <= {TOLD.get(name)}


@pytest.mark.parametrize(
    "name", ["an image", "blanks", "a system message", "a reply", "no messages"]
)
def test_an_agent_answers_as_without_us(
    engine: Escalator, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    value = INPUTS[name] if isinstance(INPUTS[name], dict) else {"messages": INPUTS[name]}
    said = []
    for middleware in ([], [EscalationAgentMiddleware(escalator=engine)]):
        model = noting()
        agent = an_agent(middleware, model=model)
        said.append((outcome_of(agent, value), model.asked))
    assert said[0] == said[1]
    assert caplog.messages == []


def outcome_of(agent: Any, value: Any) -> Any:
    found = agent.invoke(value, someone(thread_id="t"))["messages"]
    return [(type(one), one.content) for one in found]


def test_a_function_that_breaks_for_good_is_counted_and_told(
    wrap: Surface, engine: Escalator, caplog: pytest.LogCaptureFixture
) -> None:
    before = engine.degraded_counts.get("begin", 0)
    step: EscalationStep = wrap(
        RunnableLambda(lambda _value: ANSWER), input_key=lambda value: value["n"] / 0
    )
    assert step.invoke({"n": 1}, someone()) == ANSWER
    assert engine.degraded_counts["begin"] == before + 1
    assert "failed open in begin (ZeroDivisionError)" in caplog.text


def test_a_question_that_the_app_passes_beside_is_heard_where_the_input_has_none(
    wrap: Surface, engine: Escalator, caplog: pytest.LogCaptureFixture
) -> None:
    config = someone(question=NEED)
    step: EscalationStep = wrap(RunnableLambda(lambda _value: ANSWER))
    assert step.invoke({"text": "Answer in ten words."}, config).startswith(f"{ANSWER}\n\n")
    assert [row.question for row in rows_of(engine, name_in(config))] == [NEED]
    assert caplog.messages == []
