"""One playbook a process for the same files: reading and checking them takes half a second.

A playbook is frozen, so engines can share it. What is edited on disk is another version, and read
anew by the next engine.
"""

from functools import lru_cache
from pathlib import Path

from tay_middleware.playbook.load import Playbook, Traces, load_playbook, shipped, traces_of

KEPT = 2
"""The one in use, and the one before an edit or of another brand."""


def shared_playbook(directory: Path | None = None) -> Playbook:
    """As `load_playbook`, but the same playbook as before where the files are the same.

    Raises:
        PlaybookError: it does not validate.
    """
    where = (directory or shipped()).absolute()
    try:
        seen = traces_of(where)
        found = _loaded(where, seen)
    except OSError:  # what cannot be read is told by who reads it as a playbook
        return load_playbook(directory)
    # Edited between the two looks: what was read is of no known version of the files.
    return found if found.version == seen[0] else load_playbook(directory)


@lru_cache(KEPT)
def _loaded(directory: Path, _seen: Traces) -> Playbook:
    return load_playbook(directory)
