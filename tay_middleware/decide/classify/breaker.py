"""A circuit breaker: a server that fails again and again is left alone for a while.

Closed, it lets everybody through. After enough failures in a row it opens; when its time is up it
lets one ask through as a probe, whose end closes or opens it again. What the text of a question can
cause (a refusal, a filter, an unusable answer) is no failure: else one person could silence the
opinion for all.
"""

from collections.abc import Callable
from typing import Literal

LONGEST_PAUSE_SECONDS = 600.0
"""A server may ask for longer; looking again every ten minutes costs nothing."""


class Breaker:
    """One server's breaker; use it from one event loop. `clock` gives seconds that never go back.

    Args:
        failures: how many in a row open it.
        seconds: how long it then stays open.
        clock: monotonic seconds.
    """

    def __init__(self, failures: int, seconds: float, clock: Callable[[], float]) -> None:
        self._most = failures
        self._seconds = seconds
        self._clock = clock
        self._in_a_row = 0
        self._open_until: float | None = None
        self._probing = False

    @property
    def state(self) -> Literal["closed", "open", "half_open"]:
        """What the breaker would do with the next ask; `half_open` lets one through."""
        if self._open_until is None:
            return "closed"
        return "half_open" if self._clock() >= self._open_until else "open"

    @property
    def admits(self) -> bool:
        """Whether an ask would be let through now; takes nothing."""
        state = self.state
        return state == "closed" or (state == "half_open" and not self._probing)

    def enter(self) -> bool:
        """Whether to go on; if so, tell the end by `succeeded`, `failed` or `let_go`."""
        if not self.admits:
            return False
        self._probing = self._open_until is not None
        return True

    def succeeded(self) -> None:
        """The server works."""
        self._in_a_row = 0
        self._open_until = None
        self._probing = False

    def failed(self, *, at_once: bool = False, pause_seconds: float | None = None) -> bool:
        """The server does not work; whether that opened the breaker.

        Args:
            at_once: it will not heal by itself (a wrong key): open without waiting for more.
            pause_seconds: how long the server asked to be left alone.
        """
        was_probe, self._probing = self._probing, False
        self._in_a_row += 1
        pause = min(pause_seconds or 0.0, LONGEST_PAUSE_SECONDS)
        if at_once or was_probe or self._in_a_row >= self._most:
            pause = max(pause, self._seconds)
        if not pause:
            return False
        self._open_until = max(self._open_until or 0.0, self._clock() + pause)
        return True

    def let_go(self) -> None:
        """The ask ended; does nothing when its end was told already."""
        self._probing = False
