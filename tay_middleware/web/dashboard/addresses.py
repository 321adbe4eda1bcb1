"""What a page's address asks for; what cannot be read in it is told there, and passed over."""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from fastapi import Request

from tay_middleware.domain import Reason, Strength, Tier
from tay_middleware.errors import PayloadError
from tay_middleware.storage.reading.log import Filter
from tay_middleware.web import filters
from tay_middleware.web.context import Context

OF_ALL_PAGES = frozenset({"done"})
"""What every address may say."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters of a page's address, as they were given, and as the log understands them."""

    given: Mapping[str, str]
    which: Filter
    before: UUID | None
    problems: tuple[str, ...]


def unread(request: Request, asks: Collection[str]) -> tuple[str, ...]:
    """What an address says and a page that asks for `asks` does not read."""
    given = Counter(name for name, _ in request.query_params.multi_items())
    return (
        *(f"{name}: this page has no such choice" for name in given if name not in asks),
        *(
            f"{name}: it is given more than once, and the last counts"
            for name, count in given.items()
            if count > 1 and name in asks
        ),
    )


async def read_wanted(here: Context, asked: Mapping[str, str]) -> Wanted:
    """The filters of an address."""
    given = {name: value for name, value in asked.items() if name in FILTERS and value.strip()}
    problems: list[str] = []
    since, until = day_of(given, "since", problems), day_of(given, "until", problems)
    which = Filter(
        **{
            name: await known(here, given.get(name), find, problems)
            for name, find in _KNOWN.items()
        },
        **{name: choice(given, name, kind, problems) for name, kind in _CHOICES.items()},
        user_key=here.key_of_user(given["user_id"]) if "user_id" in given else None,
        since=since,
        until=None if until is None else until + timedelta(days=1),
        converted_only=given.get("converted_only") == "true",
    )
    if since is not None and until is not None and since > until:
        problems.append("until: this day is before the first; both are passed over")
        which = replace(which, since=None, until=None)
    return Wanted(given, which, place(asked.get("before"), problems), tuple(problems))


async def known(
    here: Context,
    said: str | None,
    find: Callable[[Context, str], Awaitable[str]],
    problems: list[str],
) -> str | None:
    """An offer or a wording by its name, as `find` knows it."""
    if not said:
        return None
    try:
        return await find(here, said)
    except PayloadError as error:
        problems.append(str(error).removeprefix("query."))
        return None


_KNOWN: Mapping[str, Callable[[Context, str], Awaitable[str]]] = {
    "offer": filters.offer_of,
    "template": filters.template_of,
}
_CHOICES: Mapping[str, type[Tier | Strength | Reason]] = {
    "tier": Tier,
    "strength": Strength,
    "reason": Reason,
}
FILTERS = frozenset({*_KNOWN, *_CHOICES, "user_id", "since", "until", "converted_only"})
"""What the list of mentions is narrowed by."""


def choice(
    given: Mapping[str, str],
    name: str,
    kind: type[Tier | Strength | Reason],
    problems: list[str],
) -> str | None:
    """One of the values that there are."""
    said = given.get(name)
    if not said or said in {one.value for one in kind}:
        return said or None
    problems.append(f"{name}: there is no {said!r}")
    return None


def day_of(given: Mapping[str, str], name: str, problems: list[str]) -> datetime | None:
    """The midnight (UTC) with which a day begins."""
    said = given.get(name)
    if said is None:
        return None
    try:
        at = datetime.strptime(said, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        at = None
    if at is None or not 1970 <= at.year < 9000:
        problems.append(f"{name}: {said!r} is no day such as 2026-11-23")
        return None
    return at


def place(said: str | None, problems: list[str]) -> UUID | None:
    """The last row of the page before."""
    try:
        return UUID(said) if said else None
    except ValueError:
        problems.append("before: this is no place in the list")
        return None
