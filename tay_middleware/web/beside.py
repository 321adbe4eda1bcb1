"""The tasks that work beside the requests of a server, each watched for as long as it serves."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from tay_middleware.storage.rounds import Rounds

_log = logging.getLogger("tay_middleware.web")


class Beside:
    """All of them; it lives on the server's event loop."""

    def __init__(self) -> None:
        """Begin with none."""
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._rounds: dict[str, Rounds] = {}
        self._former: list[asyncio.Task[None]] = []

    def begin(
        self, name: str, work: Coroutine[Any, Any, None], rounds: Rounds | None = None
    ) -> "asyncio.Task[None]":
        """Let something work, in place of what worked under its name.

        Args:
            name: what it is called.
            work: what it does; it may end by itself where there is nothing to do.
            rounds: how its rounds go, if it makes any.
        """
        if (former := self._tasks.get(name)) is not None:
            former.cancel()
            self._former.append(former)
        task = self._tasks[name] = asyncio.create_task(work)
        task.add_done_callback(_say_why)
        if rounds is not None:
            self._rounds[name] = rounds
        return task

    def is_at(self, name: str) -> bool:
        """Whether something works under this name."""
        task = self._tasks.get(name)
        return task is not None and not task.done()

    def ended(self) -> list[str]:
        """The names of those that an error has ended, or somebody has."""
        done = ((name, task) for name, task in self._tasks.items() if task.done())
        return [name for name, task in done if task.cancelled() or task.exception() is not None]

    def troubled(self) -> list[str]:
        """The names of those that go on, and whose last round failed."""
        return [one.name for one in self._rounds.values() if not one.is_well]

    async def aclose(self) -> None:
        """Stop them all."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), *self._former, return_exceptions=True)


def _say_why(task: "asyncio.Task[None]") -> None:
    """Say why one ended, if it was not told to."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("a task beside the requests has ended", exc_info=error)
