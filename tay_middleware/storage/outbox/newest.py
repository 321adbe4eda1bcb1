"""The newest logged turns while some of them are still on their way into SQL."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection

from tay_middleware.storage.base import LoggedTurn
from tay_middleware.storage.database import Database
from tay_middleware.storage.outbox.buckets import BUCKETS, outbox_of
from tay_middleware.storage.outbox.link import Link
from tay_middleware.storage.schema import upgrade
from tay_middleware.storage.sql import logged_turn
from tay_middleware.storage.turns.events import Event, Known, folded, read_event
from tay_middleware.storage.turns.statements import LATEST


async def newest(link: Link, database: Database, limit: int) -> Sequence[LoggedTurn]:
    """The newest `limit` turns of log and outbox together, newest first.

    Args:
        link: to Redis; of each bucket so many events are read.
        database: the log; may be behind, and may hold nothing yet.
        limit: how many.

    Raises:
        StorageError: one of them cannot be read.
    """
    most = max(limit, 0)
    pipeline = link.client.pipeline(transaction=False)
    for bucket in range(BUCKETS):
        pipeline.xrevrange(outbox_of(bucket, link.prefix), count=2 * most + 1)
    events: list[Event] = []
    for entries in await pipeline.execute():
        for _, fields in reversed(entries):
            events += [read_event(kind.decode(), body) for kind, body in fields.items()]
    if database.is_file:
        await asyncio.to_thread(upgrade, database.url)
    written = await database.read(read_rows, most)
    known = Known(rows={row["turn_id"]: row for row in written})
    changes = folded(known, events)
    gone = {row["id"] for row in changes.gone}
    rows = [row for row in written if row["id"] not in gone] + [*changes.new, *changes.held_back]
    rows.sort(key=lambda row: row["id"], reverse=True)
    return [logged_turn(SimpleNamespace(**row)) for row in rows[:most]]


def read_rows(connection: Connection, most: int) -> list[dict[str, Any]]:
    """The newest rows of `question_logs`."""
    return [dict(row) for row in connection.execute(LATEST, {"most": most}).mappings()]
