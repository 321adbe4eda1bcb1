"""The admin API of people: erasing one who asks for it, as `tay users erase` does."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from tay_middleware.errors import PayloadError
from tay_middleware.storage.people import Archive, Erased
from tay_middleware.storage.transaction import Transaction
from tay_middleware.web.auditing import audited
from tay_middleware.web.auth import Actor, Eraser
from tay_middleware.web.context import Context, Here
from tay_middleware.web.problems import responses
from tay_middleware.web.schemas import Word

router = APIRouter(prefix="/api/v1/admin", tags=["people"])


class ErasedOut(BaseModel):
    """What led to a person and leads to nobody now; nothing, where it was done before."""

    rows: int = Field(description="questions and mentions in the log")
    spooled: int = Field(description="calls that waited in the spool of this machine")


@router.delete("/users/{user_id:path}", responses=responses(401, 403, 422))
async def erase_user(
    here: Here,
    actor: Eraser,
    user_id: Annotated[Word, Path(description="the app's own id of the user")],
    session: Annotated[
        bool, Query(description="the id is of a session whose user was not known")
    ] = False,
) -> ErasedOut:
    """Take a user out of history, outbox, spool and log. It cannot be undone; it may be repeated.

    Rows stay and lead to nobody, so that figures and sales still add up. After a 503 repeat it: a
    part may be done.
    """
    key = here.key_of_session(user_id) if session else here.key_of_user(user_id)
    if not key:
        raise PayloadError("path.user_id: an empty id is nobody's")
    done = await _erase(here, actor, key)
    return ErasedOut(rows=done.rows, spooled=done.spooled)


async def _erase(here: Context, actor: Actor, key: str) -> Erased:
    archive = Archive.of(here.settings)
    try:
        await archive.open(migrate=False)
        now = await archive.now(key, here.clock())
        return await archive.erase(key, now, partial(_noted, here, actor))
    finally:
        await archive.aclose()


def _noted(here: Context, actor: Actor, transaction: Transaction) -> None:
    """Without whom: the audit log outlives her."""
    audited(transaction, here, actor, here.clock(), "erase")
