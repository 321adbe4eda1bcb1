"""Which playbook counts: the one on disk, else the last good one, else none for now.

A typing error in `prompts/` must neither stop a chat server that restarts nor hide figures that are
in the database. Who starts (a chat, `tay serve`, `tay webhooks work`) and who only reads (commands)
ask here, so that all of them go by the same one.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from tay_middleware.domain import Mode
from tay_middleware.engine.failopen import attempt
from tay_middleware.engine.telling import tell_once
from tay_middleware.errors import ConfigurationError, TayError
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


@dataclass(frozen=True, slots=True)
class Standing:
    """The playbook that a process goes by, and what is wrong with the one on disk.

    `playbook` is `None` where none is known to be good, `fault` where that on disk is.
    """

    playbook: Playbook | None
    fault: Exception | None = None


def playbook_standing(settings: Settings) -> Standing:
    """The playbook on disk where it is good, else the last good one: for whoever starts nothing.

    Raises nothing, remembers nothing and tells nothing, wherever it is called.
    """
    found = attempt(lambda: shared_playbook(settings.prompts_dir))
    if isinstance(found, Playbook):
        return Standing(found)
    former = attempt(lambda: last_good(settings.prompts_dir, settings.home))
    return Standing(former if isinstance(former, Playbook) else None, found)


def playbook_in_force(settings: Settings) -> Standing:
    """As `playbook_standing`, for a start: what is good is remembered, what is wrong told.

    Raises:
        PlaybookError: the one on disk is wrong, and `strict_start` is set.
        OSError: it cannot be read (a directory in place of a file, say), and that is set.
    """
    standing = playbook_standing(settings)
    good, fault = standing.playbook, standing.fault
    if fault is not None and settings.strict_start:
        raise fault
    if good is None:
        return standing
    if fault is not None:
        tell_once(
            f"tay goes on with the last good playbook, version {good.version}, because the one in "
            f"{place_of(settings)} is wrong. {said(fault)}",
        )
    elif settings.mode is not Mode.OFF:
        kept = attempt(lambda: keep(good, settings.prompts_dir, settings.home))
        if isinstance(kept, Exception):
            tell_once(
                f"the last good playbook cannot be kept in {settings.home.absolute()}: {kept}",
            )
    return standing


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
            f"{said(standing.fault)}\nand no good playbook of {place_of(settings)} is known here"
        )
    return Sound(standing.playbook, None if standing.fault is None else mending)


class Mending:
    """A playbook that is wrong, looked at again until it is good."""

    def __init__(self, settings: Settings) -> None:
        """Wait for the files of these settings to be others than they are now."""
        self._settings = settings
        self._seen = playbook_traces(settings)

    async def mended(self, look_seconds: float = LOOK_SECONDS) -> Playbook:
        """The playbook once it is good, which is remembered as at a start."""
        while True:
            await asyncio.sleep(look_seconds)
            found = await asyncio.to_thread(self._look)
            if found is not None:
                return found

    def _look(self) -> Playbook | None:
        seen = playbook_traces(self._settings)
        if seen == self._seen:
            return None
        self._seen = seen
        standing = playbook_in_force(self._settings)
        return standing.playbook if standing.fault is None else None


def playbook_traces(settings: Settings) -> Traces | None:
    """What changes when the playbook on disk is edited; `None` where it cannot be looked at."""
    found = attempt(lambda: traces_of(place_of(settings)))
    return None if isinstance(found, Exception) else found


def is_on_disk(playbook: Playbook, settings: Settings) -> bool:
    """Whether a playbook is the one on disk, rather than one that stands in for it."""
    return playbook_traces(settings) == (playbook.version, ())


def said(fault: Exception | None) -> str:
    """What is wrong; what is no error of ours by its name, too."""
    return str(fault) if isinstance(fault, TayError) else f"{type(fault).__name__}: {fault}"


def place_of(settings: Settings) -> Path:
    """The directory of the playbook, with its whole path."""
    return (settings.prompts_dir or shipped()).absolute()
