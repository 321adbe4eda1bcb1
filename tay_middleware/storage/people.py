"""Everything that is kept of one person, to be handed out or to be erased.

Erasing keeps the rows, without what leads to a person: what was decided still counts, and a payment
still finds its mention. A mark stays behind in SQL and in Redis, so that a turn from before which
comes later (from a stream, or from the spool of another machine) is stored without the person too.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, func, select

from tay_middleware.errors import StorageError
from tay_middleware.identities import KeyOf
from tay_middleware.identities import user_key as hidden
from tay_middleware.settings import Settings
from tay_middleware.storage.connection.location import file_of, read_url
from tay_middleware.storage.database import Database
from tay_middleware.storage.desk.tables import escalation_notes, question_labels
from tay_middleware.storage.ledger import dead_letters, erase_rows, lock, remember_erased
from tay_middleware.storage.locks import PAYMENTS_LOCK, hold
from tay_middleware.storage.outbox.buckets import bucket_of, outbox_of
from tay_middleware.storage.outbox.link import PATIENT_SECONDS, in_time, translated
from tay_middleware.storage.outbox.places import Outbox
from tay_middleware.storage.outbox.waiting import Waiting, make_up
from tay_middleware.storage.outbox.wire import HISTORY_SECONDS, erase_call, moment
from tay_middleware.storage.payments.buyers import about, deliveries_about
from tay_middleware.storage.payments.tables import (
    conversion_marks,
    conversions,
    feedback,
    link_clicks,
    payment_facts,
    webhook_events,
)
from tay_middleware.storage.payments.unapplied import about_her, forget_words, ids_about
from tay_middleware.storage.redis import RedisStore
from tay_middleware.storage.schema import upgrade
from tay_middleware.storage.sql import escalation_logs, question_logs, user_profiles
from tay_middleware.storage.turns.events import read_event
from tay_middleware.storage.turns.exposures import exposures
from tay_middleware.storage.turns.figures import daily_users
from tay_middleware.storage.versions import check_current

EXPORTED = (
    *(question_logs, escalation_logs, user_profiles, daily_users, exposures),
    *(conversions, link_clicks, feedback, conversion_marks, escalation_notes),
)
"""Tables whose rows say by `user_key` whose they are; see `_rows_of` for the others."""

Kept = dict[str, list[dict[str, Any]]]
"""Rows by the name of where they are."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased: rows that lead to nobody now, spooled calls that are gone."""

    rows: int
    spooled: int


class Archive:
    """All places in which something of a person may be; it lives on one event loop."""

    def __init__(self, database: Database, store: RedisStore | None, key_of: KeyOf) -> None:
        """Make an unopened archive.

        Args:
            database: of the log.
            store: `None` where the database is all there is.
            key_of: hides an identity, as the engine and payments do.
        """
        self._database = database
        self._store = store
        self._key_of = key_of

    @classmethod
    def of(cls, settings: Settings) -> "Archive":
        """The archive of the places that the settings name.

        Raises:
            ConfigurationError: a URL is not understood, or there is no key of user ids.
        """
        secret = settings.user_key_bytes(makes=False)
        outbox, url = Outbox.of(settings), settings.resolved_database_url
        store = None
        if outbox is not None:
            store = RedisStore.on(outbox, url, history_turns=1000, mentions_seconds=HISTORY_SECONDS)
        return cls(Database(url), store, partial(hidden, secret))

    async def open(self, *, migrate: bool = True) -> None:
        """Connect; a file that is the log is migrated, unless whoever asks has done that."""
        if migrate and self._database.is_file:
            await asyncio.to_thread(upgrade, self._database.url)
        if self._store is not None:
            await self._store.open()

    async def export(self, user_key: str, now: datetime) -> Kept:
        """All that is kept under a user's key, in SQL, in Redis and in this machine's spool.

        Raises:
            StorageError: one of them cannot be read; half an answer is none.
        """
        await self._make_up(now)
        kept = await self._database.read(_rows_of, user_key, self._key_of)
        if self._store is None:
            return kept
        kept["history"] = [_plain(asdict(await self._store.recall(user_key, now)))]
        kept["outbox"] = await _waiting(user_key, self._store)
        kept["spool"] = [
            {"script": call.script, "args": list(call.args)}
            for call in await self._store.spool.of_user(user_key)
        ]
        return kept

    async def now(self, user_key: str, local: datetime) -> datetime:
        """The moment by the clock of the servers, which all machines share.

        By Redis where there is one, else by the database. `local`, the clock of this machine,
        counts for a file alone: one that is behind would leave what was asked of late, one that is
        ahead would take what a user says who comes back.

        Raises:
            StorageError: it does not answer.
        """
        if self._store is None:
            return local if self._database.is_file else await self._database.read(_server_time)
        client, outbox = self._store.link.client, _outbox(user_key, self._store)
        with translated("asking Redis for the time"):
            asking = client.eval("return redis.call('TIME')", 1, outbox)
            seconds, micros = await in_time(asking, PATIENT_SECONDS)
        return moment(int(seconds) * 1_000_000 + int(micros))

    async def erase(
        self,
        user_key: str,
        now: datetime,
        note: Callable[[Connection], None] = lambda _connection: None,
    ) -> Erased:
        """Erase what was asked up to now; may be repeated, and should be after a failure.

        Args:
            user_key: whose.
            now: the moment; see `now`.
            note: writes down that it was done, in the transaction that does it.

        Raises:
            StorageError: a part could not be done; the parts before it are.
        """
        await self._make_up(now)
        spooled = 0
        if self._store is not None:
            spooled = await self._store.spool.erase(user_key)
            await self._store.run(erase_call(user_key, now, self._store.link.prefix))
        # Before, while something still tells whose; and apart, for it reads much and locks nothing.
        unapplied = await self._database.read(ids_about, user_key, self._key_of)
        rows = await self._database.write(_erase, user_key, now, note, unapplied)
        return Erased(rows, spooled)

    async def _make_up(self, now: datetime) -> None:
        """Bring in what older versions have kept aside of a file: of this person, too."""
        if not self._database.is_file:
            return
        waiting = Waiting(file_of(read_url(self._database.url)))
        while some := await asyncio.to_thread(waiting.oldest):
            refused = await self._database.write(make_up, some, now)
            await asyncio.to_thread(waiting.done, some, refused)

    async def aclose(self) -> None:
        """Give back every connection."""
        if self._store is not None:
            await self._store.aclose()
        await self._database.aclose()


