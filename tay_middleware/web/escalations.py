"""The admin API of escalations: list, figures, one in full, a word by hand, CSV."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse

from tay_middleware.analytics.calendar import day_of, last_days
from tay_middleware.analytics.retention import rows_since
from tay_middleware.errors import PayloadError
from tay_middleware.payments.money import major
from tay_middleware.payments.settle import restate_mentions
from tay_middleware.storage.payments import purchases
from tay_middleware.storage.payments.credits import lock
from tay_middleware.storage.reading import log, sales
from tay_middleware.storage.reading.log import Filter
from tay_middleware.storage.simulations import is_simulated
from tay_middleware.storage.transaction import Transaction
from tay_middleware.web import views
from tay_middleware.web.auditing import audited
from tay_middleware.web.auth import Actor, Exporter, Reader, Writer
from tay_middleware.web.context import Context, Here
from tay_middleware.web.filters import Asked, AskedPage, filter_of
from tay_middleware.web.periods import PeriodDays
from tay_middleware.web.problems import responses
from tay_middleware.web.schemas import (
    EscalationDetail,
    EscalationOut,
    EscalationPage,
    MarkIn,
    Stats,
    Today,
)
from tay_middleware.web.sheets import CSV_COLUMNS, csv_head, csv_line

router = APIRouter(prefix="/api/v1/admin/logs", tags=["escalations"])

RECENT = 10
"""How many of the newest escalations stand in the figures."""

EXPORT_PAGE = 500
"""Rows that an export reads at a time."""

EscalationId = Annotated[UUID, Path(description="the escalation's id")]


@router.get("/escalations", responses=responses(401, 403, 422))
async def list_escalations(
    here: Here, _actor: Reader, asked: Annotated[AskedPage, Query()]
) -> EscalationPage:
    """Escalations, newest first."""
    which = await filter_of(here, asked)
    items = await here.database.read(page, which, asked.limit + 1, asked.cursor)
    more = len(items) > asked.limit
    items = items[: asked.limit]
    return EscalationPage(items=items, next_cursor=str(items[-1].id) if more else None)


@router.get("/escalations/stats", responses=responses(401, 403, 422))
async def escalation_stats(here: Here, _actor: Reader, period_days: PeriodDays = 30) -> Stats:
    """The figures of the last whole days and of today: totals, by offer, reason, more, revenue."""
    now = here.clock()
    since, today = last_days(period_days, now).since, day_of(now)
    until = today + timedelta(days=1)
    known_since = await rows_since(here.database, since, now, here.settings.retention_days)
    figures, recent, simulated = await here.database.read(_figures, since, until, known_since)
    of_today = await here.database.read(sales.figures, today, until)
    return Stats(
        period_days=period_days,
        since=since,
        until=until,
        today=Today(
            since=today,
            questions=of_today.questions,
            escalations=of_today.escalations,
        ),
        conversions_since=known_since,
        recent_escalations=recent,
        simulated=simulated,
        **views.stats_fields(figures),
    )


@router.get(
    "/escalations.csv",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/csv": {}}, "description": "rows"},
        **responses(401, 403, 422),
    },
)
async def export_escalations(
    here: Here, actor: Exporter, asked: Annotated[Asked, Query()], request: Request
) -> StreamingResponse:
    """All escalations of a filter as CSV, newest first; cells cannot be formulas."""
    which = await filter_of(here, asked)
    await here.database.write(exported, here, actor, request.query_params)
    return await export(here, which)


@router.get("/escalations/{escalation_id}", responses=responses(401, 403, 404, 422))
async def one_escalation(
    here: Here, _actor: Reader, escalation_id: EscalationId
) -> EscalationDetail:
    """One escalation with its explanation, clicks, feedback, purchases and marks."""
    return _found(await here.database.read(detail, escalation_id))


@router.patch("/escalations/{escalation_id}", responses=responses(400, 401, 403, 404, 413, 422))
async def mark_escalation(
    here: Here, actor: Writer, escalation_id: EscalationId, said: MarkIn
) -> EscalationDetail:
    """Say by hand whether it led to a sale; `null` takes the word back.

    It is one more event, with who said it and when; it never erases what a provider said.
    """
    return _found(await here.database.write(mark, here, actor, escalation_id, said, here.clock()))


async def export(here: Context, which: Filter) -> StreamingResponse:
    """All mentions of a filter as CSV, in pieces."""
    first = await here.database.read(page, which, EXPORT_PAGE, None)
    return StreamingResponse(
        _lines(here, which, first),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": "attachment; filename=escalations.csv"},
    )


def exported(
    transaction: Transaction, here: Context, actor: Actor, given: Mapping[str, str]
) -> None:
    """Write down that mentions were exported, and by which filters, but for the user's own id."""
    filters = {name: value for name, value in given.items() if name != "user_id"}
    audited(transaction, here, actor, here.clock(), "export", "escalations", **filters)


