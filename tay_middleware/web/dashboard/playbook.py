"""The playbook as it speaks: wordings with their figures and checks, and a box to try it."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tay_middleware.analytics.calendar import last_days
from tay_middleware.analytics.measures import terms_of
from tay_middleware.analytics.metrics import Rate, plain
from tay_middleware.analytics.overview import ranked
from tay_middleware.domain import Tier
from tay_middleware.ending import HOW_TO_SAY_IT
from tay_middleware.playbook import Template, Violation
from tay_middleware.storage.desk import pauses
from tay_middleware.web import experiments as api
from tay_middleware.web.context import Context, Here
from tay_middleware.web.dashboard.pages import back, render
from tay_middleware.web.dashboard.state import Desk
from tay_middleware.web.dashboard.trying import Trial, Tried, try_out
from tay_middleware.web.dashboard.visible import Piece, pieces
from tay_middleware.web.dashboard.visitors import Asking, Changing, Looking
from tay_middleware.web.experiments import PauseIn

router = APIRouter(prefix="/playbook")

DAYS = 90
MOST_QUESTION_CHARS = 4000
MOST_UNTIL_CHARS = 40
SAMPLE_REPLY = (
    "Start with the hours that go into one piece, then what the hair costs you, and put both "
    "on paper before you look at anybody else's numbers."
)
"""What the try-it box weaves into where nothing else is given."""


@dataclass(frozen=True, slots=True)
class Wording:
    """A wording with what became of it, what is said against it, and whether it is paused."""

    template: Template
    shown: int
    rate: Rate
    violations: tuple[Violation, ...]
    is_paused: bool


@router.get("")
async def playbook(request: Request, here: Here, visitor: Looking) -> Response:
    """All offers and wordings."""
    return await _page(request, here, visitor, Trial("", "free", SAMPLE_REPLY), None)


@router.post("/try")
async def tried(request: Request, here: Here, desk: Desk, given: Asking) -> Response:
    """Decide a question and weave the answer; nothing is logged, nothing is remembered."""
    question = given.form.get("question", "")
    if not question.strip() or len(question) > MOST_QUESTION_CHARS:
        raise HTTPException(422, f"a question has 1 to {MOST_QUESTION_CHARS:,} characters")
    trial = Trial(
        question,
        Tier.parse(given.form.get("tier", "free")).value,
        given.form.get("reply", "")[:MOST_QUESTION_CHARS] or SAMPLE_REPLY,
    )
    paused = await here.database.read(pauses.paused_names, here.clock())
    cascade = await desk.cascade()
    outcome = await asyncio.to_thread(try_out, trial, here.playbook, cascade, paused)
    return await _page(request, here, given.visitor, trial, outcome)


@router.post("/pause")
async def pause(request: Request, here: Here, given: Changing) -> Response:
    """Switch an offer or a wording off, for good or up to a time."""
    named, reason, until = (given.word(name) for name in ("name", "reason", "until"))
    if named is None or reason is None or len(reason) > 200:
        raise HTTPException(422, "say what to pause, and why in at most 200 characters")
    if until is not None and len(until) > MOST_UNTIL_CHARS:
        raise HTTPException(422, f"until: say {HOW_TO_SAY_IT}")
    said = PauseIn(name=named[:200], reason=reason, until=until)
    await api.pause_something(here, given.visitor.actor, said)
    return back(request, "playbook", done="paused")


@router.post("/resume/{name}")
async def resume(
    request: Request, here: Here, given: Changing, name: Annotated[str, Path(max_length=200)]
) -> Response:
    """Switch it on again."""
    said = api.ResumeIn(note=given.word("note"))
    await api.resume_something(here, given.visitor.actor, name, said)
    return back(request, "playbook", done="resumed")


async def _page(
    request: Request,
    here: Context,
    visitor: Looking,
    trial: Trial,
    outcome: Tried | None,
) -> Response:
    wordings = await _wordings(here)
    history = await here.database.read(pauses.history, here.clock())
    on_disk = await here.on_disk()
    values = {
        "visitor": visitor,
        "title": "Playbook",
        "problems": [on_disk.told] if on_disk.told else [],
        "playbook": here.playbook,
        "wordings": wordings,
        "broken": sum(bool(one.violations) for one in wordings),
        "days": DAYS,
        "pauses": [row for row in history if row.lifted_at is None],
        "tiers": [tier.value for tier in Tier],
        "trial": trial,
        "outcome": outcome,
        "trial_pieces": _pieces_of(trial, outcome),
    }
    return render(request, "playbook.html", values)


async def _wordings(here: Context) -> list[Wording]:
    now = here.clock()
    found = await ranked(
        here.database,
        last_days(DAYS, now),
        "template",
        terms_of(here.settings, here.playbook),
        now=now,
    )
    by_name = {one.name: one for one in found}
    paused = await here.database.read(pauses.paused_names, now)
    off = paused.union(here.playbook.policy.paused_templates, here.playbook.policy.paused_offers)
    return [
        Wording(
            template=one,
            shown=by_name[one.id].shown if one.id in by_name else 0,
            rate=by_name[one.id].rate if one.id in by_name else plain(0, 0),
            violations=here.playbook.conduct.violations(one.text),
            is_paused=one.id in off or one.offer in off,
        )
        for one in here.playbook.templates
    ]


def _pieces_of(trial: Trial, outcome: Tried | None) -> list[Piece]:
    if outcome is None:
        return []
    found = outcome.decision.detection.indicators
    spans: list[list[Any]] = [
        [one.group, trial.question[one.start : one.end], one.start, one.end, one.weight]
        for one in found
    ]
    return pieces(trial.question, spans)
