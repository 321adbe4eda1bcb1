"""Which playbook an engine goes by: the one on disk, else the last good one, else none for now.

A typing error in `prompts/` must not stop a chat server that restarts, so what stands in files is
never a reason not to start, unless `strict_start` says so. It is told in the log, with file, line,
field and mend, and looked at again until it is mended.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tay_middleware.decide.cascade import Cascade
from tay_middleware.decide.stages import make_cascade
from tay_middleware.domain import Mode
from tay_middleware.engine.failopen import attempt
from tay_middleware.engine.judging import TurnJudge
from tay_middleware.engine.telling import tell_once
from tay_middleware.errors import ConfigurationError, ScorerError, TayError
from tay_middleware.playbook import (
    Playbook,
    Traces,
    keep,
    last_good,
    shared_playbook,
    shipped,
    traces_of,
)
from tay_middleware.settings import Settings

LOOK_SECONDS = 5.0
"""Between two looks at files that were wrong: a hash of them each time, and turns wait for none."""

_Traces = tuple[Traces | None, tuple[int, int] | None]
"""What changes when the playbook or the scorer's file is edited."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The playbook that a process goes by, and what is wrong with the one on disk.

    `playbook` is `None` where none is known to be good, `fault` where that on disk is.
    """

    playbook: Playbook | None
    fault: Exception | None = None


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


def playbook_in_force(settings: Settings) -> Standing:
    """The playbook on disk where it is good, which is remembered; else the last good one.

    Raises:
        PlaybookError: it is not, and `strict_start` is set.
    """
    standing = playbook_standing(settings)
    good = standing.playbook
    if good is not None and standing.fault is None and settings.mode is not Mode.OFF:
        kept = attempt(lambda: keep(good, settings.prompts_dir, settings.home))
        if isinstance(kept, Exception):
            tell_once(
                f"the last good playbook cannot be kept in {settings.home.absolute()}: {kept}",
            )
    return standing


def playbook_standing(settings: Settings) -> Standing:
    """As `playbook_in_force`, for a command: it remembers nothing, wherever it is run.

    Raises:
        PlaybookError: the one on disk is wrong, and `strict_start` is set.
        OSError: it cannot be read (a directory in place of a file, say), and that is set.
    """
    found = attempt(lambda: shared_playbook(settings.prompts_dir))
    if isinstance(found, Playbook):
        return Standing(found)
    if settings.strict_start:
        raise found
    former = attempt(lambda: last_good(settings.prompts_dir, settings.home))
    if not isinstance(former, Playbook):
        return Standing(None, found)
    tell_once(
        f"tay goes on with the last good playbook, version {former.version}, because the one in "
        f"{_place(settings)} is wrong. {_said(found)}",
    )
    return Standing(former, found)


@dataclass(frozen=True, slots=True)
class Sound:
    """The playbook of a server beside the chat. `mending` is there while that on disk is wrong."""

    playbook: Playbook
    mending: "Mending | None" = None


def sound_playbook(settings: Settings) -> Sound:
    """As `playbook_in_force`, for a server beside the chat, which is of no use without any.

    Raises:
        ConfigurationError: the one on disk is wrong, and no good one is known or wanted.
    """
    mending = Mending(settings)
    standing = playbook_in_force(settings)
    if standing.playbook is None:
        raise ConfigurationError(
            f"{_said(standing.fault)}\nand no good playbook of {_place(settings)} is known here"
        )
    return Sound(standing.playbook, None if standing.fault is None else mending)


class Mending:
    """A playbook that is wrong, looked at again until it is good."""

    def __init__(self, settings: Settings) -> None:
        """Wait for the files of these settings to be others than they are now."""
        self._settings = settings
        self._seen = _playbook_traces(settings)

    async def mended(self, look_seconds: float = LOOK_SECONDS) -> Playbook:
        """The playbook once it is good, which is remembered as at a start."""
        while True:
            await asyncio.sleep(look_seconds)
            found = await asyncio.to_thread(self._look)
            if found is not None:
                return found

    def _look(self) -> Playbook | None:
        seen = _playbook_traces(self._settings)
        if seen == self._seen:
            return None
        self._seen = seen
        standing = playbook_in_force(self._settings)
        return standing.playbook if standing.fault is None else None


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
            f"tay leaves every reply as it is until the playbook in {_place(settings)} is mended: "
            f"it is wrong, and no good one of it is known here. {_said(standing.fault)}",
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
        _playbook_traces(settings),
        None if stat is None or isinstance(stat, Exception) else (stat.st_mtime_ns, stat.st_size),
    )


def _playbook_traces(settings: Settings) -> Traces | None:
    found = attempt(lambda: traces_of(_place(settings)))
    return None if isinstance(found, Exception) else found


def _said(fault: Exception | None) -> str:
    """What is wrong; what is no error of ours by its name, too."""
    return str(fault) if isinstance(fault, TayError) else f"{type(fault).__name__}: {fault}"


def _place(settings: Settings) -> Path:
    return (settings.prompts_dir or shipped()).absolute()
