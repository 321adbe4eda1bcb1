"""Clients that leave in the middle, many of them, anywhere: nothing of ours stays behind."""

import asyncio
import gc
import random
import threading
import warnings
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from tay_middleware import EscalationAgentMiddleware, EscalationChatModel, EscalationStep, Escalator
from tay_middleware.langchain import ScriptedChatModel
from tests.langchain.agents import an_agent, asked
from tests.langchain.models import NEED
from tests.langchain.openai_server import OpenAIServer
from tests.langchain.who import someone
from tests.uncounted import at_scale

WORDS = 12
MODEL = ScriptedChatModel(reply=lambda _question: "one honest hour " * (WORDS // 3))


def a_chain(ours: Runnable[Any, Any]) -> Any:
    return ChatPromptTemplate.from_messages([("human", "{question}")]) | ours | StrOutputParser()


def open_sockets() -> list[str]:
    """The sockets that this process holds open, pairs of event loops included."""
    held = []
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the directory that is being read
            held.append(str(entry.readlink()))
    return sorted(name for name in held if name.startswith("socket:"))


async def leave(chunks: Any, after: int) -> None:
    """Read some chunks of a stream, and go."""
    async for _chunk in chunks:
        after -= 1
        if after <= 0:
            break
    await chunks.aclose()


def leave_sync(chunks: Any, after: int) -> None:
    """As `leave`."""
    for _chunk in zip(range(after), chunks, strict=False):
        pass
    chunks.close()


async def left_behind() -> set[Any]:
    """The tasks that are still there when the loop is about to close."""
    await asyncio.get_running_loop().shutdown_asyncgens()
    return asyncio.all_tasks() - {asyncio.current_task()}


def leaves_nothing(engine: Escalator, scene: Callable[[], Coroutine[Any, Any, set[Any]]]) -> None:
    """Run `scene`, and check that no task, warning, fault, thread or socket stays."""
    sockets, threads = open_sockets(), threading.active_count()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert asyncio.run(scene()) == set()
        gc.collect()
    assert engine.flush(30)
    assert engine.degraded_counts == {}
    assert set(open_sockets()) - set(sockets) == set()
    assert threading.active_count() <= threads


SURFACES = {"step": EscalationStep, "chat model": EscalationChatModel}


@at_scale
@pytest.mark.parametrize(("streams", "in_chain"), [(1000, False), (200, True)])
@pytest.mark.parametrize("surface", SURFACES)
def test_07_a_thousand_streams_closed_anywhere_leave_nothing_behind(
    engine: Escalator, surface: str, streams: int, *, in_chain: bool
) -> None:
    ours: Any = SURFACES[surface](bound=MODEL, escalator=engine)
    ours, value = (a_chain(ours), {"question": NEED}) if in_chain else (ours, NEED)
    places = random.Random(7)
    list(ours.stream(value, someone()))

    async def scene() -> set[Any]:
        for _ in range(streams // 100):
            streaming = (ours.astream(value, someone()) for _ in range(50))
            await asyncio.gather(*(leave(s, places.randint(1, WORDS + 3)) for s in streaming))
        for _ in range(streams // 2):
            leave_sync(ours.stream(value, someone()), places.randint(1, WORDS + 3))
        return await left_behind()

    leaves_nothing(engine, scene)


def test_07_no_connection_to_a_server_stays_open(engine: Escalator, server: OpenAIServer) -> None:
    places, before = random.Random(7), open_sockets()
    bare = ChatOpenAI(model="plain", base_url=server.url, api_key=SecretStr("none"))
    both: list[Any] = [surface(bound=bare, escalator=engine) for surface in SURFACES.values()]

    async def scene() -> set[Any]:
        streaming = (ours.astream(NEED, someone()) for _ in range(15) for ours in both)
        await asyncio.gather(*(leave(stream, places.randint(1, 9)) for stream in streaming))
        for ours in both * 5:
            leave_sync(ours.stream(NEED, someone()), places.randint(1, 9))
        tasks = await left_behind()
        await bare.root_async_client.close()
        bare.root_client.close()
        return tasks

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert asyncio.run(scene()) == set()
        gc.collect()
    assert set(open_sockets()) - set(before) == set()


@at_scale
def test_07_agents_that_are_left_leave_nothing_behind(engine: Escalator) -> None:
    agent, places = an_agent([EscalationAgentMiddleware(escalator=engine)]), random.Random(7)

    def streaming() -> Any:
        config = someone(thread_id=str(places.random()))
        return agent.astream(asked(), config, stream_mode="messages")

    async def scene() -> set[Any]:
        for _ in range(4):
            await asyncio.gather(*(leave(streaming(), places.randint(1, 12)) for _ in range(25)))
        return await left_behind()

    leaves_nothing(engine, scene)
