"""The admin API of purchases and of the inbox: what is unmatched, whose it is, what died."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query
from starlette.exceptions import HTTPException

from tay_middleware.analytics.calendar import day_of, last_days
from tay_middleware.payments.attribution import OF_ITS_OWN
from tay_middleware.payments.facts import Evidence, Fact, Said
from tay_middleware.payments.providers import PROVIDERS
from tay_middleware.payments.settle import settle
from tay_middleware.storage.payments import inbox
from tay_middleware.storage.payments.purchases import users_seen
from tay_middleware.storage.payments.tables import PurchaseKind
from tay_middleware.storage.reading import sales
from tay_middleware.storage.simulations import is_simulated
from tay_middleware.storage.transaction import Transaction
from tay_middleware.web.auditing import audited
from tay_middleware.web.auth import Actor, Reader, Writer
from tay_middleware.web.context import Context, Here
from tay_middleware.web.periods import PeriodDays
from tay_middleware.web.problems import responses
from tay_middleware.web.schemas import (
    AssignIn,
    DeliveryOut,
    DeliveryPage,
    Noted,
    PurchaseListed,
    PurchasePage,
    PurchaseStats,
    Word,
)
from tay_middleware.web.views import kinds_of, purchase_listed, purchase_stats_fields

router = APIRouter(prefix="/api/v1/admin", tags=["purchases"])

Limit = Annotated[int, Query(ge=1, le=500, description="rows on a page")]


@router.get("/purchases", responses=responses(401, 403, 422))
async def list_purchases(
    here: Here,
    _actor: Reader,
    kind: Annotated[
        PurchaseKind | None, Query(description="`unmatched`, `ambiguous`, `organic` …")
    ] = None,
    limit: Limit = 50,
    cursor: Annotated[Word | None, Query(description="`next_cursor` of the page before")] = None,
) -> PurchasePage:
    """Purchases, newest first; those of kind `unmatched` and `ambiguous` wait for a person."""
    rows, keys = await here.database.read(_listed, kind, _place(cursor), limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return PurchasePage(
        items=[purchase_listed(row, keys.get(row.purchase_key, ())) for row in rows[:limit]],
        next_cursor=f"{last.begun_at:%Y-%m-%dT%H:%M:%S.%fZ}_{last.id}" if last else None,
    )


@router.get("/purchases/stats", responses=responses(401, 403, 422))
async def purchase_stats(here: Here, _actor: Reader, period_days: PeriodDays = 30) -> PurchaseStats:
    """Purchases of the last whole days and today: kinds, revenue, credit by last and first touch.

    Those of kind `organic`, by users who were shown nothing in the window, are the baseline.
    """
    since, today = last_days(period_days, now := here.clock()).since, day_of(now)
    until = today + timedelta(days=1)
    *found, simulated = await here.database.read(_touched, since, until)
    of_today = kinds_of(await here.database.read(sales.revenue, today, until))
    return PurchaseStats(
        period_days=period_days,
        since=since,
        until=until,
        kinds_today=of_today,
        simulated=simulated,
        **purchase_stats_fields(*found),
    )


@router.post(
    "/purchases/{purchase_id}/assignment", responses=responses(400, 401, 403, 404, 409, 413, 422)
)
async def assign_purchase(
    here: Here,
    actor: Writer,
    purchase_id: Annotated[UUID, Path(description="the purchase's id")],
    said: AssignIn,
) -> PurchaseListed:
    """Say whose purchase it is, where its own evidence does not; kept with who said it and when."""
    if said.escalation_id is not None:
        mention = await here.database.read(sales.escalation, said.escalation_id)
        if mention is None:
            raise HTTPException(404, "no escalation has this id")
    found = await here.database.write(assign, here, actor, purchase_id, said, here.clock())
    if found is None:
        raise HTTPException(404, "no purchase has this id")
    return found


@router.get("/webhooks", responses=responses(401, 403, 422))
async def list_deliveries(
    here: Here,
    _actor: Reader,
    state: inbox.State | None = None,
    provider: Word | None = None,
    limit: Limit = 50,
    cursor: UUID | None = None,
) -> DeliveryPage:
    """The inbox, newest first, without what the deliveries say."""
    if provider is not None and provider not in PROVIDERS:
        raise HTTPException(422, f"query.provider: choose one of {', '.join(PROVIDERS)}")
    rows = await here.database.read(
        inbox.page, state=state, provider=provider, before=cursor, limit=limit + 1
    )
    names = DeliveryOut.model_fields
    items = [DeliveryOut(**{name: getattr(row, name) for name in names}) for row in rows[:limit]]
    return DeliveryPage(items=items, next_cursor=str(items[-1].id) if len(rows) > limit else None)


@router.post("/webhooks/{delivery_id}/replay", responses=responses(401, 403, 404, 422))
async def replay_delivery(
    here: Here, actor: Writer, delivery_id: Annotated[UUID, Path(description="the delivery's id")]
) -> Noted:
    """Handle a delivery again; what it said once it does not say twice."""
    if not await here.database.write(replay, here, actor, [delivery_id], here.clock()):
        raise HTTPException(404, "no delivery has this id, or its words are past their retention")
    if here.worker is not None:
        here.worker.wake()
    return Noted()


def _place(cursor: str | None) -> tuple[datetime, UUID] | None:
    place = time_and_id(cursor)
    if cursor is not None and place is None:
        raise HTTPException(422, "cursor: not one of ours")
    return place


def time_and_id(said: str | None) -> tuple[datetime, UUID] | None:
    """The place of a purchase in its list, as a page hands it out; `None` where it is none."""
    at, _, last = (said or "").rpartition("_")
    try:
        return datetime.fromisoformat(at).astimezone(UTC), UUID(last)
    except (ValueError, OverflowError):
        return None


def _listed(
    transaction: Transaction,
    kind: PurchaseKind | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> tuple[Sequence[Any], Mapping[str, Sequence[str]]]:
    rows = sales.purchases(transaction, kind=kind, before=before, limit=limit)
    return rows, sales.references(transaction, [row.purchase_key for row in rows])


def _touched(transaction: Transaction, since: datetime, until: datetime) -> tuple[Any, ...]:
    return (
        sales.revenue(transaction, since, until),
        sales.touches(transaction, since, until, first=False),
        sales.touches(transaction, since, until, first=True),
        is_simulated(transaction, since, until),
    )


def replay(
    transaction: Transaction, here: Context, actor: Actor, ids: Sequence[UUID], now: datetime
) -> int:
    """Let deliveries be handled again; how many there were."""
    count = inbox.set_due(transaction, ids, now)
    if count:
        audited(
            transaction,
            here,
            actor,
            now,
            "replay",
            ids[0] if len(ids) == 1 else None,
            deliveries=count,
        )
    return count


def _buyer_named(transaction: Transaction, here: Context, said: AssignIn) -> str | None:
    user_key = here.key_of_user(said.user_id) if said.user_id else None
    if user_key is not None and not said.force and not users_seen(transaction, [user_key]):
        raise HTTPException(404, "the log has never seen this user; with force it is theirs anyway")
    return user_key


def assign(
    transaction: Transaction,
    here: Context,
    actor: Actor,
    purchase_id: UUID,
    said: AssignIn,
    now: datetime,
) -> PurchaseListed | None:
    """Say whose a purchase is; the purchase as it stands then, `None` if there is none.

    Raises:
        HTTPException: 404 the log has never seen the user, and nothing says that it must be; 409
            its own evidence says whose it is, over which no word stands.
    """
    row = sales.purchase(transaction, purchase_id)
    if row is None:
        return None
    if row.method in OF_ITS_OWN:
        raise HTTPException(409, f"its own evidence ({row.method}) says whose purchase it is")
    key, user_key = row.purchase_key, _buyer_named(transaction, here, said)
    fact = Fact(
        id=f"admin:{here.new_id(now)}",
        provider="admin",
        said=Said.ASSIGNED,
        at=now,
        keys=frozenset(),
        series=key,
        subject=actor.label,
        evidence=Evidence(
            escalation_id=said.escalation_id,
            user_key=user_key,
            by_hand=True,
            dismissed=bool(said.dismiss),
        ),
    )
    settle(transaction, [fact], here.terms.rules, now)
    to = "nobody" if said.dismiss else "user" if said.user_id else str(said.escalation_id)
    audited(transaction, here, actor, now, "assign", purchase_id, to=to)
    now_it_is = sales.purchase(transaction, purchase_id)
    return purchase_listed(now_it_is, sales.references(transaction, [key])[key])
