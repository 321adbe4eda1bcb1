"""The last good playbook: a copy under `TAY_HOME`, for a process that starts after a bad edit.

Each directory of a playbook has a room of its own, so that two brands never speak for each other.
In it lies a copy for each of its last good versions; the one that was touched last is in force.
"""

import os
import shutil
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

from tay_middleware.errors import PlaybookError
from tay_middleware.playbook.load import Playbook, files_of, shipped, version_of
from tay_middleware.playbook.shared import shared_playbook
from tay_middleware.private import make_home

DIRECTORY = "playbooks"

KEPT = 2
"""Copies of a playbook: the last one, and the one before it, should the last be damaged."""

NAME_DIGITS = 16
"""64 bits of the hash of a path: enough to tell the playbooks of one machine apart."""


def keep(playbook: Playbook, directory: Path | None, home: Path) -> None:
    """Remember that this playbook is good, and was the last one that was.

    Args:
        playbook: as it was read from `directory`.
        directory: where it is; `None` is the one that ships with the package.
        home: where copies are kept.

    Raises:
        OSError: the copy cannot be written.
    """
    source, room = _places(directory, home)
    copy = room / playbook.version
    if copy.is_dir():
        if _copies(room)[0] != copy:
            os.utime(copy)
        return
    make_home(home)
    room.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = Path(mkdtemp(prefix=".", dir=room))
    try:
        for each in files_of(source):
            there = draft / each.relative_to(source)
            there.parent.mkdir(exist_ok=True, parents=True)
            there.write_bytes(each.read_bytes())
        # Edited since it was read: the copy would be of another version, which nobody has checked.
        if version_of(draft) == playbook.version:
            _moved(draft, copy)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    for old in _copies(room)[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def _moved(draft: Path, copy: Path) -> None:
    """Give a copy its name; another process that starts at the same time may be sooner."""
    try:
        draft.rename(copy)
    except OSError:
        if not copy.is_dir():
            raise


def last_good(directory: Path | None, home: Path) -> Playbook | None:
    """The last playbook of this directory that was good, `None` where none is known.

    Raises:
        OSError: the copies cannot be looked at.
    """
    for copy in _copies(_places(directory, home)[1]):
        try:
            found = shared_playbook(copy)
        except (PlaybookError, OSError):  # damaged, or of a version of the package that took more
            continue
        if found.version == copy.name:
            return found
    return None


def _places(directory: Path | None, home: Path) -> tuple[Path, Path]:
    source = (directory or shipped()).absolute()
    return source, home / DIRECTORY / sha256(str(source).encode()).hexdigest()[:NAME_DIGITS]


def _copies(room: Path) -> list[Path]:
    """The copies in a room, the last good one first."""
    if not room.is_dir():
        return []
    found = [path for path in room.iterdir() if not path.name.startswith(".")]
    return sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)
