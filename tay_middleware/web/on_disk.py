"""Whether the playbook that this server goes by is the one on disk, and what is wrong with that."""

from dataclasses import dataclass
from enum import StrEnum

from tay_middleware.engine.failopen import attempt
from tay_middleware.playbook import Playbook, Traces, load_playbook, shipped, traces_of
from tay_middleware.settings import Settings


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
        self._last: tuple[Traces, Seen] | None = None

    def look(self, settings: Settings, in_force: Playbook) -> Seen:
        """What is on disk now; takes half a second after an edit, so call it on a thread."""
        where = settings.prompts_dir or shipped()
        traces = attempt(lambda: traces_of(where))
        if isinstance(traces, Exception):
            return _refused(traces, in_force)
        if traces == (in_force.version, ()):
            return Seen(OnDisk.IN_FORCE)
        last = self._last
        if last is None or last[0] != traces:
            found = attempt(lambda: load_playbook(where))
            seen = _refused(found, in_force) if isinstance(found, Exception) else _edited(found)
            last = self._last = traces, seen
        return last[1]


def _edited(found: Playbook) -> Seen:
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
