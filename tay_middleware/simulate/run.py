"""Runs a simulation: every question through the real engine, every sale through the real inbox.

Signatures are left out, for a simulation has no provider's secret; all that comes after them is as
in production. Time is the simulation's own: it ends now, and nobody waits for it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from tay_middleware.domain import Decision, uuid7
from tay_middleware.engine import Escalator, Reply
from tay_middleware.errors import InputError
from tay_middleware.payments.inbox import InboxWorker
from tay_middleware.payments.terms import terms_of
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings
from tay_middleware.simulate.people import Visit, visits
from tay_middleware.simulate.playbook import stage_playbook
from tay_middleware.simulate.questions import REPLY
from tay_middleware.simulate.sales import Sale, broken, clicks, deliveries, sale_of
from tay_middleware.storage import Database, inbox, log, open_store, simulations, touches, upgrade
from tay_middleware.storage.log import Filter
from tay_middleware.storage.purchases import Transaction

GRACE_SECONDS = 10.0
"""A simulation waits for its decisions: nobody is chatting."""

BROKEN = 2
"""Deliveries that cannot be understood, so that there is something to look at."""

CHUNK = 200


@dataclass(frozen=True, slots=True)
class Simulated:
    """What was made: counts, and where the playbook of it is."""

    questions: int
    mentions: int
    sales: int
    playbook: Path


@dataclass
class _Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


def simulate(
    settings: Settings,
    *,
    users: int,
    days: int,
    seed: int,
    now: datetime | None = None,
    tell: Callable[[int, int], None] = lambda _done, _all: None,
) -> Simulated:
    """Fill the embedded database of the settings with a simulated stretch of time that ends now.

    Args:
        settings: whose database it is; its playbook is copied, with tests switched on.
        users: how many people.
        days: how long it lasts.
        seed: the same seed, playbook and end give the same rows.
        now: its end, aware.
        tell: told how many questions are asked, of how many.

    Raises:
        InputError: the database is not embedded, or holds questions already.
        StorageError: it cannot be written.
    """
    ends = now or datetime.now(UTC)
    begins = ends - timedelta(days=days)
    _prepare(settings, users, seed, begins, ends)
    source = settings.prompts_dir if settings.prompts_dir != _copy(settings) else None
    playbook = stage_playbook(_copy(settings), source, begins.date())
    random = Random(seed)  # noqa: S311 - people who are made up
    planned = visits(users, days, begins, random)
    sales, clicked = _ask_all(settings, playbook, planned, ends, random, tell)
    asyncio.run(_sell(settings, playbook, sales, clicked, begins, ends, random))
    mentions = sum(1 for _ in clicked)
    return Simulated(len(planned), mentions, len(sales), _copy(settings))


def _copy(settings: Settings) -> Path:
    return settings.home / "prompts"


def _prepare(settings: Settings, users: int, seed: int, begins: datetime, ends: datetime) -> None:
    """Make the database, and let it say that it is simulated before the first row is."""
    database = Database(settings.resolved_database_url)
    if not database.is_file or settings.redis_url is not None:
        raise InputError(
            "a simulation fills an embedded database: unset TAY_DATABASE_URL, TAY_REDIS_URL"
        )
    upgrade(database.url)
    row = {
        "id": uuid7(ends, seed & ((1 << 74) - 1)),
        "seed": seed,
        "users": users,
        "begins_at": begins,
        "ends_at": ends,
        "made_at": datetime.now(UTC),
    }

    async def begin() -> bool:
        try:
            if not await database.read(simulations.is_empty):
                return False
            await database.write(simulations.begin, row)
            return True
        finally:
            await database.aclose()

    if not asyncio.run(begin()):
        raise InputError(
            f"{settings.home} holds questions already: simulate into a directory of its own"
        )


def _ask_all(
    settings: Settings,
    playbook: Playbook,
    planned: list[Visit],
    ends: datetime,
    random: Random,
    tell: Callable[[int, int], None],
) -> tuple[list[Sale], dict[tuple[str, datetime], bool]]:
    """Ask everything; the sales that come of it, and of each mention whether it was clicked on."""
    clock = _Clock(planned[0].at if planned else ends)
    engine = Escalator(
        playbook,
        lambda: open_store(settings.resolved_database_url, history_turns=settings.history_turns),
        settings.model_copy(
            update={"grace_seconds": GRACE_SECONDS, "recall_timeout_seconds": GRACE_SECONDS}
        ),
        clock=clock,
        random_bits=random.getrandbits,
    )
    sales: list[Sale] = []
    clicked: dict[tuple[str, datetime], bool] = {}
    try:
        for number, visit in enumerate(planned):
            clock.now = visit.at
            decision = _ask(engine, visit)
            if decision is not None:
                if decision.shown:
                    clicked[visit.user_id, visit.at] = clicks(decision, random)
                sale = sale_of(visit, decision, number, ends, random)
                sales += [sale] if sale is not None else []
            if number % CHUNK == 0:
                engine.flush(GRACE_SECONDS)
                tell(number, len(planned))
        engine.flush(GRACE_SECONDS)
    finally:
        engine.close()
    tell(len(planned), len(planned))
    return sales, clicked


def _ask(engine: Escalator, visit: Visit) -> Decision | None:
    turn = engine.turn(
        question=visit.question,
        user_id=visit.user_id,
        session_id=visit.session_id,
        tier=visit.tier,
    )
    return engine.begin(turn).settle(Reply(REPLY)).decision


async def _sell(
    settings: Settings,
    playbook: Playbook,
    sales: list[Sale],
    clicked: dict[tuple[str, datetime], bool],
    begins: datetime,
    ends: datetime,
    random: Random,
) -> None:
    """Deliver every sale in its order, and let the worker of the inbox make of it what it will."""
    database = Database(settings.resolved_database_url)
    clock = _Clock(ends)
    rows = [row for sale in sales for row in deliveries(sale, random)]
    rows = [row for row in rows if row["received_at"] < ends]
    rows += [
        broken(number, ends - timedelta(days=2, hours=number), random) for number in range(BROKEN)
    ]
    try:
        await database.write(_click, clicked, begins)
        for first in range(0, len(rows), CHUNK):
            await database.write(inbox.store, rows[first : first + CHUNK])
        await InboxWorker(database, terms_of(settings, playbook), clock=clock).work_off()
    finally:
        await database.aclose()


def _click(
    transaction: Transaction, clicked: dict[tuple[str, datetime], bool], begins: datetime
) -> None:
    """Follow the links: of those who clicked, some minutes after the mention."""
    for row in log.escalations(transaction, Filter(since=begins), limit=1_000_000):
        if clicked.get((row.user_id, row.created_at)):
            at = row.created_at + timedelta(minutes=7)
            touches.note_click(transaction, row.id, row.user_key, at)
