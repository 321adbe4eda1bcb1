"""The admin API of experiments: verdicts, what is paused, and switching it on again."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from tay_middleware.analytics.experiments import Verdict, examine
from tay_middleware.ending import ending
from tay_middleware.errors import ConfigurationError
from tay_middleware.storage.desk import pauses as sql
from tay_middleware.storage.outbox.pause_board import publish
from tay_middleware.storage.transaction import Transaction
from tay_middleware.web.auditing import audited
from tay_middleware.web.auth import Actor, Reader, Writer
from tay_middleware.web.context import Context, Here
from tay_middleware.web.problems import responses
from tay_middleware.web.schemas import Noted, Sent, Word

router = APIRouter(prefix="/api/v1/admin", tags=["experiments"])

Name = Annotated[str, Path(max_length=200, pattern=r"^[A-Za-z0-9_.-]+$")]


class ExperimentsOut(BaseModel):
    """All experiments of the playbook, the holdout first, as of a moment."""

    as_of: datetime
    items: list[Verdict]


class PauseOut(BaseModel):
    """One pause, from its beginning to its end; `figures` is what it was decided on."""

    subject: sql.Subject = Field(examples=["template"])
    name: str = Field(examples=["mentorship.gentle.any.B"])
    paused_at: datetime
    paused_by: str = Field(examples=["auto-pause"])
    reason: str
    figures: dict[str, Any]
    until: datetime | None = Field(description="when it ends by itself; null for a person to end")
    lifted_at: datetime | None
    lifted_by: str | None
    note: str | None


class PausesOut(BaseModel):
    """The audit trail, newest first."""

    items: list[PauseOut]


class PauseIn(Sent):
    """Switch something off."""

    name: Word = Field(description="an offer, or the id of a wording")
    reason: Word
    until: Word | None = Field(
        None,
        description="when it ends by itself: a time in ISO 8601 (UTC where it names no zone), or "
        "how long from now; none: when somebody ends it",
        examples=["3 days", "12h", "2026-12-01T09:00:00+01:00"],
    )


class ResumeIn(Sent):
    """Switch something on again."""

    note: Word | None = None


@router.get("/experiments", responses=responses(401, 403, 422, 501))
async def list_experiments(here: Here, _actor: Reader) -> ExperimentsOut:
    """State and verdict of every experiment."""
    now = here.clock()
    return ExperimentsOut(as_of=now, items=list(await _examined(here, now)))


@router.get("/experiments/{name}", responses=responses(401, 403, 404, 422, 501))
async def get_experiment(here: Here, _actor: Reader, name: Name) -> Verdict:
    """One experiment; `holdout` is the holdout."""
    found = await _examined(here, here.clock(), name)
    if not found:
        raise HTTPException(404, "no experiment has this name")
    return found[0]


@router.get("/pauses", responses=responses(401, 403, 422))
async def list_pauses(here: Here, _actor: Reader) -> PausesOut:
    """What was paused beside the playbook, by whom and why, and until when."""
    rows = await here.database.read(sql.history, here.clock())
    names = PauseOut.model_fields
    return PausesOut(
        items=[PauseOut(**{name: getattr(row, name) for name in names}) for row in rows]
    )


@router.post("/pauses", responses=responses(400, 401, 403, 404, 409, 413, 422))
async def pause_something(here: Here, actor: Writer, said: PauseIn) -> Noted:
    """Switch an offer or a wording off in every running chat, for good or up to a time."""
    known = sql.subject_of(here.playbook, said.name)
    # A chat that was not restarted since an edit goes on mentioning what is no more in the files.
    subject = known or await here.database.read(sql.mentioned_as, said.name)
    if subject is None:
        raise HTTPException(404, "no offer and no wording has this name")
    now = here.clock()
    until = _ending(said.until, now)
    done = await here.database.write(_pause, here, actor, subject, said, now, until)
    await publish(here.settings, here.database, now)
    if not done:
        raise HTTPException(409, "it is paused already")
    return Noted()


@router.post("/pauses/{name}/resume", responses=responses(400, 401, 403, 404, 413, 422))
async def resume_something(here: Here, actor: Writer, name: Name, said: ResumeIn) -> Noted:
    """Switch on again what is paused; reactions from before count no more."""
    now = here.clock()
    done = await here.database.write(_lift, here, actor, name, said.note, now)
    await publish(here.settings, here.database, now)
    if not done:
        raise HTTPException(404, "nothing of this name is paused")
    return Noted()


def _ending(said: str | None, now: datetime) -> datetime | None:
    if said is None or not said.strip():
        return None
    try:
        return ending(said, now)
    except ValueError as error:
        raise HTTPException(422, f"until: {error}") from None


def _pause(
    transaction: Transaction,
    here: Context,
    actor: Actor,
    subject: sql.Subject,
    said: PauseIn,
    now: datetime,
    until: datetime | None,
) -> bool:
    done = sql.pause(
        transaction,
        pause_id=here.new_id(now),
        subject=subject,
        name=said.name,
        now=now,
        by=actor.label,
        reason=said.reason,
        figures={},
        until=until,
    )
    if done:
        audited(transaction, here, actor, now, "pause", said.name)
    return done


def _lift(
    transaction: Transaction, here: Context, actor: Actor, name: str, why: str | None, now: datetime
) -> bool:
    done = sql.lift(transaction, name, now, by=actor.label, note=why)
    if done:
        audited(transaction, here, actor, now, "resume", name)
    return done


async def _examined(here: Context, now: datetime, only: str | None = None) -> tuple[Verdict, ...]:
    try:
        return await examine(here.database, here.playbook, now=now, only=only)
    except ConfigurationError as error:
        raise HTTPException(501, str(error)) from error
