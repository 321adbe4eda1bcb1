"""Makes the sheets of days beside the requests, so that nobody waits for them."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tay_middleware.analytics.catalogue import Terms
from tay_middleware.analytics.days import make_sheets
from tay_middleware.storage import Database
from tay_middleware.storage.rounds import Rounds

LOOK_SECONDS = 3600.0
"""Between two looks: a day is over once a day, and late events come now and then."""

DAYS = 400
"""How far back sheets are kept ready: a year, and the quarter before it is compared with."""

_log = logging.getLogger("tay_middleware.web")


def sheet_rounds() -> Rounds:
    """The rounds of `keep_sheets`, that have not begun."""
    return Rounds("sheets of days", "sheets of days are made later", _log)


async def keep_sheets(
    database: Database,
    terms: Terms,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    look_seconds: float = LOOK_SECONDS,
    rounds: Rounds | None = None,
) -> None:
    """Make what is missing again and again, until cancelled, whatever goes wrong meanwhile."""

    async def look() -> None:
        now = clock()
        first = now.date() - timedelta(days=DAYS)
        await make_sheets(database, first, now.date(), now=now, reactions=terms.reactions)

    await (rounds or sheet_rounds()).go(look, look_seconds)
