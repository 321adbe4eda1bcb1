"""The one place that fails open: whatever goes wrong in our part, the chat goes on without us.

A fault is never silent: it raises a counter, and the first one of a turn logs one warning (more of
the same turn are logged at debug level, so that a dead store does not flood the log). Logs carry
ids and names of phases and errors, never text of a question, a reply or a setting.
"""

import logging
from collections import Counter
from collections.abc import Mapping
from threading import Lock
from types import TracebackType

from tay_middleware.errors import TayError

_log = logging.getLogger("tay_middleware")


class Faults:
    """Counts what failed open, by phase (`recall`, `commit`, `decide`, …), over all turns."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    @property
    def counts(self) -> Mapping[str, int]:
        """How often each phase failed open since the engine was made; a copy."""
        with self._lock:
            return dict(self._counts)

    def guard(self, subject: str) -> "Guard":
        """A guard for one turn (or one start-up); `subject` is the id that its log lines carry."""
        return Guard(self, subject)

    def after_fork(self) -> None:
        """In a child process: another thread may have held the lock, and is not here to open it."""
        self._lock = Lock()

    def count(self, phase: str) -> None:
        """Raise the counter of `phase` by one."""
        with self._lock:
            self._counts[phase] += 1


class Guard:
    """Fails open for one subject. Use it as `with guard("recall"): …`; the block then cannot raise.

    Only `Exception` is held: cancellation, exit and keyboard interrupts always go on.
    """

    def __init__(self, faults: Faults, subject: str) -> None:
        self._faults = faults
        self._subject = subject
        self._warned = False

    def __call__(self, phase: str) -> "GuardedBlock":
        """Run a block; an exception in it is counted, logged and dropped."""
        return GuardedBlock(self, phase)

    def note(self, phase: str, error: BaseException) -> None:
        """Count and log one fault of `phase` that was caught elsewhere (a deadline, say)."""
        self._faults.count(phase)
        level = logging.DEBUG if self._warned else logging.WARNING
        self._warned = True
        message = str(error) if isinstance(error, TayError) else ""
        name = type(error).__name__
        _log.log(
            level,
            "tay failed open in %s (%s%s) for %s; the reply is the model's own",
            phase,
            name,
            f": {message}" if message else "",
            self._subject,
            exc_info=error if _log.isEnabledFor(logging.DEBUG) else None,
        )


class GuardedBlock:
    """One block of one phase: `with` it, and no `Exception` leaves it."""

    __slots__ = ("_guard", "_phase")

    def __init__(self, guard: Guard, phase: str) -> None:
        self._guard = guard
        self._phase = phase

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> bool:
        """Hold an exception: the first law, the chat never pays for us."""
        if not isinstance(error, Exception):
            return False
        self._guard.note(self._phase, error)
        return True
