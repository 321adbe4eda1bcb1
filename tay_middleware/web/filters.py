"""What a question for escalations may say; a filter that nothing could match is refused, not empty.

An unknown parameter is an error, so that a typo does not list everything.
"""

from datetime import UTC, datetime
from uuid import UUID

from pydantic import Field

from tay_middleware.domain import Reason, Strength, Tier
from tay_middleware.errors import PayloadError
from tay_middleware.storage.reading import log
from tay_middleware.storage.reading.log import Filter
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
        PayloadError: nothing could match it: neither the playbook nor the log has such an offer or
            such a wording, no user has this id, or the time ends before it begins.
    """
    since, until = _aware(asked.since), _aware(asked.until)
    check_order(since, until)
    return Filter(
        offer=None if asked.offer is None else await offer_of(here, asked.offer),
        tier=asked.tier,
        strength=asked.strength,
        template=None if asked.template is None else await template_of(here, asked.template),
        reason=asked.reason,
        user_key=None if asked.user_id is None else key_of(here, asked.user_id),
        since=since,
        until=until,
        converted_only=asked.converted_only,
    )


def check_order(since: datetime | None, until: datetime | None) -> None:
    """Refuse a time that ends before it begins, or as it does.

    Raises:
        PayloadError: it does.
    """
    if since is not None and until is not None and since >= until:
        raise PayloadError("query.until: it is not after since, so there is no time between them")


def key_of(here: Context, user_id: str) -> str:
    """The key of a user, known or not.

    Raises:
        PayloadError: the id is empty, and nobody's.
    """
    key = here.key_of_user(user_id)
    if not key:
        raise PayloadError("query.user_id: an empty id is nobody's")
    return key


async def template_of(here: Context, said: str) -> str:
    """A wording's full name; one that the playbook no longer has is a wording while it has rows.

    Raises:
        PayloadError: neither the playbook nor the log has it.
    """
    plain = said.strip()
    if plain in here.playbook.by_id or await here.database.read(log.has, "template", plain):
        return plain
    raise PayloadError(
        f"query.template: there is no {said!r}, nor any mention in it; names are full ones, such "
        f"as {next(iter(here.playbook.by_id), 'course.gentle.any.A')}"
    )


async def offer_of(here: Context, said: str) -> str:
    """The offer's own name; capitals do not matter. A retired one is an offer while it has rows.

    Raises:
        PayloadError: neither the playbook nor the log has it.
    """
    plain = said.strip().casefold()
    known = next((one for one in here.playbook.offers if one.casefold() == plain), None)
    if known is not None:
        return known
    for name in dict.fromkeys((said, plain)):
        if await here.database.read(log.has, "offer", name):
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
