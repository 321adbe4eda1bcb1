"""What a question for escalations may say; a filter that nothing could match is refused, not empty.

An unknown parameter is an error, so that a typo does not list everything.
"""

from datetime import UTC, datetime
from uuid import UUID

from pydantic import Field

from tay_middleware.domain import Reason, Strength, Tier
from tay_middleware.errors import PayloadError
from tay_middleware.storage import log
from tay_middleware.storage.log import Filter
from tay_middleware.web.context import Context
from tay_middleware.web.schemas import Sent, Word


class Asked(Sent):
    """The filters that list and export share."""

    offer: Word | None = Field(None, description="an offer of the catalogue, or a retired one")
    converted_only: bool = Field(False, description="only those that led to a sale")
    since: datetime | None = Field(None, description="shown at or after (UTC)")
    until: datetime | None = Field(None, description="shown before (UTC)")
    tier: Tier | None = None
    strength: Strength | None = None
    reason: Reason | None = None
    template: Word | None = Field(None, description="a wording's full name")
    user_id: Word | None = Field(None, description="the app's own id of a user")


class AskedPage(Asked):
    """The filters, and which page of the rows."""

    limit: int = Field(50, ge=1, le=500, description="rows on a page")
    cursor: UUID | None = Field(None, description="`next_cursor` of the page before")


async def filter_of(here: Context, asked: Asked) -> Filter:
    """The filter that is asked for.

    Raises:
        PayloadError: neither the playbook nor the log has such an offer.
    """
    return Filter(
        offer=None if asked.offer is None else await _offer(here, asked.offer),
        tier=asked.tier,
        strength=asked.strength,
        template=asked.template,
        reason=asked.reason,
        user_key=here.key_of_user(asked.user_id) if asked.user_id is not None else None,
        since=_aware(asked.since),
        until=_aware(asked.until),
        converted_only=asked.converted_only,
    )


async def _offer(here: Context, said: str) -> str:
    """The offer's own name; capitals do not matter. A retired one is an offer while it has rows."""
    plain = said.strip().casefold()
    known = next((one for one in here.playbook.offers if one.casefold() == plain), None)
    if known is not None:
        return known
    for name in dict.fromkeys((said, plain)):
        if await here.database.read(log.has_offer, name):
            return name
    names = ", ".join(here.playbook.offers)
    raise PayloadError(
        f"query.offer: there is no {said!r}, nor any mention of it; there are {names}"
    )


def _aware(at: datetime | None) -> datetime | None:
    """A time without a zone is UTC; one too far off for an id is as far as ids go."""
    if at is None:
        return None
    given = at if at.tzinfo else at.replace(tzinfo=UTC)
    try:
        return min(max(given.astimezone(UTC), _FIRST), _LAST)
    except OverflowError:
        return _FIRST if at.year < 5000 else _LAST


_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
