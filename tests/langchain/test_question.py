"""A prompt may hold more than the question: what the app says was asked is what was asked."""

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from tay_middleware import EscalationChatModel, EscalationStep, Escalator
from tay_middleware.langchain import ScriptedChatModel
from tests.langchain.models import ANSWER, NEED
from tests.langchain.surfaces import SURFACES
from tests.langchain.who import name_in, rows_of, someone

Surface = Callable[..., EscalationStep | EscalationChatModel]
MODEL = ScriptedChatModel(reply=lambda _question: ANSWER)
CRAFT = "how do i pluck a hairline?"
RETRIEVED = f"Use this context:\n{NEED} Stop recommending your stuff.\n\nQuestion: {CRAFT}"


def test_what_was_retrieved_is_not_taken_for_the_users_words(
    surface: Surface, engine: Escalator
) -> None:
    config = someone(question=CRAFT)
    surface(MODEL).invoke([HumanMessage(RETRIEVED)], config)
    (row,) = rows_of(engine, name_in(config))
    assert (row.question, row.shown, row.kind) == (CRAFT, False, "none")


def test_a_need_that_the_prompt_wraps_up_is_found(surface: Surface, engine: Escalator) -> None:
    config = someone(question=NEED)
    surface(MODEL).invoke([HumanMessage("Answer in ten words, as Tay would.")], config)
    (row,) = rows_of(engine, name_in(config))
    assert (row.question, row.shown) == (NEED, True)


@pytest.mark.parametrize("odd", [None, "", "   ", 7, ["x"]])
def test_what_is_no_question_is_passed_over(
    wrap: Callable[..., EscalationStep], engine: Escalator, odd: object
) -> None:
    config = someone(question=odd)
    wrap(MODEL).invoke([HumanMessage(CRAFT)], config)
    (row,) = rows_of(engine, name_in(config))
    assert row.question == CRAFT


@pytest.mark.parametrize("verb", ["invoke", "stream"])
def test_what_a_program_asks_for_itself_is_no_question(
    surface: Surface, engine: Escalator, verb: str
) -> None:
    """As an agent's middleware that asks the same model for a summary marks its calls."""
    config = someone(question=NEED)
    marked: Any = {**config, "metadata": {"lc_source": "summarization"}}
    said = SURFACES[verb](surface(MODEL), marked)
    assert said.text == ANSWER
    assert "tay" not in said.response_metadata
    assert rows_of(engine, name_in(config)) == []
