"""Notices that one process makes a second engine over the store of another.

Each costs threads and a connection, and they do not wait for each other's unwritten turns: what she
told the one a moment ago, the other may not know yet.
"""

import logging
import os
from collections import Counter

from tay_middleware.settings import Settings

SECOND = (
    "a second engine over the same store in one process: give its surfaces the settings of the "
    "first, or share its engine by escalator="
)

_log = logging.getLogger("tay_middleware")

_made: Counter[tuple[int, str, str]] = Counter()
"""Engines that were not closed. Of the process and no object's: who would hold it is made anew."""


def note_made(settings: Settings) -> None:
    """Count an engine; the second of a store is told, once."""
    store = _store_of(settings)
    _made[store] += 1
    if _made[store] == 2:
        _log.warning(SECOND)


def note_closed(settings: Settings) -> None:
    """Count an engine no longer: who closes one may make another."""
    store = _store_of(settings)
    _made[store] = max(0, _made[store] - 1)


def _store_of(settings: Settings) -> tuple[int, str, str]:
    redis = settings.redis_url
    return (
        os.getpid(),  # a forked child makes its own beside the one that it inherited
        settings.resolved_database_url,
        redis.get_secret_value() if redis is not None else "",
    )
