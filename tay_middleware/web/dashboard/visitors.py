"""Who looks: a session that an admin token opened, kept in a cookie that no script can read.

A form carries a proof that it came from a page of ours; it is made of the cookie's secret, so that
nothing more has to be kept, and another site can neither read nor make it.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tay_middleware.storage import simulations
from tay_middleware.storage.desk import sessions
from tay_middleware.storage.desk.tokens import Scope
from tay_middleware.storage.transaction import Transaction
from tay_middleware.web.auth import Actor
from tay_middleware.web.context import Context, Here
from tay_middleware.web.dashboard.pages import base_of
from tay_middleware.web.rates import OF_TOKEN

COOKIE = "tay_session"
LIFETIME = timedelta(hours=12)
"""A working day; then the token is asked for again."""

IDLE = timedelta(hours=3)
"""Unused for so long, a session is over: somebody left a browser open."""

SEEN_EVERY = timedelta(minutes=5)
"""How exact `seen_at` is: a write for every look would be a waste."""

MOST_FIELDS = 40
FORM = "application/x-www-form-urlencoded"
_FOREIGN = ("the form did not come from this page, or the page is old: load it again and repeat",)


class SignedOutError(Exception):
    """Nobody is signed in; the way leads to the sign-in page."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks, and whether what there is to see was made up."""

    actor: Actor
    secret: str
    is_simulated: bool

    @property
    def may_write(self) -> bool:
        """Whether the token changes things."""
        return Scope.WRITE.value in self.actor.scopes

    @property
    def may_export(self) -> bool:
        """Whether the token takes rows out."""
        return Scope.EXPORT.value in self.actor.scopes

    @property
    def proof(self) -> str:
        """What a form of this session must carry."""
        return proof_of(self.secret)


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that came from a page of ours."""

    visitor: Visitor
    form: Mapping[str, str]

    def word(self, name: str) -> str | None:
        """A field without the blanks around it; `None` where it is empty."""
        return self.form.get(name, "").strip() or None


async def visitor_of(request: Request, here: Here) -> Visitor:
    """Who is signed in.

    Raises:
        SignedOutError: nobody.
        HTTPException: 429, too many requests.
    """
    secret = request.cookies.get(COOKIE, "")
    now = here.clock()
    row, made_up = await here.database.read(_visit, hashed(secret), now) if secret else (None, [])
    if row is None or not _is_good(row, now):
        raise SignedOutError
    await here.rates.spend(OF_TOKEN, row.token_id)
    if now - row.seen_at > SEEN_EVERY:
        await here.database.write(sessions.touch, row.id, now)
    actor = Actor(row.token_id, row.name, frozenset(row.scopes), "dashboard")
    return Visitor(actor, secret, bool(made_up))


async def sent(request: Request, visitor: Annotated[Visitor, Depends(visitor_of)]) -> Sent:
    """A form of somebody who is signed in, with its proof."""
    form = await read_form(request)
    check_proof(request, form, visitor.secret)
    return Sent(visitor, form)


async def changing(given: Annotated[Sent, Depends(sent)]) -> Sent:
    """A form of somebody who may change things."""
    if not given.visitor.may_write:
        raise HTTPException(403, "your token only reads: this needs one with the scope write")
    return given


Looking = Annotated[Visitor, Depends(visitor_of)]
Asking = Annotated[Sent, Depends(sent)]
Changing = Annotated[Sent, Depends(changing)]


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form; of a field given twice the last."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise HTTPException(415, "a form is needed")
    body = (await request.body()).decode("utf-8", "replace")
    try:
        return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise HTTPException(422, "the form has too many fields") from None


def check_proof(request: Request, form: Mapping[str, str], secret: str) -> None:
    """Refuse a form that another site sent.

    Without a secret there is no proof: anybody can make that of an empty one.

    Raises:
        HTTPException: 403.
    """
    site = request.headers.get("sec-fetch-site", "same-origin")
    proof = form.get("proof", "").encode()
    is_ours = bool(secret) and hmac.compare_digest(proof, proof_of(secret).encode())
    if site not in {"same-origin", "none"} or not is_ours:
        raise HTTPException(403, *_FOREIGN)


def proof_of(secret: str) -> str:
    """The proof that belongs to a cookie's secret."""
    return hmac.new(secret.encode(), b"tay dashboard form", hashlib.sha256).hexdigest()


def new_secret() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> str:
    """What is kept of a cookie's secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def set_cookie(
    request: Request, response: Response, name: str, secret: str, lifetime: timedelta
) -> None:
    """Hand a secret to the browser: for these pages alone, and for no script."""
    response.set_cookie(
        name,
        secret,
        max_age=int(lifetime.total_seconds()),
        path=base_of(request) or "/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


async def open_session(here: Context, actor: Actor, secret: str) -> None:
    """Keep a new session of a token."""
    now = here.clock()
    row = {
        "id": hashed(secret),
        "token_id": actor.token_id,
        "created_at": now,
        "seen_at": now,
        "expires_at": now + LIFETIME,
    }
    await here.database.write(sessions.start, row, now)


def _visit(transaction: Transaction, session_id: str, now: datetime) -> tuple[Any, Any]:
    return sessions.find(transaction, session_id, now), simulations.every(transaction)


def _is_good(row: Any, now: datetime) -> bool:
    if row.revoked_at is not None or now - row.seen_at > IDLE:
        return False
    return row.token_expires_at is None or bool(row.token_expires_at > now)
