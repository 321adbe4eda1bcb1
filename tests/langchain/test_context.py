"""Who asks may stand in the context of a graph: the step and the chat model in a node read it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableConfig
from langgraph.graph import START, MessagesState, StateGraph

from tay_middleware import EscalationChatModel, EscalationStep, Escalator
from tay_middleware.langchain import ScriptedChatModel
from tay_middleware.langchain.asker import given_in
from tests.langchain.models import ANSWER, NEED
from tests.langchain.who import name_in, rows_of, someone

Surface = Callable[..., EscalationStep | EscalationChatModel]
MODEL = ScriptedChatModel(reply=lambda _question: ANSWER)


@dataclass
class Known:
    """A context of an app, with more in it than we know."""

    user_id: str
    owned_offers: list[str] = field(default_factory=list)
    tier: str | None = None
    shop: str = "Lace Studio"


def asked_in_a_graph(
    surface: Surface, context: Any, config: RunnableConfig | None = None
) -> dict[str, Any]:
    """What was decided of a need that is asked in a node."""
    model = surface(MODEL)

    def answer(state: MessagesState) -> dict[str, Any]:
        return {"messages": [model.invoke(state["messages"])]}

    graph = StateGraph(MessagesState, context_schema=type(context))
    compiled = graph.add_node("answer", answer).add_edge(START, "answer").compile()
    asked: Any = {"messages": [HumanMessage(NEED)]}
    told = compiled.invoke(asked, config, context=context)["messages"][-1]
    decision: dict[str, Any] = told.response_metadata["tay"]
    return decision


def test_an_owner_is_not_offered_what_she_has(surface: Surface, engine: Escalator) -> None:
    who = name_in(someone())
    decision = asked_in_a_graph(surface, {"user_id": who, "owned_offers": ["mentorship"]})
    assert (decision["addition"], decision["suppressed"]) == (None, "owns_offer")
    assert len(rows_of(engine, who)) == 1


def test_a_minor_is_offered_nothing(surface: Surface) -> None:
    who = name_in(someone())
    context = {"user_id": who, "signals": {"age_flag": "minor"}}
    assert asked_in_a_graph(surface, context)["suppressed"] == "not_allowed"


def test_a_context_may_be_any_object(surface: Surface, engine: Escalator) -> None:
    who = name_in(someone())
    assert asked_in_a_graph(surface, Known(who, ["mentorship"]))["suppressed"] == "owns_offer"
    assert len(rows_of(engine, who)) == 1


def test_the_context_may_say_what_was_asked(surface: Surface, engine: Escalator) -> None:
    who = name_in(someone())
    asked_in_a_graph(surface, {"user_id": who, "question": "how do i pluck a hairline"})
    assert [row.question for row in rows_of(engine, who)] == ["how do i pluck a hairline"]


def test_what_the_context_does_not_say_is_taken_from_configurable(
    surface: Surface, engine: Escalator
) -> None:
    config = someone(tier="vip", owned_offers=["college"])
    decision = asked_in_a_graph(surface, Known(name_in(config), ["mentorship"]), config)
    assert decision["suppressed"] == "owns_offer"
    (row,) = rows_of(engine, name_in(config))
    assert row.tier == "vip"


class Runtime:
    """As LangGraph's, with any context."""

    def __init__(self, context: Any) -> None:
        self.context = context


@pytest.mark.parametrize("runtime", [None, object(), 7, *map(Runtime, (None, 7, "u2", ["u2"]))])
def test_an_odd_runtime_says_nothing(runtime: Any) -> None:
    given = {"user_id": "u1", "__pregel_runtime": runtime}
    assert given_in({"configurable": given}) == given


def test_without_a_graph_nothing_is_copied() -> None:
    given = {"user_id": "u1"}
    assert given_in({"configurable": given}) is given
    assert given_in({}) == {}
