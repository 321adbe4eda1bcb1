"""The audit log: every change that a person made, newest first."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from tay_middleware.storage import audit as sql
from tay_middleware.storage import tokens
from tay_middleware.web.context import Here
from tay_middleware.web.dashboard.pages import render
from tay_middleware.web.dashboard.visitors import Looking

router = APIRouter(prefix="/audit")

PAGE = 50
ACTIONS = (
    *("mark", "note", "label", "assign", "replay", "pause", "resume", "export"),
    *("sign_in", "sign_out", "create_token", "revoke_token", "erase"),
)


@router.get("")
async def changes(request: Request, here: Here, visitor: Looking) -> Response:
    """A page of them."""
    asked = request.query_params
    action = asked.get("action") if asked.get("action") in ACTIONS else None
    try:
        before = UUID(asked["before"]) if asked.get("before") else None
    except ValueError:
        before = None
    rows = await here.database.read(sql.page, action=action, before=before, limit=PAGE + 1)
    known = await here.database.read(tokens.every)
    values = {
        "visitor": visitor,
        "title": "Audit log",
        "rows": rows[:PAGE],
        "names": {f"token:{row.id}": row.name for row in known},
        "older": str(rows[PAGE - 1].id) if len(rows) > PAGE else None,
        "action": action,
        "actions": ACTIONS,
    }
    return render(request, "audit.html", values)