def _server_time(connection: Connection) -> datetime:
    now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return now.astimezone(UTC)


def _rows_of(connection: Connection, user_key: str, key_of: KeyOf) -> Kept:
    check_current(connection)
    kept: Kept = {}
    asked = select(question_logs.c.id).where(question_logs.c.user_key == user_key)
    by_table = {
        payment_facts: about(user_key),
        question_labels: question_labels.c.id.in_(asked),
    }
    for table in (*EXPORTED, *by_table):
        hers = by_table.get(table)
        which = table.c.user_key == user_key if hers is None else hers
        rows = connection.execute(select(table).where(which)).mappings()
        kept[table.name] = [_plain(row) for row in rows]
    told = [
        *deliveries_about(connection, user_key),
        *about_her(connection, user_key, key_of),
    ]
    kept[webhook_events.name] = [_plain(row) for row in told]
    letters = connection.execute(_letters_of(select(dead_letters), user_key)).mappings()
    kept[dead_letters.name] = [_plain(row) for row in letters]
    return kept


def _erase(
    connection: Connection,
    user_key: str,
    now: datetime,
    note: Callable[[Connection], None],
    unapplied: Sequence[UUID],
) -> int:
    check_current(connection)
    note(connection)
    # A drain that has looked for marks would store the person after we have looked for rows, and so
    # would whoever makes a purchase of hers just now.
    lock(connection, [bucket_of(user_key)])
    hold(connection, PAYMENTS_LOCK)
    remember_erased(connection, {user_key: now})
    connection.execute(_letters_of(delete(dead_letters), user_key))
    forget_words(connection, unapplied, now)
    return erase_rows(connection, user_key, now)


def _letters_of(statement: Any, user_key: str) -> Any:
    """Dead letters are kept as they came; a user's key, 32 hex digits, stands in their body."""
    return statement.where(dead_letters.c.body.contains(user_key, autoescape=True))


async def _waiting(user_key: str, store: RedisStore) -> list[dict[str, Any]]:
    """Events of a user that are not in SQL yet; what cannot be read is not known to be theirs."""
    with translated("reading the outbox"):
        reading = store.link.client.xrange(_outbox(user_key, store))
        entries = await in_time(reading, PATIENT_SECONDS)
    found = []
    for _, fields in entries:
        for kind, body in fields.items():
            try:
                event = read_event(kind.decode(), body)
            except StorageError:
                continue
            if event.user_key == user_key:
                found.append({"kind": event.kind, "body": json.loads(body)})
    return found


def _outbox(user_key: str, store: RedisStore) -> str:
    return outbox_of(bucket_of(user_key), store.link.prefix)


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A row as JSON knows it."""
    return {str(name): _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Mapping):
        return _plain(value)
    if isinstance(value, tuple | list | frozenset):
        return [_value(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
