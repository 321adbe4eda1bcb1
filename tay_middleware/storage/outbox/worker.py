"""`tay drain` as a process: a drain, the spool of this machine, signals, and what it owes."""

import asyncio
import logging
import signal
import time
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, func, select

from tay_middleware.errors import StorageError, StorageUnavailable
from tay_middleware.settings import Settings
from tay_middleware.storage.database import Database
from tay_middleware.storage.drain import Counts, Drain, Pace
from tay_middleware.storage.embedded import MENTIONS_SECONDS
from tay_middleware.storage.ledger import dead_letters
from tay_middleware.storage.outbox.buckets import BUCKETS, PREFIX
from tay_middleware.storage.outbox.checks import check
from tay_middleware.storage.outbox.link import PATIENT_SECONDS, close_client, make_client
from tay_middleware.storage.outbox.pause_board import publish_by
from tay_middleware.storage.outbox.places import Outbox
from tay_middleware.storage.outbox.stream import Backlog, Streams
from tay_middleware.storage.redis import RedisStore
from tay_middleware.storage.rounds import Rounds
from tay_middleware.storage.schema import upgrade
from tay_middleware.storage.spool import Owed
from tay_middleware.storage.versions import check_current

SPOOL_EVERY_SECONDS = 2.0
"""Between two looks into the spool of this machine, for calls that a dead process has left."""


BOARD_SECONDS = 60.0
"""Between two looks whether chats are told what is paused: a Redis that came back empty tells them
nothing, and what was paused would be recommended again."""

_log = logging.getLogger("tay_middleware.drain")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Health:
    """What the way from Redis to SQL owes.

    `lag_seconds` is the age of the oldest event, 0.0 when there is none; `spooled` counts the calls
    that wait on this machine, the oldest for `spooled_seconds`, `refused` those put aside there,
    for Redis never runs them. `dead` are the dead letters, `None` where SQL does not answer.
    `silent` are buckets whose server gives no answer: what waits there is in none of the other
    figures. `away` says of Redis and SQL what each of them answers, where that is nothing of use.
    """

    events: int
    pending: int
    lag_seconds: float
    buckets: int
    spooled: int
    dead: int | None
    silent: int = 0
    spooled_seconds: float = 0.0
    refused: int = 0
    away: tuple[str, ...] = ()

    def is_well(self, most_lag_seconds: float) -> bool:
        """Whether nothing is late, nothing has died, and everybody answers."""
        late = max(self.lag_seconds, self.spooled_seconds) > most_lag_seconds
        return not (late or self.dead or self.silent or self.refused or self.away)


@dataclass(frozen=True, slots=True)
class Places:
    """Where the outbox and the log are; a log that is a file is migrated when it is used."""

    outbox: Outbox
    database_url: str

    @classmethod
    def of(cls, settings: Settings) -> "Places | None":
        """The places that the settings name; `None` where they name no Redis."""
        outbox = Outbox.of(settings)
        if outbox is None:
            return None
        # Here no user is looked for: whatever the secret is, it must not be taken for the app's.
        return cls(replace(outbox, secret_mark=None), settings.resolved_database_url)

    def client(self) -> Any:
        """A client with a patient deadline."""
        return make_client(self.outbox.redis_url, patience_seconds=PATIENT_SECONDS)

    def store(self) -> RedisStore:
        """The store whose spool is made up for."""
        return RedisStore.on(
            self.outbox, self.database_url, history_turns=1, mentions_seconds=MENTIONS_SECONDS
        )


def run_drain(places: Places, pace: Pace, *, once: bool) -> Counts:
    """Work until SIGTERM or SIGINT, or, with `once`, until nothing is left to do now.

    Raises:
        ConfigurationError: this Redis must not be used as it is.
        SchemaMismatch: the database needs `tay db upgrade`.
        StorageError: with `once`: Redis or SQL does not answer.
    """
    if Database(places.database_url).is_file:
        upgrade(places.database_url)
    return asyncio.run(_drain(places, pace, once=once))


