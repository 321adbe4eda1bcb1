"""One engine a process for the same settings, and who sits at it.

Each engine costs threads, a connection and a scorer, and two of them do not wait for each other's
unwritten turns: what she told the one a moment ago, the other may not know yet. So a chain that is
built for every request sits down at the engine that is there.
"""

import logging
import os
import weakref
from collections import deque
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from tay_middleware.settings import Settings, strays

if TYPE_CHECKING:
    from tay_middleware.engine.escalator import Escalator

KEPT = 8
"""Engines that are kept while nobody sits at them: an app has one, or one for each brand."""


_log = logging.getLogger("tay_middleware")


class Seat:
    """A surface's place at an engine; the last one that is left closes it."""

    def __init__(self, engine: "Escalator", *, is_guest: bool) -> None:
        """Sit down at an engine, beside whoever sits there.

        Args:
            engine: found by its settings, or given.
            is_guest: it was given, by somebody who sits there or will close it; nobody waits for a
                guest to leave.
        """
        self.engine = engine
        self._is_guest = is_guest
        if not is_guest:
            engine.seats.add(self)

    @classmethod
    def at(cls, engine: "Escalator | None", find: "Callable[[], Escalator]") -> "Seat":
        """A guest's seat at the engine that was given, else one at the engine that is found."""
        return cls(find(), is_guest=False) if engine is None else cls(engine, is_guest=True)

    def leave(self) -> None:
        """Write what is unwritten; where nobody else sits there, let go of all. Idempotent."""
        self.engine.seats.discard(self)
        if self.engine.seats:
            self.engine.flush(self.engine.settings.flush_timeout_seconds)
        else:
            self.engine.close()

    def __reduce__(self) -> "tuple[Callable[..., Seat], tuple[Escalator]]":
        return partial(Seat, is_guest=self._is_guest), (self.engine,)


class Shared:
    """The engines of one process that are found by their settings."""

    def __init__(self) -> None:
        """Start with none, in this process and anew in each child that is forked."""
        self._lock = Lock()
        self._found: list[tuple[Settings, Path | None, weakref.ref[Escalator]]] = []
        self._kept: deque[Escalator] = deque(maxlen=KEPT)
        os.register_at_fork(after_in_child=self._unlock)

    def of(self, settings: Settings, make: "Callable[[Settings], Escalator]") -> "Escalator":
        """The engine of these settings, made where there is none; one that was closed is none."""
        here = _here()
        _tell_of_strays()
        with self._lock:
            alive = [(known, place, ref()) for known, place, ref in self._found]
            for known, place, engine in alive:
                if engine is None or engine.is_closed:
                    continue
                if (known, place) == (settings, here):
                    return engine
            made = make(settings)
            self._found = [
                (known, place, weakref.ref(engine))
                for known, place, engine in alive
                if engine is not None and not engine.is_closed
            ]
            self._found.append((settings, here, weakref.ref(made)))
            for closed in [engine for engine in self._kept if engine.is_closed]:
                self._kept.remove(closed)
            self._kept.append(made)
            return made

    def _unlock(self) -> None:
        self._lock = Lock()


def _here() -> Path | None:
    """Where the paths of settings may begin; a deploy may have removed it beneath a server."""
    try:
        return Path.cwd()
    except OSError:
        return None


@cache
def _tell_of_strays() -> None:
    """A misspelt TAY_MODE is no mode: once in a process, where an app makes its first surface."""
    for name, nearest in strays():
        meant = f"; is {nearest} meant?" if nearest else ""
        _log.warning("%s is no setting and changes nothing%s", name, meant)


@cache
def shared() -> Shared:
    """Those of this process."""
    return Shared()
