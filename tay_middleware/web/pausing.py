"""Looks at users' reactions beside the requests, and pauses what needs it."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from tay_middleware.analytics.experiments.guard import Watched, guard
from tay_middleware.errors import StorageError
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings
from tay_middleware.storage import Database

LOOK_SECONDS = 60.0
"""Between two looks; several servers may look at once."""

_log = logging.getLogger("tay_middleware.web")


async def keep_guard(
    database: Database,
    playbook: Playbook,
    settings: Settings,
    new_id: Callable[[datetime], UUID],
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    look_seconds: float = LOOK_SECONDS,
) -> None:
    """Look again and again, until cancelled; a database that is away is looked at later.

    Without a limit nothing is paused by itself, and chats behind Redis are still told what a person
    has paused: a Redis may come back empty.
    """
    while playbook.policy.auto_pause.limit is not None or settings.redis_url is not None:
        await asyncio.sleep(look_seconds)
        try:
            for one in await _look(database, playbook, settings, new_id, clock()):
                if one.is_new:
                    _log.warning("paused %s: %s", one.name, one.reason)
        except StorageError as error:
            _log.warning("reactions are looked at later: %s", error)


async def _look(
    database: Database,
    playbook: Playbook,
    settings: Settings,
    new_id: Callable[[datetime], UUID],
    now: datetime,
) -> tuple[Watched, ...]:
    return await guard(database, playbook, settings, now=now, new_id=lambda: new_id(now))