def _found(found: EscalationDetail | None) -> EscalationDetail:
    if found is None:
        raise HTTPException(404, "no escalation has this id")
    return found


def page(
    transaction: Transaction, which: Filter, limit: int, before: UUID | None
) -> list[EscalationOut]:
    """Mentions of a filter, newest first; `before` is the last id of the page before."""
    rows = log.escalations(transaction, which, limit=limit, before=before)
    beside = sales.beside(transaction, [row.id for row in rows])
    return [views.escalation_out(row, beside) for row in rows]


def _figures(
    transaction: Transaction, since: datetime, until: datetime, known_since: datetime
) -> tuple[sales.Figures, list[EscalationOut], bool]:
    return (
        sales.figures(transaction, since, until, known_since),
        page(transaction, Filter(since=since, until=until), RECENT, None),
        is_simulated(transaction, since, until),
    )


def detail(transaction: Transaction, escalation_id: UUID) -> EscalationDetail | None:
    """One mention with all that is known of it, or `None`."""
    row = sales.escalation(transaction, escalation_id)
    if row is None:
        return None
    beside = sales.beside(transaction, [escalation_id])
    return views.escalation_detail(row, beside, sales.question(transaction, escalation_id))


def mark(
    transaction: Transaction,
    here: Context,
    actor: Actor,
    escalation_id: UUID,
    said: MarkIn,
    now: datetime,
) -> EscalationDetail | None:
    """Write an admin's word on a mention; the mention as it stands then, `None` if there is none.

    Raises:
        PayloadError: the amount is none of its currency, or the mention was not there yet when it
            is said to have been sold, or that is yet to come.
    """
    money = None if said.amount is None else major(said.amount, said.currency)
    row = {
        "id": here.new_id(now),
        "escalation_id": escalation_id,
        "converted": said.converted,
        "amount": money.amount if money else None,
        "currency": money.currency if money else None,
        "note": said.note,
        "actor": actor.label,
        "at": now,
        "sold_at": said.sold_at,
    }
    lock(transaction)
    mention = sales.escalation(transaction, escalation_id)
    if mention is None:
        return None
    if said.sold_at is not None and not mention.created_at <= said.sold_at <= now:
        raise PayloadError("sold_at is before the mention, or is yet to come")
    purchases.mark(transaction, row)
    restate_mentions(transaction, [escalation_id])
    amount = {"amount": str(said.amount), "currency": said.currency} if money else {}
    audited(
        transaction, here, actor, now, "mark", escalation_id, converted=said.converted, **amount
    )
    return detail(transaction, escalation_id)


async def _lines(here: Context, which: Filter, some: list[EscalationOut]) -> AsyncIterator[str]:
    yield csv_head(CSV_COLUMNS)
    while some:
        for one in some:
            fields = one.model_dump(mode="json")
            yield csv_line([fields[name] for name in CSV_COLUMNS])
        if len(some) < EXPORT_PAGE:
            return
        some = await here.database.read(page, which, EXPORT_PAGE, some[-1].id)
