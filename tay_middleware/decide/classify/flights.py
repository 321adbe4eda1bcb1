"""Single flight: equal questions at one time are asked once, and answered together."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from tay_middleware.decide.model_answer import Answer


@dataclass(slots=True)
class _Flight:
    task: asyncio.Task[Answer]
    waiting: int = 0
    billed: bool = False


class Flights:
    """The asks under way on one event loop."""

    def __init__(self) -> None:
        self._by_key: dict[bytes, _Flight] = {}
        self._tasks: set[asyncio.Task[Answer]] = set()

    async def join(
        self, key: bytes, start: Callable[[], Coroutine[Any, Any, Answer]]
    ) -> tuple[asyncio.Task[Answer], bool]:
        """Wait for the ask under `key`, started by `start` if there is none yet.

        When the last who waits is cancelled, the ask is.

        Returns:
            The ended task, and whether its costs are for this one to bear.
        """
        flight = self._by_key.get(key)
        if flight is None:
            flight = self._by_key[key] = _Flight(asyncio.get_running_loop().create_task(start()))
            self._tasks.add(flight.task)
            flight.task.add_done_callback(self._landed)
        flight.waiting += 1
        try:
            await asyncio.wait({flight.task})
        finally:
            flight.waiting -= 1
            if self._by_key.get(key) is flight and (flight.task.done() or not flight.waiting):
                del self._by_key[key]
            if not flight.waiting:
                flight.task.cancel()
        mine, flight.billed = not flight.billed, True
        return flight.task, mine

    async def aclose(self) -> None:
        """Cancel what is under way, and see it ended."""
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(set(self._tasks))

    def _landed(self, task: asyncio.Task[Answer]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # else asyncio warns of one that nobody was left to read
