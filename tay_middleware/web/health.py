"""Whether the server lives, and whether it can do its work; nothing secret, so no token."""

from fastapi import APIRouter
from starlette.exceptions import HTTPException

from tay_middleware.storage import inbox
from tay_middleware.web.context import Here
from tay_middleware.web.problems import responses
from tay_middleware.web.schemas import Health

router = APIRouter(tags=["health"])


@router.get("/healthz", responses=responses())
async def alive() -> Health:
    """The process answers."""
    return Health(status="ok")


@router.get("/readyz", responses=responses())
async def ready(here: Here) -> Health:
    """The database answers and the inbox is worked off, with what waits there; else 503."""
    if here.worker is not None and not here.worker.is_running:
        raise HTTPException(503, "the worker of the inbox has ended; the log says why")
    counts = await here.database.read(inbox.counts)
    return Health(status="ok", database="ok", **counts)
