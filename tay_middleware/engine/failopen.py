"""The one place that fails open: whatever goes wrong in our part, the chat goes on without us.

A fault is never silent: it raises a counter, and the first one of a turn logs one warning. More of
the same turn, and more of the same kind within a minute, are logged at debug level, so that a dead
store or a crowd does not flood the log; the next warning says how many there were. Logs carry ids
and names of phases and errors, never text of a question, a reply or a setting.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from threading import Lock
from types import TracebackType
from typing import TypeVar

from tay_middleware.errors import TayError

WARNING_SECONDS = 60.0
"""Between two warnings of one kind, which is the phase and the error's class."""

T = TypeVar("T")

_log = logging.getLogger("tay_middleware")


def attempt(work: Callable[[], T]) -> T | Exception:
    """What `work` gives, or what it raised: for whoever goes on without it and tells of it."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - a start must not fail for what is in a file
        return error


class Faults:
    """Counts what failed open, by phase (`recall`, `commit`, `decide`, …), over all turns."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Count from zero; `clock` gives seconds, for the pause between two warnings."""
        self._counts: Counter[str] = Counter()
        self._clock = clock
        self._warned_at: dict[tuple[str, str], float] = {}
        self._unsaid: Counter[tuple[str, str]] = Counter()
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

    def unsaid(self, phase: str, error: str) -> int | None:
        """How many of a kind went without a warning since its last one, which is due again now.

        `None` where it is not due: then this one is among them.
        """
        kind, now = (phase, error), self._clock()
        with self._lock:
            at = self._warned_at.get(kind)
            if at is not None and now - at < WARNING_SECONDS:
                self._unsaid[kind] += 1
                return None
            self._warned_at[kind] = now
            return self._unsaid.pop(kind, 0)


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
        message = str(error) if isinstance(error, TayError) else ""
        name = type(error).__name__
        unsaid = None if self._warned else self._faults.unsaid(phase, name)
        self._warned = True
        _log.log(
            logging.DEBUG if unsaid is None else logging.WARNING,
            "tay failed open in %s (%s%s) for %s; the reply is the model's own%s",
            phase,
            name,
            f": {message}" if message else "",
            self._subject,
            f" ({unsaid} more of these were not logged)" if unsaid else "",
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
