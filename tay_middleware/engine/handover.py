"""Hands one outcome from the background to a caller who waits only so long, exactly once.

Either the caller takes the outcome, or he has given up and the background learns it and takes the
mention back: a mention that is logged as shown was handed to somebody, and one that was not handed
over is not logged as shown.
"""

import asyncio
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

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
        self._slot: Future[Outcome] = Future()

    def deliver(self, outcome: Outcome) -> bool:
        """Offer the outcome; false when the caller has given up."""
        if not self._slot.set_running_or_notify_cancel():
            return False
        self._slot.set_result(outcome)
        return True

    def wait(self, seconds: float) -> Outcome | None:
        """The outcome, or `None` after `seconds`: then the caller has given up for good."""
        try:
            return self._slot.result(seconds)
        except TimeoutError:
            return self.give_up()

    async def wait_async(self, seconds: float) -> Outcome | None:
        """As `wait`, for a caller on an event loop; cancelling it gives up.

        Raises:
            asyncio.CancelledError: the caller was cancelled. An outcome that had been delivered by
                then is lost; `Pending.asettle` then takes its mention back.
        """
        loop = asyncio.get_running_loop()
        woken = loop.create_future()
        self._slot.add_done_callback(partial(_wake_from_anywhere, loop, woken))
        timer = loop.call_later(seconds, _wake, woken)
        try:
            await woken
        finally:
            timer.cancel()
        return self._slot.result() if self._slot.done() else self.give_up()

    def give_up(self) -> Outcome | None:
        """Stop waiting; the outcome if it was delivered all the same in this very moment."""
        if self._slot.cancel():
            return None
        return self._slot.result()


def _wake_from_anywhere(
    loop: asyncio.AbstractEventLoop, waiter: "asyncio.Future[None]", _slot: Future[Outcome]
) -> None:
    with suppress(RuntimeError):  # the loop of somebody who gave up is closed by now
        loop.call_soon_threadsafe(_wake, waiter)


def _wake(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)