def health(places: Places) -> Health:
    """What is owed now, as far as it can be seen while Redis or SQL is away.

    Raises:
        StorageError: one of them answers, and refuses: a password, or the schema, does not fit.
    """
    return asyncio.run(health_of(places))


async def _drain(places: Places, pace: Pace, *, once: bool) -> Counts:
    client, database, store = places.client(), Database(places.database_url), places.store()
    prefix = places.outbox.prefix
    worker = Drain(client, database, pace=pace, prefix=prefix)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop)
    beside: list[asyncio.Task[None]] = []
    try:
        if once:
            await check(client, PATIENT_SECONDS, prefix)
            await store.open()
            while await store.replay():
                pass
            await _tell_board(client, database, prefix)
        else:
            await store.open()
            beside = [
                asyncio.create_task(_keep_spool_empty(store)),
                asyncio.create_task(keep_board(client, database, prefix=prefix)),
            ]
        return await worker.run(once=once)
    finally:
        try:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
        finally:
            await _closed(store, database, client)


async def keep_board(
    client: Any,
    database: Database,
    *,
    look_seconds: float = BOARD_SECONDS,
    prefix: str = PREFIX,
) -> None:
    """Tell the chats again and again what is paused, until cancelled."""

    async def tell() -> None:
        await publish_by(client, database, datetime.now(UTC), prefix)

    rounds = Rounds("pauses", "what is paused is told later", _log)
    await rounds.go(tell, look_seconds)


async def _tell_board(client: Any, database: Database, prefix: str) -> None:
    try:
        await publish_by(client, database, datetime.now(UTC), prefix)
    except StorageError as error:
        _log.warning("what is paused is told later: %s", error)


async def _keep_spool_empty(store: RedisStore) -> None:
    async def look() -> None:
        if await store.spool.count():
            store.mend()

    rounds = Rounds("spool", "the spool is looked at later", _log)
    await rounds.go(look, SPOOL_EVERY_SECONDS, waits=True)


async def health_of(places: Places) -> Health:
    """As `health`, for code that has an event loop."""
    client, database, store = places.client(), Database(places.database_url), places.store()
    try:
        streams = Streams(client, "health", places.outbox.prefix)
        away: list[str] = []
        waits = await _unless_away(streams.backlog(time.time()), away)
        dead = await _unless_away(database.read(_dead), away)
        owed = await store.spool.owed()
        backlog, silent = ([], BUCKETS) if waits is None else (waits[0], len(waits[1]))
        return replace(_summed(backlog, silent, owed, dead), away=tuple(away))
    finally:
        await _closed(store, database, client)


async def _unless_away(asked: Awaitable[T], away: list[str]) -> T | None:
    """What is asked; `None`, and a line more in `away`, where nobody answers."""
    try:
        return await asked
    except StorageUnavailable as error:
        away.append(str(error))
        return None


async def _closed(store: RedisStore, database: Database, client: Any) -> None:
    """Close each, whatever becomes of the others."""
    async with AsyncExitStack() as closing:
        closing.push_async_callback(close_client, client)
        closing.push_async_callback(database.aclose)
        closing.push_async_callback(store.aclose)


def _summed(backlog: list[Backlog], silent: int, owed: Owed, dead: int | None) -> Health:
    return Health(
        events=sum(bucket.events for bucket in backlog),
        pending=sum(bucket.pending for bucket in backlog),
        lag_seconds=round(max((bucket.oldest_seconds for bucket in backlog), default=0.0), 3),
        buckets=len(backlog),
        spooled=owed.calls,
        dead=dead,
        silent=silent,
        spooled_seconds=round(owed.oldest_seconds, 3),
        refused=owed.refused,
    )


def _dead(connection: Connection) -> int:
    check_current(connection)
    return connection.execute(select(func.count()).select_from(dead_letters)).scalar_one()
