"""The audit log: every change that a person made, newest first."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from tay_middleware.storage.desk import audit as sql
from tay_middleware.storage.desk import tokens
from tay_middleware.web.context import Here
from tay_middleware.web.dashboard.addresses import place
from tay_middleware.web.dashboard.pages import render
from tay_middleware.web.dashboard.visitors import Looking

router = APIRouter(prefix="/audit")

PAGE = 50
ACTIONS = (
    *("mark", "note", "label", "assign", "replay", "pause", "resume", "export", "import"),
    *("sign_in", "sign_out", "create_token", "revoke_token", "erase"),
)


@router.get("")
async def changes(request: Request, here: Here, visitor: Looking) -> Response:
    """A page of them."""
    asked = request.query_params
    said, problems = asked.get("action"), list[str]()
    action = said if said in ACTIONS else None
    if said and action is None:
        problems.append(f"action: there is no {said!r}")
    before = place(asked.get("before"), problems)
    rows = await here.database.read(sql.page, action=action, before=before, limit=PAGE + 1)
    known = await here.database.read(tokens.every)
    values = {
        "visitor": visitor,
        "title": "Audit log",
        "asks": ("action", "before"),
        "problems": problems,
        "rows": rows[:PAGE],
        "names": {f"token:{row.id}": row.name for row in known},
        "older": str(rows[PAGE - 1].id) if len(rows) > PAGE else None,
        "action": action,
        "actions": ACTIONS,
    }
    return render(request, "audit.html", values)
