"""What is paused beside the playbook, known without asking anybody while a chat waits."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta


class PausedNames:
    """The names as they were read last; used on the background loop of each process.

    Reading goes on beside the turns: a turn takes what is known and never waits.
    """

    def __init__(self, clock: Callable[[], datetime], every_seconds: float) -> None:
        """Know of nothing yet.

        Args:
            clock: the time now, aware.
            every_seconds: how old the names may grow before they are read again.
        """
        self.names: frozenset[str] = frozenset()
        self._clock = clock
        self._every = timedelta(seconds=every_seconds)
        self._asked_at: datetime | None = None

    def is_due(self) -> bool:
        """Whether the names should be read again; says so once for each time."""
        now = self._clock()
        if self._asked_at is not None and abs(now - self._asked_at) < self._every:
            return False
        self._asked_at = now
        return True

    async def read(self, ask: Callable[[datetime], Awaitable[frozenset[str]]]) -> None:
        """Read the names of now; when that fails, those that are known stay.

        Raises:
            StorageError: they cannot be read.
        """
        self.names = await ask(self._clock())
