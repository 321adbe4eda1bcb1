"""Whether the server lives, and whether it can do its work; nothing secret, so no token."""

from fastapi import APIRouter

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
    """The database answers, with what waits in the inbox; 503 where it does not."""
    counts = await here.database.read(inbox.counts)
    return Health(status="ok", database="ok", **counts)
