"""A chain that ends in a text: what its model said of the reply's end is heard all the same."""

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import RunnableLambda

from tay_middleware import EscalationStep, Escalator
from tests.langchain.models import ANSWER, NEED, PIECES, SHAPES, UNWEAVABLE, model, texts
from tests.langchain.surfaces import FOUR, SURFACES
from tests.langchain.who import name_in, rows_of, someone

Wrap = Callable[..., EscalationStep]
CUT = {
    **{name: UNWEAVABLE[name] for name in ("a tool call", "cut for length", "filtered")},
    "cut on the last text": [
        *texts(*PIECES[:-1]),
        *texts(PIECES[-1], response_metadata={"finish_reason": "length"}),
    ],
}


def said(chunks: list[AIMessageChunk]) -> str:
    return "".join(str(chunk.text) for chunk in chunks)


@pytest.mark.parametrize("verb", FOUR)
@pytest.mark.parametrize("reply", CUT)
def test_a_text_whose_model_did_not_simply_end_gets_no_addition(
    wrap: Wrap, engine: Escalator, reply: str, verb: str
) -> None:
    chain, config = wrap(model(CUT[reply]) | StrOutputParser()), someone()
    assert SURFACES[verb](chain, config) == said(CUT[reply])
    assert [row.suppressed for row in rows_of(engine, name_in(config))] == ["unweavable"]


@pytest.mark.parametrize("verb", FOUR)
def test_only_the_model_whose_words_end_the_reply_counts(wrap: Wrap, verb: str) -> None:
    looks, answers = model(UNWEAVABLE["a tool call"]), model(SHAPES["finish, then usage"])

    def look_and_answer(question: Any, config: Any) -> Any:
        looks.invoke(question, config)
        return answers.invoke(question, config)

    chain = wrap(RunnableLambda(look_and_answer) | StrOutputParser())
    assert SURFACES[verb](chain, someone()).startswith(f"{ANSWER}\n\n")


def test_a_structured_answer_that_becomes_a_text_is_an_answer(wrap: Wrap) -> None:
    chain = wrap(model(UNWEAVABLE["a tool call alone"]) | RunnableLambda(lambda _said: ANSWER))
    assert chain.invoke(NEED, someone()).startswith(f"{ANSWER}\n\n")
