"""Payments: what came in, what could not be matched, what died, and doing it again."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tay_middleware.payments.reading import uuid_of
from tay_middleware.storage.payments import inbox
from tay_middleware.storage.payments.tables import PurchaseKind
from tay_middleware.storage.reading import sales, trends
from tay_middleware.storage.transaction import Transaction
from tay_middleware.web import purchases as api
from tay_middleware.web.auth import Actor
from tay_middleware.web.context import Context, Here
from tay_middleware.web.dashboard import words
from tay_middleware.web.dashboard.pages import back, render
from tay_middleware.web.dashboard.visitors import Changing, Looking
from tay_middleware.web.schemas import AssignIn
from tay_middleware.web.views import references_of

router = APIRouter(prefix="/payments")

PAGE = 25
MOST_LETTERS = 50

Id = Annotated[UUID, Path()]


class View(StrEnum):
    """The lists of the page."""

    UNMATCHED = "unmatched"
    AMBIGUOUS = "ambiguous"
    PURCHASES = "purchases"
    INBOX = "inbox"
    WAITING = "waiting"
    DEAD = "dead"
    EVENTS = "events"


OF_PURCHASES = (View.UNMATCHED, View.AMBIGUOUS, View.PURCHASES)
OF_DELIVERIES = (View.INBOX, View.WAITING, View.DEAD)
_KINDS = {
    View.UNMATCHED: PurchaseKind.UNMATCHED,
    View.AMBIGUOUS: PurchaseKind.AMBIGUOUS,
    View.PURCHASES: None,
}
_STATES = {View.INBOX: None, View.WAITING: "waiting", View.DEAD: "dead"}


@router.get("")
async def payments(request: Request, here: Here, visitor: Looking) -> Response:
    """One of the lists, newest first."""
    asked = request.query_params.get("view", "")
    view = View(asked) if asked in set(View) else View.UNMATCHED
    problems = [f"view: there is no {asked!r}"] if asked and asked != view else []
    before = request.query_params.get("before")
    rows, keys, owed = await here.database.read(_rows, here, view, before)
    older = _place_of(rows[PAGE - 1], view) if len(rows) > PAGE else None
    values = {
        "visitor": visitor,
        "title": "Payments",
        "asks": ("view", "before"),
        "problems": problems,
        "view": view,
        "views": list(View),
        "rows": rows[:PAGE],
        "keys": keys,
        "owed": owed,
        "older": older,
        "before": before,
        "of_purchases": view in OF_PURCHASES,
        "of_deliveries": view in OF_DELIVERIES,
        "works": here.worker is not None,
    }
    return render(request, "payments.html", values)


@router.post("/purchases/{purchase_id}/assign")
async def assign(request: Request, here: Here, given: Changing, purchase_id: Id) -> Response:
    """Say whose a purchase is."""
    fields: dict[str, dict[str, Any]] = {
        "dismiss": {"dismiss": True},
        "user": {"user_id": given.word("user_id"), "force": "force" in given.form},
        "mention": {"escalation_id": given.word("escalation_id")},
    }
    try:
        said = AssignIn(**fields.get(given.form.get("to", ""), {}))
    except ValidationError as error:
        said_wrong = words.problems(error)
        raise HTTPException(422, f"whose it is was not said: {said_wrong}") from None
    now, actor = here.clock(), given.visitor.actor
    if said.escalation_id is not None:
        mention = await here.database.read(sales.escalation, said.escalation_id)
        if mention is None:
            raise HTTPException(404, "no escalation has this id")
    if await here.database.write(api.assign, here, actor, purchase_id, said, now) is None:
        raise HTTPException(404, "no purchase has this id")
    return back(request, "payments", view=given.form.get("view", ""), done="assigned")


@router.post("/deliveries/{delivery_id}/replay")
async def replay(request: Request, here: Here, given: Changing, delivery_id: Id) -> Response:
    """Handle one delivery again."""
    actor, now = given.visitor.actor, here.clock()
    if not await here.database.write(api.replay, here, actor, [delivery_id], now):
        raise HTTPException(404, "no delivery has this id, or its words are past their retention")
    _wake(here)
    return back(request, "payments", view=given.form.get("view", ""), done="replayed")


@router.post("/dead/replay")
async def replay_dead(request: Request, here: Here, given: Changing) -> Response:
    """Handle everything that was given up again."""
    await here.database.write(_replay_dead, here, given.visitor.actor, here.clock())
    _wake(here)
    return back(request, "payments", view="dead", done="replayed")


def _wake(here: Context) -> None:
    if here.worker is not None:
        here.worker.wake()


def _replay_dead(transaction: Transaction, here: Context, actor: Actor, now: datetime) -> None:
    ids = inbox.dead_ids(transaction)
    if ids:
        api.replay(transaction, here, actor, ids, now)


def _rows(
    transaction: Transaction, here: Context, view: View, before: str | None
) -> tuple[Sequence[Any], dict[str, list[str]], trends.Owed]:
    owed = trends.owed(transaction, here.clock())
    if view in _KINDS:
        found = sales.purchases(
            transaction, kind=_KINDS[view], before=api.time_and_id(before), limit=PAGE + 1
        )
        keys = sales.references(transaction, [row.purchase_key for row in found])
        return found, {one: references_of(some) for one, some in keys.items()}, owed
    if view is View.EVENTS:
        return trends.letters(transaction, MOST_LETTERS), {}, owed
    found = inbox.page(transaction, state=_STATES[view], before=uuid_of(before), limit=PAGE + 1)
    return found, {}, owed


def _place_of(row: Any, view: View) -> str | None:
    if view is View.EVENTS:
        return None
    return f"{row.begun_at.isoformat()}_{row.id}" if view in OF_PURCHASES else str(row.id)
