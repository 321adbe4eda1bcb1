"""What is done again and again beside a process: no error ends it, and none goes unseen.

And how long a worker waits between two tries.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from tay_middleware.errors import StorageError


@dataclass(slots=True)
class Rounds:
    """One such thing.

    `late` says in the log what an error puts off; `is_well` is false while the last round failed.
    """

    name: str
    late: str
    log: logging.Logger
    is_well: bool = True

    async def go(
        self, look: Callable[[], Awaitable[object]], seconds: float, *, waits: bool = False
    ) -> None:
        """Look, until cancelled.

        Args:
            look: one round.
            seconds: between two rounds.
            waits: whether as much time passes before the first.
        """
        if waits:
            await asyncio.sleep(seconds)
        while True:
            await self._look(look)
            # Python 3.11's wait_for, by which Redis is asked, may swallow a cancellation.
            if _is_cancelled():
                raise asyncio.CancelledError
            await asyncio.sleep(seconds)

    async def _look(self, look: Callable[[], Awaitable[object]]) -> None:
        try:
            await look()
        except StorageError as error:
            self.is_well = False
            self.log.warning("%s: %s", self.late, error)
        except Exception:  # one that ended the rounds would be found too late
            self.is_well = False
            self.log.exception("%s, for an error that nobody foresaw", self.late)
        else:
            self.is_well = True


def backoff(random: Random, first: float, most: float, failures: int) -> float:
    """Seconds until the next try: doubling from `first` up to `most`.

    With jitter, so that workers do not come back as one.
    """
    longest: float = min(most, first * 2 ** min(failures, 13))
    return random.uniform(longest / 2, longest)


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Wait until something is said, or for so long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
