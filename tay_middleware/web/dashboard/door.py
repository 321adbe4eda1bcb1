"""Signing in by an admin token, and out."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tay_middleware.storage.desk import sessions
from tay_middleware.storage.desk.tokens import Scope
from tay_middleware.storage.transaction import Transaction
from tay_middleware.web.auditing import audited
from tay_middleware.web.auth import Actor, authenticate
from tay_middleware.web.context import Context, Here
from tay_middleware.web.dashboard import visitors
from tay_middleware.web.dashboard.pages import back, base_of, render
from tay_middleware.web.dashboard.visitors import COOKIE, Asking

router = APIRouter()

DOOR_COOKIE = "tay_door"
"""Holds the secret of the sign-in form: there is no session yet to make its proof of."""

AT_THE_DOOR = timedelta(minutes=30)
"""How long the form may lie open."""


@router.get("/login")
async def door(request: Request, to: Annotated[str, Query(max_length=500)] = "") -> Response:
    """The form."""
    return _form(request, to, problem=None, status=200)


@router.post("/login")
async def sign_in(request: Request, here: Here) -> Response:
    """Open a session, if the token is good and may read."""
    form = await visitors.read_form(request)
    visitors.check_proof(request, form, request.cookies.get(DOOR_COOKIE, ""))
    to = form.get("to", "")
    try:
        known = await authenticate(request, here, form.get("token", "").strip())
    except HTTPException as error:
        if error.status_code != 401:
            raise
        return _form(request, to, problem="That is no token of ours, or it is over.", status=401)
    if Scope.READ.value not in known.scopes:
        return _form(request, to, problem="This token may not read.", status=403)
    actor = Actor(known.token_id, known.name, known.scopes, "dashboard")
    secret = visitors.new_secret()
    await visitors.open_session(here, actor, secret)
    await here.database.write(_noted, here, actor, "sign_in")
    answer = back(request, _inside(to))
    visitors.set_cookie(request, answer, COOKIE, secret, visitors.LIFETIME)
    answer.delete_cookie(DOOR_COOKIE, path=base_of(request) or "/")
    return answer


@router.post("/logout")
async def sign_out(request: Request, here: Here, given: Asking) -> Response:
    """End the session, here and in the browser."""
    await here.database.write(sessions.end, visitors.hashed(given.visitor.secret))
    await here.database.write(_noted, here, given.visitor.actor, "sign_out")
    answer = back(request, "login", done="out")
    answer.delete_cookie(COOKIE, path=base_of(request) or "/")
    return answer


def _form(request: Request, to: str, *, problem: str | None, status: int) -> Response:
    secret = visitors.new_secret()
    values = {
        "visitor": None,
        "title": "Sign in",
        "proof": visitors.proof_of(secret),
        "problem": problem,
        "to": _inside(to),
    }
    answer = render(request, "login.html", values, status)
    visitors.set_cookie(request, answer, DOOR_COOKIE, secret, AT_THE_DOOR)
    return answer


def _inside(to: str) -> str:
    """A page of ours to go to: a path without a beginning that leads elsewhere."""
    plain = to.lstrip("/\\")
    return plain if plain.isprintable() and ":" not in plain.partition("?")[0] else ""


def _noted(transaction: Transaction, here: Context, actor: Actor, action: str) -> None:
    audited(transaction, here, actor, here.clock(), action)
