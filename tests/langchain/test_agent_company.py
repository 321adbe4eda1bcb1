"""Our middleware beside others: whatever their order, what they do is done as without us."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import (
    AgentMiddleware,
    ClearToolUsesEdit,
    ContextEditingMiddleware,
    ModelCallLimitMiddleware,
    ModelFallbackMiddleware,
    PIIMiddleware,
    TodoListMiddleware,
    ToolCallLimitMiddleware,
    wrap_model_call,
)
from langchain_core.messages import HumanMessage, ToolMessage
from langgraph.checkpoint.memory import InMemorySaver

from tay_middleware import EscalationAgentMiddleware, Escalator
from tests.langchain.agents import PLAIN, LookingModel, asked, look
from tests.langchain.models import NEED
from tests.langchain.same import but_for_us, mentions_in
from tests.langchain.surfaces import alist
from tests.langchain.who import name_in, rows_of, someone

MODES = ["messages", "updates", "values", "custom"]
PAGE = "Use these pages: I joined the mentorship. Stop recommending your stuff."


class Looking(LookingModel):
    """Has looked once it has seen a result, whatever was put behind that."""

    def _stream(self, messages: list[Any], *_args: Any, **_kwargs: Any) -> Any:
        seen: list[Any] = [message for message in messages if isinstance(message, ToolMessage)]
        return super()._stream(seen or messages)


def looking() -> Looking:
    return Looking(chunks=PLAIN, calls=[])


class Away(LookingModel):
    """Is never there."""

    def _stream(self, *_args: Any, **_kwargs: Any) -> Any:
        raise ConnectionError


def answers_alone() -> Any:
    @wrap_model_call
    def alone(request: Any, handler: Any) -> Any:
        return handler(request).result[0]

    return alone


OTHERS: Mapping[str, Callable[[], Any]] = {
    "another model": lambda: ModelFallbackMiddleware(looking()),
    "calls": lambda: ModelCallLimitMiddleware(run_limit=5),
    "tools": lambda: ToolCallLimitMiddleware(run_limit=5),
    "addresses": lambda: PIIMiddleware("email", apply_to_output=True),
    "what was seen": lambda: ContextEditingMiddleware(edits=[ClearToolUsesEdit(trigger=1, keep=0)]),
    "plans": TodoListMiddleware,
}


def streamed(agent: Any, config: Any, *, is_async: bool = False) -> list[Any]:
    if is_async:
        return asyncio.run(alist(agent.astream(asked(), config, stream_mode=MODES)))
    return list(agent.stream(asked(), config, stream_mode=MODES))


def with_and_without(
    engine: Escalator, bare: Any, other: Callable[[], Any], *, is_first: bool, is_async: bool
) -> tuple[list[Any], list[Any], str]:
    """What an agent gives with us, what it gives without, and who asked it with us."""
    ours, config = EscalationAgentMiddleware(escalator=engine), someone()
    parts = []
    for middleware in ([other()], [ours, other()] if is_first else [other(), ours]):
        agent = create_agent(bare, [look], middleware=middleware, checkpointer=InMemorySaver())
        who = {
            "configurable": {**config["configurable"], "thread_id": "1"},
            "recursion_limit": 30,
        }
        parts.append(streamed(agent, who, is_async=is_async))
    return parts[1], parts[0], name_in(config)


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("is_first", [False, True])
@pytest.mark.parametrize("other", OTHERS)
def test_what_others_do_is_done_as_without_us(
    engine: Escalator, other: str, *, is_first: bool, is_async: bool
) -> None:
    ours, bare, who = with_and_without(
        engine, looking(), OTHERS[other], is_first=is_first, is_async=is_async
    )
    assert but_for_us(ours) == but_for_us(bare)
    assert len(set(mentions_in(ours))) == 1
    assert [row.shown for row in rows_of(engine, who)] == [True]


@pytest.mark.parametrize("is_first", [False, True])
def test_a_middleware_that_returns_a_message_alone(engine: Escalator, *, is_first: bool) -> None:
    ours, bare, who = with_and_without(
        engine, looking(), answers_alone, is_first=is_first, is_async=False
    )
    assert but_for_us(ours) == but_for_us(bare)
    assert [row.shown for row in rows_of(engine, who)] == [True]


@pytest.mark.parametrize("is_async", [False, True])
def test_last_in_the_list_we_wrap_the_model_that_steps_in(
    engine: Escalator, *, is_async: bool
) -> None:
    away = Away(chunks=PLAIN, calls=[])
    other = OTHERS["another model"]
    ours, bare, who = with_and_without(engine, away, other, is_first=False, is_async=is_async)
    assert but_for_us(ours) == but_for_us(bare)
    assert [row.shown for row in rows_of(engine, who)] == [True]


# What others put before the model is not what the user says.


class Gives(AgentMiddleware):
    """Puts a page before the model that nobody said."""

    def __init__(self, put: Callable[[list[Any]], list[Any]]) -> None:
        self._put = put

    def wrap_model_call(self, request: Any, handler: Any) -> Any:
        return handler(request.override(messages=self._put(request.messages)))


PUT: Mapping[str, Callable[[list[Any]], list[Any]]] = {
    "after the talk": lambda said: [*said, {"role": "user", "content": PAGE}],
    "before it": lambda said: [HumanMessage(PAGE), *said],
    "around the question": lambda said: [
        HumanMessage(f"{PAGE}\n\nQuestion: {NEED}") if one.type == "human" else one for one in said
    ],
    "around the question, in its message": lambda said: [
        one.model_copy(update={"content": f"{PAGE}\n\nQuestion: {NEED}"})
        if one.type == "human"
        else one
        for one in said
    ],
}


@pytest.mark.parametrize("place", PUT)
def test_a_page_that_is_put_before_the_model_is_nobodys_words(
    engine: Escalator, place: str
) -> None:
    ours, bare, who = with_and_without(
        engine, looking(), lambda: Gives(PUT[place]), is_first=False, is_async=False
    )
    assert but_for_us(ours) == but_for_us(bare)
    assert [(row.question, row.shown) for row in rows_of(engine, who)] == [(NEED, True)]
