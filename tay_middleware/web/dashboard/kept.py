"""Values that take longer than a page may: made beside the requests, and shown as of when."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from tay_middleware.errors import TayError

T = TypeVar("T")

_log = logging.getLogger("tay_middleware.web")

PATIENCE_SECONDS = 0.02
"""How long a page waits for a value that was never made; then it says that it is on its way."""


@dataclass(frozen=True, slots=True)
class Made(Generic[T]):
    """A value and when it was made; `problem` says why there is none, `None` while it is made."""

    value: T | None
    at: datetime | None
    problem: str | None


class Kept(Generic[T]):
    """One value, made anew when it is old and somebody asks; whoever asks gets the old one."""

    def __init__(
        self,
        make: Callable[[], Awaitable[T]],
        lifetime: timedelta,
        clock: Callable[[], datetime],
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Make one that is empty.

        Args:
            make: makes the value; an error becomes the `problem`, also one that nobody foresaw.
            lifetime: after this it is made anew.
            clock: the time now, aware.
            patience_seconds: how long `get` waits for the very first value.
        """
        self._make = make
        self._lifetime = lifetime
        self._clock = clock
        self._patience = patience_seconds
        self._made: Made[T] = Made(None, None, None)
        self._task: asyncio.Task[None] | None = None
        self._forgotten = 0

    async def get(self) -> Made[T]:
        """What is known; makes a newer value beside this if it is old."""
        self.refresh()
        if self._made.at is None and self._task is not None:
            await asyncio.wait({self._task}, timeout=self._patience)
        return self._made

    async def settled(self) -> None:
        """Wait for the value that is being made, if one is."""
        if self._task is not None:
            await asyncio.wait({self._task})

    def refresh(self) -> None:
        """Begin to make the value, if it is old and nobody is at it."""
        at = self._made.at
        is_old = at is None or self._clock() - at > self._lifetime
        if is_old and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._renew())

    def forget(self) -> None:
        """Something was changed: it is made anew, with the next look or by the one under way."""
        self._forgotten += 1
        self._made = Made(self._made.value, None, self._made.problem)

    async def aclose(self) -> None:
        """Stop making it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _renew(self) -> None:
        before = None
        while before != self._forgotten:  # else what it was made of is another one by now
            before = self._forgotten
            made = await self._newest()
        self._made = made

    async def _newest(self) -> Made[T]:
        now = self._clock()
        try:
            return Made(await self._make(), now, None)
        except TayError as error:
            return Made(None, now, str(error))
        except Exception:  # noqa: BLE001 - the page would say for ever that it is on its way
            _log.exception("a value for the pages could not be made")
            return Made(None, now, "something of ours is wrong; the log says what")
