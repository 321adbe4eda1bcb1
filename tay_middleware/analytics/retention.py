"""From when on what became of mentions is known.

Older rows are past their retention and took their sales with them, while counts of questions and
mentions are kept for ever: a rate of the two would fall towards 0.
"""

from datetime import datetime, timedelta

from tay_middleware.analytics.calendar import day_of
from tay_middleware.storage import Database
from tay_middleware.storage.removals import removed_until


async def rows_since(
    database: Database, since: datetime, now: datetime, retention_days: int | None
) -> datetime:
    """`since`, or the later midnight (UTC) from which on rows are there.

    The later of two: what the setting lets go at any time, and what has gone.

    Args:
        database: where the log is; it knows what was removed.
        since: when a period begins.
        now: the moment.
        retention_days: how long rows of the log are kept by the setting, `None` for ever.

    Raises:
        StorageError: the database does not answer.
    """
    known = [since]
    if retention_days is not None:
        # Of the day that is due now a part may be gone at any time.
        known.append(day_of(now) - timedelta(days=retention_days - 1))
    removed = await database.read(removed_until)
    if removed is not None:
        begins = day_of(removed)
        known.append(begins if begins == removed else begins + timedelta(days=1))
    return max(known)
