"""Makes the sheets of days beside the requests, so that nobody waits for them."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tay_middleware.analytics.catalogue import Terms
from tay_middleware.analytics.days import make_sheets
from tay_middleware.errors import StorageError
from tay_middleware.storage import Database

LOOK_SECONDS = 3600.0
"""Between two looks: a day is over once a day, and late events come now and then."""

DAYS = 400
"""How far back sheets are kept ready: a year, and the quarter before it is compared with."""

_log = logging.getLogger("tay_middleware.web")


async def keep_sheets(
    database: Database,
    terms: Terms,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    look_seconds: float = LOOK_SECONDS,
) -> None:
    """Make what is missing again and again, until cancelled; a database may be away meanwhile."""
    while True:
        now = clock()
        first = now.date() - timedelta(days=DAYS)
        try:
            await make_sheets(database, first, now.date(), now=now, reactions=terms.reactions)
        except StorageError as error:
            _log.warning("sheets of days are made later: %s", error)
        await asyncio.sleep(look_seconds)
