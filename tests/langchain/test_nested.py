"""A surface of ours inside another: the inner one decides, the outer one hands on as it is."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda

from tay_middleware import EscalationStep, Escalator, Mode
from tay_middleware.langchain import EscalationAgentMiddleware
from tay_middleware.langchain.claims import Claim
from tests.langchain.agents import an_agent
from tests.langchain.models import ANSWER, NEED, SHAPES, UNWEAVABLE, model
from tests.langchain.surfaces import FOUR, SURFACES, WrapModel, alist
from tests.langchain.who import name_in, rows_of, someone

Wrap = Callable[..., EscalationStep]
PLAIN = SHAPES["finish, then usage"]
INNER: dict[str, Callable[[Wrap, WrapModel], Any]] = {
    "a step": lambda wrap, _: wrap(model(PLAIN)),
    "a step in a step": lambda wrap, _: wrap(wrap(model(PLAIN)) | RunnableLambda(lambda it: it)),
    "a chat model": lambda _, wrap_model: wrap_model(model(PLAIN)),
    "a bound chat model": lambda _, wrap_model: wrap_model(model(PLAIN)).bind(stop=["end"]),
    "a chain that ends in a text": lambda _, wrap_model: (
        wrap_model(model(PLAIN)) | StrOutputParser()
    ),
    "a chain with the question in a prompt": lambda wrap, _: (
        RunnableLambda(lambda asked: f"Answer as Tay. {asked}") | wrap(model(PLAIN))
    ),
}


def kinds(engine: Escalator, config: RunnableConfig) -> list[str]:
    return [row.kind for row in rows_of(engine, name_in(config))]


@pytest.mark.parametrize("verb", FOUR)
@pytest.mark.parametrize("inner", INNER)
def test_one_question_is_one_row_and_one_addition(
    wrap: Wrap, wrap_model: WrapModel, engine: Escalator, inner: str, verb: str
) -> None:
    config = someone()
    reply = SURFACES[verb](wrap(INNER[inner](wrap, wrap_model)), config)
    text = reply if isinstance(reply, str) else str(reply.text)
    assert text.startswith(f"{ANSWER}\n\n")
    assert kinds(engine, config) == ["mention"]
    if not isinstance(reply, str):
        assert reply.response_metadata["tay"]["addition"] == text.removeprefix(ANSWER)


@pytest.mark.parametrize("inner", ["a step", "a chat model"])
def test_one_question_is_one_event(wrap: Wrap, wrap_model: WrapModel, inner: str) -> None:
    outer = wrap(INNER[inner](wrap, wrap_model))
    events = asyncio.run(alist(outer.astream_events(NEED, someone(), version="v2")))
    told = [event["data"] for event in events if event["event"] == "on_custom_event"]
    assert [one["kind"] for one in told] == ["mention"]


def test_a_step_around_an_agent_leaves_it_to_the_agents_middleware(
    wrap: Wrap, engine: Escalator
) -> None:
    config = someone(thread_id="one")
    agent = an_agent([EscalationAgentMiddleware(escalator=engine)])
    last: Runnable[Any, Any] = RunnableLambda(lambda state: state["messages"][-1])
    outer = wrap(RunnableLambda(lambda asked: {"messages": [asked]}) | agent | last)
    assert outer.invoke(NEED, config).response_metadata["tay"]["kind"] == "mention"
    assert kinds(engine, config) == ["mention"]


@pytest.mark.parametrize("inner", ["a step", "a chat model"])
def test_a_reply_that_breaks_or_is_left_is_one_row(
    wrap: Wrap, wrap_model: WrapModel, engine: Escalator, inner: str
) -> None:
    surface: Any = wrap if inner == "a step" else wrap_model
    broken, left = someone(), someone()
    with pytest.raises(ConnectionError):
        wrap(surface(model(PLAIN, fail_after=0))).invoke(NEED, broken)
    chunks: Any = wrap(surface(model(PLAIN))).stream(NEED, left)
    next(chunks)
    chunks.close()
    assert kinds(engine, broken) == kinds(engine, left) == ["none"]


def test_a_bare_reply_after_a_wrapped_model_that_failed_is_decided_on(
    wrap: Wrap, wrap_model: WrapModel, engine: Escalator
) -> None:
    config, failing = someone(), wrap_model(model(PLAIN, fail_after=0))
    outer = wrap(failing.with_fallbacks([model(PLAIN)]))
    assert outer.invoke(NEED, config).response_metadata["tay"]["kind"] == "mention"
    assert sorted(kinds(engine, config)) == ["mention", "none"]


def test_an_answer_after_a_tool_call_of_a_wrapped_model_is_decided_on(
    wrap: Wrap, wrap_model: WrapModel, engine: Escalator
) -> None:
    looks, answers = wrap_model(model(UNWEAVABLE["a tool call"])), model(PLAIN)

    def look_and_answer(question: Any, config: Any) -> Any:
        looks.invoke(question, config)
        return answers.invoke(question, config)

    config = someone()
    reply = wrap(RunnableLambda(look_and_answer)).invoke(NEED, config)
    assert reply.response_metadata["tay"]["kind"] == "mention"


def test_a_wrapped_model_that_is_asked_something_else_takes_no_question_away(
    wrap: Wrap, wrap_model: WrapModel, engine: Escalator
) -> None:
    sums_up, answers = wrap_model(model(UNWEAVABLE["JSON"])), model(PLAIN)

    def sum_up_and_answer(question: Any, config: Any) -> Any:
        sums_up.invoke("how do i pluck a hairline", config)
        return answers.invoke(question, config)

    config = someone()
    reply = wrap(RunnableLambda(sum_up_and_answer)).invoke(NEED, config)
    assert reply.response_metadata["tay"]["kind"] == "mention"
    assert sorted(kinds(engine, config)) == ["mention", "none"]


def test_a_claim_covers_the_same_question_or_the_same_words() -> None:
    claim = Claim("What now? ")
    assert not claim.covers("What now?", "This.", is_answer=True)  # it has not ended
    claim.ended("This.", is_answer=True)
    assert claim.covers(" What now?", "Something else.", is_answer=True)
    assert claim.covers("Answer: what now?", "Well: This. ", is_answer=True)
    assert not claim.covers("Answer: what now?", "That.", is_answer=True)
    assert not claim.covers("What now?", "This.", is_answer=False)


def test_a_surface_inside_that_only_watches_keeps_the_outer_one_silent(
    wrap: Wrap, engine: Escalator
) -> None:
    settings = engine.settings.model_copy(update={"mode": Mode.SHADOW})
    inner, config = EscalationStep(bound=model(PLAIN), settings=settings), someone()
    assert wrap(inner).invoke(NEED, config).text == ANSWER
    inner.close()
    assert [row.suppressed for row in rows_of(engine, name_in(config))] == ["mode"]
