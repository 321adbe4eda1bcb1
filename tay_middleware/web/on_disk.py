"""Whether the playbook that this server goes by is the one on disk, and what is wrong with that."""

from dataclasses import dataclass
from enum import StrEnum

from tay_middleware.engine.failopen import attempt
from tay_middleware.playbook import Playbook, Traces, load_playbook, shipped, traces_of
from tay_middleware.settings import Settings

FOLLOWING = "mended playbook"
"""What is called so, among the tasks beside the requests, takes the files once they are good."""


class OnDisk(StrEnum):
    """What lies on disk, beside what is in force."""

    IN_FORCE = "in_force"
    EDITED = "edited"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look found; `told` is for people, and empty where there is nothing to say."""

    state: OnDisk
    told: str = ""


class Looks:
    """Looks at the files, and reads them only where they were edited since the last look."""

    def __init__(self) -> None:
        self._last: tuple[tuple[Traces, bool], Seen] | None = None

    def look(self, settings: Settings, in_force: Playbook, *, is_followed: bool = False) -> Seen:
        """What is on disk now; takes half a second after an edit, so call it on a thread.

        Args:
            settings: where the files are.
            in_force: what this server goes by.
            is_followed: whether it takes them without a restart, once they are good.
        """
        where = settings.prompts_dir or shipped()
        traces = attempt(lambda: traces_of(where))
        if isinstance(traces, Exception):
            return _refused(traces, in_force)
        if traces == (in_force.version, ()):
            return Seen(OnDisk.IN_FORCE)
        last = self._last
        key = traces, is_followed
        if last is None or last[0] != key:
            found = attempt(lambda: load_playbook(where))
            if isinstance(found, Exception):
                seen = _refused(found, in_force)
            else:
                seen = _edited(found, is_followed=is_followed)
            last = self._last = key, seen
        return last[1]


def _edited(found: Playbook, *, is_followed: bool) -> Seen:
    if is_followed:
        return Seen(
            OnDisk.EDITED,
            f"The files in prompts/ are good again: version {found.version} is in force within "
            "seconds here and wherever the wrong ones were found at the start, and elsewhere once "
            "the chat is started again.",
        )
    return Seen(
        OnDisk.EDITED,
        f"The files in prompts/ were edited: version {found.version} is in force once the chat and "
        "this server are started again.",
    )


def _refused(error: Exception, in_force: Playbook) -> Seen:
    return Seen(
        OnDisk.REFUSED,
        f"The files in prompts/ are wrong, and not in force: version {in_force.version} is, the "
        f"last good one. {error}",
    )
