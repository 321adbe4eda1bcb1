"""Every mention: the list, one of them in full, and what people say of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tay_middleware.domain import Reason, Strength, Tier
from tay_middleware.storage.desk import audit, verdicts
from tay_middleware.storage.reading import log, sales
from tay_middleware.storage.reading.log import Filter
from tay_middleware.storage.transaction import Transaction
from tay_middleware.web import escalations as api
from tay_middleware.web.auditing import audited
from tay_middleware.web.auth import Actor
from tay_middleware.web.context import Context, Here
from tay_middleware.web.dashboard import words
from tay_middleware.web.dashboard.addresses import FILTERS, day_of, read_wanted, unread
from tay_middleware.web.dashboard.pages import back, render
from tay_middleware.web.dashboard.visible import pieces
from tay_middleware.web.dashboard.visitors import Changing, Looking
from tay_middleware.web.schemas import EscalationDetail, MarkIn

router = APIRouter(prefix="/escalations")

PAGE = 25
BEFORE = 6
"""Earlier turns of the same user that are shown beside a mention."""

MOST_NOTE_CHARS = 2000

MOST_SHOWN_CHARS = 20_000
"""Of a question: somebody may have pasted a book, and a page is read on a telephone."""

Id = Annotated[UUID, Path(description="of the mention")]

RIGHT, WRONG = "right", "none"
"""What a label says: right as it was; nothing should have been mentioned; or the right offer."""


@router.get("")
async def listed(request: Request, here: Here, visitor: Looking) -> Response:
    """A page of mentions, newest first."""
    wanted = await read_wanted(here, request.query_params)
    found = await here.database.read(api.page, wanted.which, PAGE + 1, wanted.before)
    more = len(found) > PAGE
    values = {
        "visitor": visitor,
        "title": "Escalations",
        "asks": (*FILTERS, "before"),
        "problems": wanted.problems,
        "wanted": wanted,
        "items": found[:PAGE],
        "older": str(found[PAGE - 1].id) if more else None,
        "choices": {
            "offer": list(here.playbook.offers),
            "tier": [one.value for one in Tier],
            "strength": [one.value for one in Strength],
            "reason": [one.value for one in Reason],
        },
    }
    return render(request, "escalations.html", values)


@router.get(".csv")
async def exported(request: Request, here: Here, visitor: Looking) -> Response:
    """The same rows as a file that a spreadsheet shows and never runs."""
    if not visitor.may_export:
        raise HTTPException(403, "your token does not export: this needs the scope export")
    wanted = await read_wanted(here, request.query_params)
    if problems := (*unread(request, FILTERS), *wanted.problems):
        raise HTTPException(422, "; ".join(problems))
    await here.database.write(api.exported, here, visitor.actor, wanted.given)
    return await api.export(here, wanted.which)


@router.get("/{escalation_id}")
async def one(request: Request, here: Here, visitor: Looking, escalation_id: Id) -> Response:
    """All that is known of one mention."""
    found = await here.database.read(_all_of, escalation_id)
    if found is None:
        raise HTTPException(404, "no escalation has this id")
    detail = found["detail"]
    why = detail.explanation
    question = detail.question or ""
    values = {
        **found,
        "visitor": visitor,
        "title": f"Escalation: {detail.offer}",
        "pieces": pieces(question[:MOST_SHOWN_CHARS], why.indicators if why else ()),
        "left_out": max(0, len(question) - MOST_SHOWN_CHARS),
        "template": here.playbook.by_id.get(detail.template),
        "is_current": detail.playbook_version == here.playbook.version,
        "offers": list(here.playbook.offers),
        "owner": here.playbook.offers.get(detail.offer),
    }
    return render(request, "escalation.html", values)


@router.post("/{escalation_id}/mark")
async def mark(request: Request, here: Here, given: Changing, escalation_id: Id) -> Response:
    """Say whether it led to a sale."""
    answers = {"yes": True, "no": False, "back": None}
    said = given.form.get("converted")
    if said not in answers:
        raise HTTPException(422, "say yes, no, or take the word back")
    amount = given.word("amount") if said == "yes" else None
    actor, now = given.visitor.actor, here.clock()
    mention = await here.database.read(sales.escalation, escalation_id)
    if mention is None:
        raise HTTPException(404, "no escalation has this id")
    sold_on = given.word("sold_on") if said == "yes" else None
    try:
        word = MarkIn(
            converted=answers[said],
            amount=amount,
            currency=given.word("currency") if amount else None,
            note=given.word("note"),
            sold_at=None if sold_on is None else _sold_at(sold_on, mention.created_at, now),
        )
    except ValidationError as error:
        raise HTTPException(422, words.problems(error)) from None
    if await here.database.write(api.mark, here, actor, escalation_id, word, now) is None:
        raise HTTPException(404, "no escalation has this id")
    return back(request, f"escalations/{escalation_id}", done="marked")


@router.post("/{escalation_id}/note")
async def add_note(request: Request, here: Here, given: Changing, escalation_id: Id) -> Response:
    """Keep a note, for the others who look."""
    note = given.word("words")
    if note is None or len(note) > MOST_NOTE_CHARS:
        raise HTTPException(422, f"a note has 1 to {MOST_NOTE_CHARS:,} characters")
    if not await here.database.write(_note, here, given.visitor.actor, escalation_id, note):
        raise HTTPException(404, "no escalation has this id")
    return back(request, f"escalations/{escalation_id}", done="noted")


@router.post("/{escalation_id}/label")
async def label(request: Request, here: Here, given: Changing, escalation_id: Id) -> Response:
    """Say what the question deserved."""
    said = given.form.get("label", "")
    if said not in {RIGHT, WRONG, "back", *here.playbook.offers}:
        raise HTTPException(422, "say whether it was right, nothing was due, or another offer")
    if not await here.database.write(_label, here, given.visitor.actor, escalation_id, said):
        raise HTTPException(404, "no escalation has this id, or it has no label")
    done = "unlabelled" if said == "back" else "labelled"
    return back(request, f"escalations/{escalation_id}", done=done)


def _sold_at(day: str, since: datetime, until: datetime) -> datetime:
    """Noon of a day; of the day of the mention not before it, and of today not after now."""
    problems: list[str] = []
    start = day_of({"sold_on": day}, "sold_on", problems)
    if start is None:
        raise HTTPException(422, problems[0])
    noon = start + timedelta(hours=12)
    if noon.date() == since.date():
        noon = max(noon, since)
    return min(noon, until) if noon.date() == until.date() else noon


def _all_of(transaction: Transaction, escalation_id: UUID) -> dict[str, Any] | None:
    detail = api.detail(transaction, escalation_id)
    if detail is None:
        return None
    row = sales.escalation(transaction, escalation_id)
    question = sales.question(transaction, escalation_id)
    return {
        "detail": detail,
        "question": question,
        "earlier": _earlier(transaction, row, detail),
        "notes": verdicts.notes_of(transaction, escalation_id),
        "label": verdicts.label_of(transaction, escalation_id),
        "changes": audit.page(transaction, subject=str(escalation_id), limit=20),
        "has_link": row.link_token is not None,
    }


def _earlier(transaction: Transaction, row: Any, detail: EscalationDetail) -> Sequence[Any]:
    """The user's turns just before the mention: what history knew of her."""
    if row.user_key is None:
        return ()
    of_user = Filter(user_key=row.user_key)
    return log.questions(transaction, of_user, limit=BEFORE, before=detail.id)


def _note(
    transaction: Transaction, here: Context, actor: Actor, escalation_id: UUID, note: str
) -> bool:
    now = here.clock()
    row = {
        "id": here.new_id(now),
        "escalation_id": escalation_id,
        "words": note,
        "actor": actor.label,
        "at": now,
    }
    if not verdicts.add_note(transaction, row):
        return False
    audited(transaction, here, actor, now, "note", escalation_id)
    return True


def _label(
    transaction: Transaction, here: Context, actor: Actor, escalation_id: UUID, said: str
) -> bool:
    now = here.clock()
    if said == "back":
        done = verdicts.unlabel(transaction, escalation_id)
    else:
        mention = sales.escalation(transaction, escalation_id)
        if mention is None:
            return False
        offer = mention.offer if said == RIGHT else None if said == WRONG else said
        row = {"id": escalation_id, "escalate": said != WRONG, "offer": offer}
        done = verdicts.label(transaction, {**row, "actor": actor.label, "at": now})
    if done:
        audited(transaction, here, actor, now, "label", escalation_id, label=said)
    return done
