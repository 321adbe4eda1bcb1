"""Who may: `Authorization: Bearer tay_…`, looked up by id, with its scopes.

Every failure to say who one is gets the same 401, whatever was wrong; a token without the scope
gets 403.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials
from starlette.exceptions import HTTPException

from tay_middleware.storage.desk import tokens as sql
from tay_middleware.storage.desk.tokens import Scope
from tay_middleware.storage.desk.turned_away import TOKENS
from tay_middleware.web.context import Context, Here
from tay_middleware.web.parameters import check_parameters
from tay_middleware.web.rates import OF_FAILURES, OF_TOKEN
from tay_middleware.web.tokens import fault, opens, split

USE_NOTED_EVERY = timedelta(minutes=10)
"""How exact `last_used_at` is: a write for every read would be a waste."""

_bearer = HTTPBearer(auto_error=False, description="an admin token: `tay tokens create`")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, by token; `via` is how: `api` or `dashboard`."""

    token_id: str
    name: str
    scopes: frozenset[str]
    via: str = "api"

    @property
    def label(self) -> str:
        """As it is written beside what they did."""
        return f"token:{self.token_id}"


def requires(*scopes: Scope) -> Callable[..., Awaitable[Actor]]:
    """A dependency that lets only tokens with one of `scopes` pass.

    Then it refuses parameters that there are not: who may not ask learns nothing of what may be.
    """

    async def check(
        request: Request,
        here: Here,
        given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Actor:
        actor = await authenticate(request, here, given.credentials if given else "")
        if not actor.scopes & {scope.value for scope in scopes}:
            needed = " or ".join(scope.value for scope in scopes)
            raise HTTPException(403, f"this needs a token with the scope {needed}")
        check_parameters(request)
        return actor

    return check


async def authenticate(request: Request, here: Context, token: str) -> Actor:
    """Who a token is.

    Raises:
        HTTPException: 401, the same for all that is wrong; 429 after many failures.
    """
    parts = split(token)
    now = here.clock()
    row: Any = None
    if parts is not None:
        row = await here.database.read(sql.find, parts[0])
    if parts is None or not opens(row, parts[1], now):
        address = address_of(request)
        here.turned_away.note(TOKENS, fault(token, row), address, now)
        # Of wrong ones only: a stranger behind the same proxy must not lock out who has a good one.
        await here.rates.spend(OF_FAILURES, address)
        raise HTTPException(401, "a valid admin token is needed", {"www-authenticate": "Bearer"})
    await here.rates.spend(OF_TOKEN, row.id)
    if row.last_used_at is None or now - row.last_used_at > USE_NOTED_EVERY:
        await here.database.write(sql.note_use, row.id, now)
    return Actor(row.id, row.name, frozenset(row.scopes))


def address_of(request: Request) -> str:
    """The client's address, or behind a proxy the one that uvicorn is told to trust."""
    return request.client.host if request.client else "unknown"


Reader = Annotated[Actor, Depends(requires(Scope.READ))]
Writer = Annotated[Actor, Depends(requires(Scope.WRITE))]
Exporter = Annotated[Actor, Depends(requires(Scope.EXPORT))]
Eraser = Annotated[Actor, Depends(requires(Scope.ERASE))]
Listener = Annotated[Actor, Depends(requires(Scope.FEEDBACK, Scope.WRITE))]
