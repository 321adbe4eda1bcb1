"""Whether the server lives, and whether it can do its work; nothing secret, so no token."""

from datetime import datetime, timedelta

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from tay_middleware.storage.desk import turned_away
from tay_middleware.storage.payments import inbox
from tay_middleware.storage.transaction import Transaction
from tay_middleware.web.context import Here
from tay_middleware.web.on_disk import OnDisk
from tay_middleware.web.problems import responses

router = APIRouter(tags=["health"])

INBOX = "inbox"
"""What the worker of the inbox is called."""


class Health(BaseModel):
    """Whether the server can do its work."""

    status: str = Field(examples=["ok"])
    database: str = Field("unknown", examples=["ok"])
    waiting: int = Field(0, description="deliveries that are not handled yet")
    dead: int = Field(0, description="deliveries that were given up")
    refused: int = Field(
        0, description="deliveries that were turned away yesterday and today (UTC)"
    )
    playbook: str = Field(
        "unknown",
        examples=["in_force"],
        description="what lies in prompts/: in_force; edited: sound, and read at the next start, "
        "or within seconds where those found at the start were wrong; "
        "refused: wrong, so that the last good one is in force",
    )
    troubled: list[str] = Field(
        [],
        description="what is done beside the requests and failed the last time; it is tried again",
        examples=[["reactions"]],
    )


@router.get("/healthz", responses=responses())
async def alive() -> Health:
    """The process answers."""
    return Health(status="ok")


@router.get("/readyz", responses=responses())
async def ready(here: Here) -> Health:
    """The database answers and all that works beside the requests does, with what waits; else 503.

    What goes on and failed the last time is named, and no reason to send nothing here.
    """
    ended = set(here.beside.ended())
    if here.worker is not None and not here.worker.is_running:
        ended.add(INBOX)
    if ended:
        raise HTTPException(503, f"has ended: {', '.join(sorted(ended))}; the log says why")
    counts = await here.database.read(_counts, here.clock() - timedelta(days=1))
    troubled = here.beside.troubled()
    if here.worker is not None and not here.worker.is_well:
        troubled.append(INBOX)
    on_disk = (await here.on_disk()).state
    if on_disk is OnDisk.REFUSED:
        troubled.append("playbook")
    return Health(status="ok", database="ok", playbook=on_disk.value, troubled=troubled, **counts)


def _counts(transaction: Transaction, yesterday: datetime) -> dict[str, int]:
    refused = turned_away.deliveries(transaction, yesterday)
    return {**inbox.counts(transaction), "refused": refused}
