"""The verbs of a Runnable, each giving the whole reply that it gave."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.runnables import RunnableConfig

from tay_middleware import EscalationChatModel
from tests.langchain.models import NEED

WrapModel = Callable[..., EscalationChatModel]
FOUR = ("invoke", "ainvoke", "stream", "astream")
"""The verbs that everybody uses."""

STREAMED = ("on_chain_stream", "on_chat_model_stream")


def summed(chunks: Sequence[Any]) -> Any:
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole = whole + chunk
    return whole


async def alist(chunks: Any) -> list[Any]:
    return [chunk async for chunk in chunks]


async def _events(step: Any, config: RunnableConfig) -> list[Any]:
    return [
        event["data"]["chunk"]
        async for event in step.astream_events(NEED, config, version="v2")
        if event["event"] in STREAMED and event["name"] == type(step).__name__
    ]


async def _atransformed(step: Any, config: RunnableConfig) -> list[Any]:
    async def pieces() -> Any:
        yield NEED[:10]
        yield NEED[10:]

    return await alist(step.atransform(pieces(), config))


SURFACES: dict[str, Callable[[Any, RunnableConfig], Any]] = {
    "invoke": lambda step, config: step.invoke(NEED, config),
    "ainvoke": lambda step, config: asyncio.run(step.ainvoke(NEED, config)),
    "stream": lambda step, config: summed(list(step.stream(NEED, config))),
    "astream": lambda step, config: summed(asyncio.run(alist(step.astream(NEED, config)))),
    "batch": lambda step, config: step.batch([NEED], config)[0],
    "abatch": lambda step, config: asyncio.run(step.abatch([NEED], config))[0],
    "transform": lambda step, config: summed(
        list(step.transform(iter([NEED[:10], NEED[10:]]), config))
    ),
    "atransform": lambda step, config: summed(asyncio.run(_atransformed(step, config))),
    "astream_events": lambda step, config: summed(asyncio.run(_events(step, config))),
}
