"""Tells the chats what is paused: in Redis, where they look; the table of pauses is the truth.

Where the database is all there is, chats read the table itself.
"""

from datetime import datetime
from typing import Any

import orjson

from tay_middleware.errors import StorageError
from tay_middleware.settings import Settings
from tay_middleware.storage.buckets import PREFIX
from tay_middleware.storage.database import Database
from tay_middleware.storage.pauses import paused_names
from tay_middleware.storage.places import Outbox


def paused_key(prefix: str = PREFIX) -> str:
    """Where a JSON list of names stands, with no end of life: a pause lasts until it is ended.

    One that has run out stands there until it is told again what is paused.
    """
    return f"{prefix}paused"


def read_board(value: bytes | None) -> frozenset[str]:
    """The names that stand in Redis.

    Raises:
        StorageError: something else stands there.
    """
    try:
        found = orjson.loads(value) if value else []
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise StorageError("what is paused stands in Redis as no list of names")
    return frozenset(found)


async def publish(settings: Settings, database: Database, now: datetime) -> frozenset[str]:
    """Bring what is paused now to where the chats look; gives the names. Repeating it is harmless.

    Raises:
        StorageError: it could not be read, or not be told.
    """
    outbox = Outbox.of(settings)
    if outbox is None:
        return await database.read(paused_names, now)
    from tay_middleware.storage.link import (  # noqa: PLC0415 - imports Redis
        PATIENT_SECONDS,
        close_client,
        make_client,
    )

    client = make_client(outbox.redis_url, patience_seconds=PATIENT_SECONDS)
    try:
        return await publish_by(client, database, now, outbox.prefix)
    finally:
        await close_client(client)


async def publish_by(
    client: Any, database: Database, now: datetime, prefix: str = PREFIX
) -> frozenset[str]:
    """The same by a client of Redis that is there.

    What stands there already is not written again: a Redis that is full takes nothing. What nobody
    can read is written over. What was paused or lifted while it was written is written after it:
    an older write may come last.

    Raises:
        StorageError: as `publish`.
    """
    from tay_middleware.storage.link import translated  # noqa: PLC0415 - imports Redis

    key, names = paused_key(prefix), await database.read(paused_names, now)
    with translated("telling what is paused"):
        if _stands(await client.get(key), names):
            return names
        told: frozenset[str] | None = None
        while names != told:
            await client.set(key, orjson.dumps(sorted(names)))
            told, names = names, await database.read(paused_names, now)
    return names


def _stands(value: bytes | None, names: frozenset[str]) -> bool:
    try:
        return read_board(value) == names
    except StorageError:
        return False
