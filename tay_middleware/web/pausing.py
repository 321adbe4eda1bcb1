"""Looks at users' reactions beside the requests, and pauses what needs it."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from tay_middleware.analytics.experiments.guard import guard
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings
from tay_middleware.storage import Database
from tay_middleware.storage.rounds import Rounds

LOOK_SECONDS = 60.0
"""Between two looks; several servers may look at once."""

_log = logging.getLogger("tay_middleware.web")


def guard_rounds() -> Rounds:
    """The rounds of `keep_guard`, that have not begun."""
    return Rounds("reactions", "reactions are looked at later", _log)


async def keep_guard(
    database: Database,
    playbook: Playbook,
    settings: Settings,
    new_id: Callable[[datetime], UUID],
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    look_seconds: float = LOOK_SECONDS,
    rounds: Rounds | None = None,
) -> None:
    """Look again and again, until cancelled; whatever goes wrong is looked at later.

    Without a limit nothing is paused by itself, and chats behind Redis are still told what a person
    has paused: a Redis may come back empty.
    """
    if playbook.policy.auto_pause.limit is None and settings.redis_url is None:
        return

    async def look() -> None:
        now = clock()
        fresh = partial(new_id, now)
        for one in await guard(database, playbook, settings, now=now, new_id=fresh):
            if one.is_new:
                _log.warning("paused %s: %s", one.name, one.reason)

    await (rounds or guard_rounds()).go(look, look_seconds, waits=True)
