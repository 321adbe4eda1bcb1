"""The stream as a run: what lies inside sees the run's context, and the task is the caller's."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar, copy_context
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk
from langchain_core.runnables import RunnableLambda
from langchain_core.runnables.config import var_child_runnable_config
from langchain_core.tracers import BaseTracer, Run

from tay_middleware import EscalationStep
from tay_middleware.langchain import ScriptedChatModel
from tay_middleware.langchain.passing import added, within

WORD: ContextVar[str] = ContextVar("WORD", default="outside")


@pytest.mark.anyio
async def test_every_step_of_a_coroutine_runs_in_the_context_and_in_the_callers_task() -> None:
    context = copy_context()
    context.run(WORD.set, "inside")

    async def look() -> tuple[str, str, object]:
        before = WORD.get()
        await asyncio.sleep(0.001)
        return before, WORD.get(), asyncio.current_task()

    seen = await within(look(), context)
    assert seen == ("inside", "inside", asyncio.current_task())
    assert WORD.get() == "outside"


@pytest.mark.anyio
async def test_an_error_from_what_is_waited_for_arrives_inside() -> None:
    failing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(failing.set_exception, ValueError("late"))

    async def mend() -> str:
        try:
            await failing
        except ValueError as error:
            return f"mended {error}"
        return "nothing to mend"

    assert await within(mend(), copy_context()) == "mended late"


@pytest.mark.anyio
async def test_a_cancelled_caller_cancels_what_lies_inside_in_its_context() -> None:
    context, told = copy_context(), list[str]()
    context.run(WORD.set, "inside")

    async def wait() -> None:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            told.append(WORD.get())
            raise

    async def caller() -> None:
        await within(wait(), context)

    task = asyncio.create_task(caller())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told == ["inside"]


@pytest.mark.anyio
async def test_a_time_limit_inside_ends_what_it_limits() -> None:
    async def limited() -> str:
        try:
            async with asyncio.timeout(0.001):
                await asyncio.sleep(10)
        except TimeoutError:
            return "in time"
        return "too late"

    assert await within(limited(), copy_context()) == "in time"


@pytest.mark.anyio
async def test_the_wrapped_chain_sees_the_run_it_lies_in_and_the_caller_does_not(
    wrap: Callable[..., EscalationStep],
) -> None:
    seen: list[Any] = []

    async def look(_question: Any) -> AsyncIterator[str]:
        for word in ("one ", "two"):
            seen.append(var_child_runnable_config.get())
            yield word

    looking = wrap(RunnableLambda(look))
    heard = [chunk async for chunk in looking.astream("hi", {"tags": ["mine"]})]
    assert "".join(heard) == "one two"
    assert all(config is not None and config["tags"] == ["mine"] for config in seen)
    assert var_child_runnable_config.get() is None


class _Remembering(BaseTracer):
    def _persist_run(self, run: Run) -> None:
        self.outputs = run.outputs


@pytest.mark.anyio
async def test_a_tracer_is_told_of_the_whole_output(
    wrap: Callable[..., EscalationStep],
) -> None:
    tracer = _Remembering()
    step = wrap(ScriptedChatModel(reply=lambda _question: "Start with one honest hour."))
    words = [chunk async for chunk in step.astream("hi", {"callbacks": [tracer]})]
    assert tracer.outputs is not None
    assert tracer.outputs["output"].content == "".join(str(word.content) for word in words)


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        ([], None),
        (["a"], "a"),
        (["a", "b", "c"], "abc"),
        ([{"a": 1}, "b"], "b"),
        ([AIMessageChunk(content="a"), AIMessageChunk(content="b")], AIMessageChunk(content="ab")),
        ([AIMessageChunk(content="a"), "b"], "b"),
    ],
)
def test_pieces_are_added_up_and_what_cannot_be_replaces_them(
    pieces: list[Any], whole: Any
) -> None:
    assert added(pieces) == whole
