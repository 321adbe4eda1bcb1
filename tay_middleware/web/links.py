"""Tracked links: `/r/{offer}/{token}` leads to the page of the offer that a mention was about.

The target is the catalogue's, never the request's, which only names an offer of it. Whoever wants
to buy is never stopped by our books: the mention may not be in SQL yet, or not any more. What
previews links is no click.
"""

import logging
import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from fastapi import APIRouter, Path, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from tay_middleware.errors import StorageError
from tay_middleware.payments.reading import is_token
from tay_middleware.storage.payments import touches
from tay_middleware.web.auth import address_of
from tay_middleware.web.context import Context, Here
from tay_middleware.web.problems import responses
from tay_middleware.web.rates import OF_CLICKS

router = APIRouter(tags=["links"])

_PREVIEWS = (
    *("crawl", "spider", "preview", "facebookexternalhit", "whatsapp", "slack"),
    *("skype", "embed", "curl", "wget", "python", "headless"),
    *("monitor", "scanner", "fetch", "http-client", "okhttp", "java/", "go-http"),
)
"""Parts of names of programs that open links for nobody. Names of apps in which people read are
none: their previews call themselves bots, the browsers in them do not."""

_BOT = re.compile(r"(?<!\bcu)bots?(?![a-z])")
"""A bot's name ends so; so does that of Cubot, who make telephones."""

NOWHERE = "this link leads nowhere any more"

_log = logging.getLogger("tay_middleware.web")


_LINK: dict[str, Any] = {
    "status_code": 302,
    "response_class": RedirectResponse,
    "responses": {302: {"description": "to the offer's page"}, **responses(404)},
}

Token = Annotated[str, Path(description="the token of a mention's link")]


@router.get("/r/{offer}/{token}", **_LINK)
@router.head("/r/{offer}/{token}", include_in_schema=False, **_LINK)
async def follow(
    request: Request,
    here: Here,
    offer: Annotated[str, Path(description="an offer of the catalogue")],
    token: Token,
) -> RedirectResponse:
    """To the offer's page, with the token as Stripe's `client_reference_id`."""
    await here.rates.spend(OF_CLICKS, address_of(request))
    if not is_token(token):
        raise HTTPException(404, NOWHERE)
    try:
        mention = await here.database.read(touches.mention_of_link, token)
    except StorageError as error:
        _log.warning("a link was followed, and its mention cannot be looked up: %s", error)
        mention = None
    return await _lead(request, here, mention, token, offer)


@router.get("/r/{token}", **_LINK)
@router.head("/r/{token}", include_in_schema=False, **_LINK)
async def follow_old(request: Request, here: Here, token: Token) -> RedirectResponse:
    """The same, for links of earlier versions, which do not name their offer."""
    await here.rates.spend(OF_CLICKS, address_of(request))
    mention = await here.database.read(touches.mention_of_link, token) if is_token(token) else None
    return await _lead(request, here, mention, token, None)


async def _lead(
    request: Request, here: Context, mention: Any, token: str, named: str | None
) -> RedirectResponse:
    """To the page of the mention's offer, or of the one that the link names."""
    name = mention.offer if mention is not None else named
    offer = here.playbook.offers.get(name or "")
    if name is None or offer is None or offer.link is None:
        raise HTTPException(404, NOWHERE)
    if mention is not None and is_click(
        request.method, request.headers.get("user-agent", ""), request.headers
    ):
        await _note(here, mention)
    target = with_reference(str(offer.link), token, name)
    return RedirectResponse(target, 302, headers={"cache-control": "no-store"})


async def _note(here: Context, mention: Any) -> None:
    """Keep the click if that can be."""
    try:
        await here.database.write(touches.note_click, mention.id, mention.user_key, here.clock())
    except StorageError as error:
        _log.warning("a click on the link of mention %s is not kept: %s", mention.id, error)


def is_click(method: str, agent: str, headers: Mapping[str, str]) -> bool:
    """Whether a person seems to have followed a link."""
    purpose = headers.get("sec-purpose", "") + headers.get("purpose", "")
    named = agent.casefold()
    return (
        method == "GET"
        and bool(named)
        and "prefetch" not in purpose
        and _BOT.search(named) is None
        and not any(part in named for part in _PREVIEWS)
    )


def with_reference(link: str, token: str, offer: str) -> str:
    """The offer's page with utm parameters and the token; its own parameters stay as they are."""
    parts = urlsplit(link)
    given = parse_qsl(parts.query, keep_blank_values=True)
    ours = {
        "utm_source": "tay",
        "utm_medium": "mentor",
        "utm_campaign": offer,
        "client_reference_id": token,
    }
    kept = {name for name, _ in given} - {"client_reference_id"}
    added = [(name, value) for name, value in ours.items() if name not in kept]
    query = [pair for pair in given if pair[0] != "client_reference_id"] + added
    return urlunsplit(parts._replace(query=urlencode(query)))
