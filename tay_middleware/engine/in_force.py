"""What an engine decides by: a playbook (see `standing`), and the scorers that fit it.

What stands in files of the business is never a reason not to start, unless `strict_start` says so.
It is told in the log, with file, line, field and mend, and looked at again until it is mended.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from tay_middleware.decide.cascade import Cascade
from tay_middleware.decide.stages import make_cascade
from tay_middleware.domain import Mode
from tay_middleware.engine.failopen import attempt
from tay_middleware.engine.judging import TurnJudge
from tay_middleware.engine.standing import (
    LOOK_SECONDS,
    place_of,
    playbook_in_force,
    playbook_traces,
    said,
)
from tay_middleware.engine.telling import tell_once
from tay_middleware.errors import ScorerError
from tay_middleware.playbook import Playbook, Traces
from tay_middleware.settings import Settings

_Traces = tuple[Traces | None, tuple[int, int] | None]
"""What changes when the playbook or the scorer's file is edited."""


@dataclass(frozen=True, slots=True)
class InForce:
    """What turns are decided by. `cascade` is the judge where it is ours to open and close."""

    playbook: Playbook
    settings: Settings
    judge: TurnJudge
    cascade: Cascade | None

    def is_as(self, other: "InForce") -> bool:
        """Whether both decide the same."""
        same_words = self.playbook.version == other.playbook.version
        return same_words and self.settings == other.settings


@dataclass(frozen=True, slots=True)
class Start:
    """What a start found. `faults` are empty where all is as it should be."""

    in_force: InForce | None
    faults: tuple[Exception, ...] = ()
    seen: _Traces = (None, None)


def start(settings: Settings) -> Start:
    """What an engine with these settings goes by now.

    Raises:
        PlaybookError: the playbook is wrong, and `strict_start` is set.
        ScorerError: the scorer's file cannot be read, and `strict_start` is set.
        ConfigurationError: the classifier's settings do not fit.
    """
    seen = _traces(settings)
    standing = playbook_in_force(settings)
    faults = () if standing.fault is None else (standing.fault,)
    if standing.playbook is None:
        tell_once(
            f"tay leaves every reply as it is until the playbook in {place_of(settings)} is "
            f"mended: it is wrong, and no good one of it is known here. {said(standing.fault)}",
            logging.ERROR,
        )
        return Start(None, faults, seen)
    try:
        return Start(in_force_of(standing.playbook, settings), faults, seen)
    except ScorerError as error:
        if settings.strict_start:
            raise
        tell_once(
            f"tay mentions nothing, and goes on listening and logging: {error}", logging.ERROR
        )
        mode = Mode.OFF if settings.mode is Mode.OFF else Mode.SHADOW
        quiet = settings.model_copy(update={"mode": mode, "scorer": "off"})
        return Start(in_force_of(standing.playbook, quiet), (*faults, error), seen)


def in_force_of(playbook: Playbook, settings: Settings, judge: TurnJudge | None = None) -> InForce:
    """A playbook with what judges by it: the cascade of the settings where nothing is given.

    Raises:
        ConfigurationError: the cascade cannot be made.
    """
    if judge is not None:
        return InForce(playbook, settings, judge, None)
    cascade = make_cascade(playbook, settings)
    return InForce(playbook, settings, cascade, cascade)


class Awaited:
    """Files that were wrong at a start, looked at again until they are good."""

    def __init__(
        self, settings: Settings, seen: _Traces, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Wait for the files of these settings to be others than those that were `seen`."""
        self._settings = settings
        self._seen = seen
        self._clock = clock
        self._next_at = clock() + LOOK_SECONDS

    def is_due(self) -> bool:
        """Whether it is time to look; once true, not again for a while."""
        now = self._clock()
        if now < self._next_at:
            return False
        self._next_at = now + LOOK_SECONDS
        return True

    def look(self) -> Start | None:
        """What a start would find now, `None` where nothing was edited. Takes a second at worst."""
        if _traces(self._settings) == self._seen:
            return None
        found = start(self._settings)
        self._seen = found.seen
        return found


def _traces(settings: Settings) -> _Traces:
    file = settings.scorer_file
    stat = None if file is None else attempt(file.stat)
    return (
        playbook_traces(settings),
        None if stat is None or isinstance(stat, Exception) else (stat.st_mtime_ns, stat.st_size),
    )
