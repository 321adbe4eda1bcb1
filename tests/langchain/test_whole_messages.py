"""Models that cannot stream send one whole message; nothing can be added to it but in it."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.language_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable, RunnableGenerator, RunnableLambda

from tay_middleware import EscalationStep
from tay_middleware.langchain import ScriptedChatModel
from tests.langchain.models import ANSWER, NEED, texts
from tests.langchain.who import someone

Wrap = Callable[..., EscalationStep]

WHOLE: dict[str, Callable[[], Runnable[Any, Any]]] = {
    "a model without a stream": lambda: FakeMessagesListChatModel(responses=[AIMessage(ANSWER)]),
    "streaming switched off": lambda: ScriptedChatModel(
        reply=lambda _question: ANSWER, disable_streaming=True
    ),
    "a function": lambda: RunnableLambda(lambda _question: AIMessage(ANSWER)),
}


async def _alist(chunks: Any) -> list[Any]:
    return [chunk async for chunk in chunks]


@pytest.mark.parametrize("kind", WHOLE)
def test_its_stream_is_what_invoke_gives(wrap: Wrap, kind: str) -> None:
    step, turn = wrap(WHOLE[kind]()), someone(turn_id=f"whole: {kind}")
    invoked = step.invoke(NEED, turn)
    (streamed,) = step.stream(NEED, turn)
    (astreamed,) = asyncio.run(_alist(step.astream(NEED, turn)))
    assert str(invoked.text).startswith(f"{ANSWER}\n\n")
    assert invoked.content == streamed.content == astreamed.content
    assert streamed.response_metadata["tay"]["shown"] is True


def test_it_is_not_changed_in_place(wrap: Wrap) -> None:
    kept = AIMessage(ANSWER)
    (streamed,) = wrap(RunnableLambda(lambda _question: kept)).stream(NEED, someone())
    assert str(streamed.text) != ANSWER
    assert kept == AIMessage(ANSWER)


@pytest.mark.parametrize(
    "made",
    [
        [AIMessage("one"), AIMessage("two")],
        [AIMessage("one"), *texts("two")],
        [*texts("one"), AIMessage("two")],
        ["one", AIMessage("two")],
    ],
    ids=["two wholes", "whole, then chunk", "chunk, then whole", "text, then whole"],
)
def test_a_stream_of_several_kinds_is_passed_on_as_it_is(wrap: Wrap, made: list[Any]) -> None:
    def pieces(_input: Any) -> Any:
        yield from made

    got = list(wrap(RunnableGenerator(pieces)).stream(NEED, someone()))
    content = [getattr(piece, "content", piece) for piece in got]
    assert [part for part in content if part != ""] == [
        getattr(piece, "content", piece) for piece in made
    ]


def test_a_model_that_fails_after_it_loses_nothing(wrap: Wrap) -> None:
    def pieces(_input: Any) -> Any:
        yield AIMessage(ANSWER)
        raise ConnectionError("the model is away")

    stream = wrap(RunnableGenerator(pieces)).stream(NEED, someone())
    assert next(stream).content == ANSWER
    with pytest.raises(ConnectionError, match="the model is away"):
        next(stream)
