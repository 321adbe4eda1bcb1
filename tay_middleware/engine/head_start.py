"""The model goes first: what we do beside a reply begins a moment after its question.

Our work would start on another thread the moment the question comes, and take the interpreter from
the caller who is about to send the model's request; 5 ms later the caller waits for the network. A
model that answers sooner is not kept waiting: being asked for the result starts the work at once.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

HEAD_START_SECONDS = 0.005


class HeadStart:
    """Calls `start` when it is over, by the clock of the caller's loop, unless ended before.

    So the thread that works for us is not woken before there is something to do.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, start: Callable[[], None]) -> None:
        """Begin it; on the thread of `loop`, which must not be blocked by the model."""
        self._loop = loop
        self._timer = loop.call_later(HEAD_START_SECONDS, _over, start)

    def end(self) -> None:
        """Let it be: who ends it starts the work himself. From another thread it runs on."""
        if asyncio._get_running_loop() is self._loop:  # noqa: SLF001 - the public one raises
            self._timer.cancel()


def _over(start: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the engine was closed meanwhile
        start()
