"""What users say of a mention: helpful or not, and "stop", which history hears as a decline."""

from fastapi import APIRouter
from starlette.exceptions import HTTPException

from tay_middleware.redaction import keep
from tay_middleware.storage.payments import touches
from tay_middleware.web.auth import Listener
from tay_middleware.web.context import Here
from tay_middleware.web.problems import responses
from tay_middleware.web.schemas import FeedbackIn, Noted

router = APIRouter(prefix="/api/v1", tags=["feedback"])


@router.post("/feedback", responses=responses(400, 401, 403, 404, 413, 422))
async def give_feedback(here: Here, _actor: Listener, said: FeedbackIn) -> Noted:
    """Hand on what a user says of a mention; saying it again replaces what was said before."""
    mention = await here.database.read(touches.mention, said.escalation_id)
    if mention is None:
        raise HTTPException(404, "no escalation has this id")
    now = here.clock()
    stops = said.stop or said.for_good
    if stops and mention.user_key is not None:
        # History first: if it cannot be told, the caller must know and say it again.
        await here.refusals.note(mention.user_key, mention.session_id, now, for_good=said.for_good)
    row = {
        "escalation_id": mention.id,
        "user_key": mention.user_key,
        "helpful": said.helpful,
        "stop": stops,
        "note": keep(said.note, here.settings.store_text) if said.note else None,
        "at": now,
    }
    await here.database.write(touches.note_feedback, row)
    return Noted()
