"""Hands one outcome from the background to a caller who waits only so long, exactly once.

Either the caller takes the outcome, or he has given up and the background learns it and takes the
mention back: a mention that is logged as shown was handed to somebody, and one that was not handed
over is not logged as shown.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Event, Lock

from tay_middleware.domain import Decision


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a turn: `addition` is exactly what to append to the reply, `None` for nothing.

    `decision` is `None` where nothing was decided at all (mode `off`, or a fault before detection).
    """

    decision: Decision | None = None
    addition: str | None = None


class Handover:
    """A one-time exchange between the background loop and one waiting caller."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._outcome: Outcome | None = None
        self._is_given_up = False
        self._wake: Callable[[], object] | None = None

    def deliver(self, outcome: Outcome) -> bool:
        """Offer the outcome; false when the caller has given up."""
        with self._lock:
            if self._is_given_up:
                return False
            self._outcome, wake = outcome, self._wake
        if wake is not None:
            wake()
        return True

    def wait(self, seconds: float) -> Outcome | None:
        """The outcome, or `None` after `seconds`: then the caller has given up for good."""
        woken = Event()
        if not self._is_there(wake=woken.set):
            woken.wait(seconds)
        return self.give_up()

    async def wait_async(self, seconds: float) -> Outcome | None:
        """As `wait`, for a caller on an event loop; cancelling it gives up.

        Raises:
            asyncio.CancelledError: the caller was cancelled. An outcome that had been delivered by
                then is lost; `Pending.asettle` then takes its mention back.
        """
        loop = asyncio.get_running_loop()
        woken = loop.create_future()
        if not self._is_there(wake=partial(_wake_from_anywhere, loop, woken)):
            timer = loop.call_later(seconds, _wake, woken)
            try:
                await woken
            finally:
                timer.cancel()
        return self.give_up()

    def give_up(self) -> Outcome | None:
        """Stop waiting; the outcome if it was delivered all the same in this very moment."""
        with self._lock:
            self._is_given_up = self._outcome is None
            return self._outcome

    def _is_there(self, wake: Callable[[], object]) -> bool:
        """Whether the outcome is there; if not, `wake` is called when it comes."""
        with self._lock:
            self._wake = wake
            return self._outcome is not None


def _wake_from_anywhere(loop: asyncio.AbstractEventLoop, waiter: "asyncio.Future[None]") -> None:
    with suppress(RuntimeError):  # the loop of somebody who gave up is closed by now
        loop.call_soon_threadsafe(_wake, waiter)


def _wake(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)
