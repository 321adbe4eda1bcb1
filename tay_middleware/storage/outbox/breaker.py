"""Stops asking a server that does not answer, so that no turn waits for it in vain.

Nobody's turn is the one that finds out whether the server is back: while a breaker is open its
owner probes in the background and closes it.
"""

from dataclasses import dataclass

FAILURES = 2
"""Consecutive failures that open a breaker: one may be a hiccup, a second one costs a deadline."""

FAILURES_OF_A_BUCKET = 1
"""The same for one bucket of a cluster: its turns are few and far between, so a second failure
would be the commit of the very turn whose recall was the first, and that turn would wait twice."""


@dataclass(slots=True)
class Breaker:
    """Closed while all is well; open after `most` failures in a row."""

    most: int = FAILURES
    failures: int = 0
    is_open: bool = False

    def succeeded(self) -> None:
        """A call was answered; what was under way when the breaker opened does not close it."""
        self.failures = 0

    def failed(self) -> bool:
        """A call was not answered; whether that opened the breaker just now."""
        self.failures += 1
        if self.is_open or self.failures < self.most:
            return False
        self.is_open = True
        return True

    def close(self) -> None:
        """The probe was answered."""
        self.failures, self.is_open = 0, False
