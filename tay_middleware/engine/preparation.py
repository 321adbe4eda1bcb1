"""Detection and history of one turn, made beside the model and never before it."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from tay_middleware.domain import Detection, History

HEAD_START_SECONDS = 0.005
"""How long the model goes first. Our work would start on another thread the moment the question
comes, and take the interpreter from the caller who is about to send the model's request; 5 ms later
the caller waits for the network. A model that answers sooner is not kept waiting: being asked for
the result starts the work at once."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is known of a turn before its reply: `history_known` is false when recall failed."""

    detection: Detection
    history: History
    earlier_gates: tuple[tuple[str, ...], ...]
    history_known: bool


class Preparation:
    """Runs `prepare` once, on the background loop, after the head start or when asked for."""

    def __init__(self, prepare: Callable[[], Coroutine[Any, Any, Prepared]]) -> None:
        self._prepare = prepare
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[Prepared] | None = None

    @property
    def known(self) -> Prepared | None:
        """The result if it is there already; may be read from any thread."""
        task = self._task
        if task is None or not task.done() or task.cancelled() or task.exception() is not None:
            return None
        return task.result()

    def schedule(self) -> None:
        """Start after the head start; call it on the loop only."""
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(HEAD_START_SECONDS, self._start)

    async def result(self) -> Prepared:
        """The result, at once started if it is not yet; call it on the loop only."""
        return await self._start()

    def _start(self) -> asyncio.Task[Prepared]:
        if self._timer is not None:
            self._timer.cancel()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._prepare())
        return self._task
