"""One simulation from beginning to end."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from tay_middleware.domain import uuid7
from tay_middleware.errors import InputError
from tay_middleware.simulate.bank import read_bank
from tay_middleware.simulate.people import population
from tay_middleware.simulate.place import (
    STAGED,
    Place,
    may_be_thrown_away,
    own_database,
    prepare,
    throw_away,
)
from tay_middleware.simulate.stage import Stage
from tay_middleware.simulate.truth import Truth
from tay_middleware.simulate.world import Counts, World
from tay_middleware.storage import Database, upgrade
from tay_middleware.storage import simulations as sql
from tay_middleware.storage.transaction import Transaction

HOME = Path(".tay-simulated")
"""Where a simulation goes by default: never where real rows are."""

DAYS = 30
USERS = 1000


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be simulated.

    Args:
        until: the end, aware; the time of the last row is before it.
        users: how many people.
        days: how long, up to the end.
        seed: of everything that is left to chance.
        home: where files go.
        database_url: where rows go; `None` is a file in the home.
        prompts_dir: a playbook to play by; `None` stages one with a test and a holdout.
        truth: what people do; `None` is the one of the staged playbook.
        fresh: throw the home's own simulated database away first.
        among_real_rows: whether made-up rows may go beside real ones.
    """

    until: datetime
    users: int = USERS
    days: int = DAYS
    seed: int = 1
    home: Path = HOME
    database_url: str | None = None
    prompts_dir: Path | None = None
    truth: Truth | None = None
    fresh: bool = False
    among_real_rows: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it.

    `truth` holds the figures put in, `effect` what they come to for those who were exposed: see
    `truth.Ledger`.
    """

    place: Place
    counts: Counts
    truth: dict[str, Any] = field(default_factory=dict)
    effect: dict[str, Any] = field(default_factory=dict)


def simulate(order: Order, step: Callable[[float], None] = lambda _share: None) -> Result:
    """Play it; `step` is told the share that is done.

    Raises:
        InputError: the database holds real rows, or this very simulation already.
        ConfigurationError: settings or playbook are wrong.
        StorageError: the database does not answer.
    """
    return asyncio.run(_simulate(order, step))


async def _simulate(order: Order, step: Callable[[float], None]) -> Result:
    begins_at = order.until - timedelta(days=order.days)
    if order.fresh:
        await _begin_anew(order.home)
    place = prepare(
        order.home,
        order.database_url,
        begins_at.date(),
        order.seed,
        prompts_dir=order.prompts_dir,
    )
    truth = order.truth or STAGED
    stage = Stage(place, order.seed, begins_at)
    identity = uuid7(begins_at, Random(f"{order.seed}:simulation").getrandbits(74))  # noqa: S311 - hides nothing
    try:
        await stage.migrate()
        refusal = await stage.database.read(_refusal, order)
        if refusal is not None:
            raise InputError(refusal)
        await stage.database.write(sql.begin, _row(order, place, truth, identity, begins_at))
        await stage.open(timedelta(days=order.days + 1))
        people = population(order.seed, order.users, begins_at, order.days)
        world = World(
            stage,
            read_bank(),
            truth,
            people,
            seed=order.seed,
            begins_at=begins_at,
            days=order.days,
        )
        await world.run(step)
        effect = world.ledger.described()
        told = {"put_in": truth.described(), "effect": effect, "counts": asdict(world.counts)}
        await stage.database.write(sql.end, identity, told)
    finally:
        await stage.aclose()
    return Result(place, world.counts, truth.described(), effect)


async def _begin_anew(home: Path) -> None:
    """Throw away what is in a home, if nobody in it exists."""
    url = own_database(home)
    if url is not None:
        upgrade(url)
        database = Database(url)
        try:
            real = await database.read(sql.has_real_rows)
        finally:
            await database.aclose()
        if real:
            raise InputError(f"{home}: holds rows of real people; nothing is thrown away")
    if not may_be_thrown_away(home):
        raise InputError(
            f"{home}: holds a database, a key or a playbook that `tay simulate` did not make, or "
            "that an earlier version made; nothing is thrown away: take another --home, or remove "
            "them"
        )
    throw_away(home)


def _refusal(transaction: Transaction, order: Order) -> str | None:
    """Why this order cannot be played into this database, if it cannot."""
    if not order.among_real_rows and sql.has_real_rows(transaction):
        return (
            "the database holds rows of real people: simulate into another one, or say "
            "--among-real-rows"
        )
    if any(one.seed == order.seed for one in sql.every(transaction)):
        return (
            f"seed {order.seed} was simulated into this database before: take another --seed, or "
            "begin anew with --fresh"
        )
    return None


def _row(
    order: Order, place: Place, truth: Truth, identity: UUID, begins_at: datetime
) -> dict[str, Any]:
    return {
        "id": identity,
        "seed": order.seed,
        "users": order.users,
        "begins_at": begins_at,
        "ends_at": order.until,
        "playbook_version": place.playbook.version,
        "truth": {"put_in": truth.described()},
    }
