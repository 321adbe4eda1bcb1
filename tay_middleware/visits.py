"""Where one visit ends and the next begins, in a conversation that may last for good.

An app may keep one thread a user for years, or name no conversation at all. There a pause is the
only sign that somebody left and came back. `lua/commit.lua` has the same rule.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta


def visit_began(asked_at: datetime, earlier: Iterable[datetime], pause: timedelta) -> datetime:
    """When the visit began that a question is part of: the last pause is before it.

    Args:
        asked_at: when the question was asked.
        earlier: when the other turns of the conversation were asked, in any order; later ones,
            which another machine's clock may tell, are part of the visit.
        pause: how long nothing is asked before what comes next is a new visit.
    """
    began = asked_at
    for at in sorted(earlier, reverse=True):
        if began - at >= pause:
            break
        began = min(began, at)
    return began
