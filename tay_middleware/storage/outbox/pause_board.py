"""Tells the chats what is paused: in Redis, where they look; the table of pauses is the truth.

Where the database is all there is, chats read the table itself.

What stands in Redis is a JSON list of names, and for each pause with an end one text more that says
when it ends. Of a version that knows no ends that text is the name of nothing, and the list it
writes itself has none: whatever versions stand beside each other, what is paused is paused, and an
end that no longer holds is never left behind, as it could be under a key of its own.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from tay_middleware.errors import StorageError
from tay_middleware.settings import Settings
from tay_middleware.storage.database import Database
from tay_middleware.storage.desk.pauses import open_pauses, paused_names
from tay_middleware.storage.outbox.buckets import PREFIX
from tay_middleware.storage.outbox.places import Outbox

Board = Mapping[str, datetime | None]
"""What is paused, each name with when that ends by itself; `None`: when somebody ends it."""

_END = "until "
"""Begins a text of the list that is no name: `until 2027-05-01T00:00:00+00:00 course`."""


def paused_key(prefix: str = PREFIX) -> str:
    """Where the list stands, with no end of life: a pause lasts until it is ended."""
    return f"{prefix}paused"


def read_board(value: bytes | None) -> Board:
    """What stands in Redis, what has run out included.

    Raises:
        StorageError: it is no list of names.
    """
    try:
        found = orjson.loads(value) if value else []
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise StorageError("what is paused stands in Redis as no list of names")
    ends = {one: end for one in found if (end := _read_end(one)) is not None}
    names = dict.fromkeys(one for one in found if one not in ends)
    return {**names, **{name: until for name, until in ends.values() if name in names}}


def write_board(board: Board) -> bytes:
    """The list for Redis, the same for the same pauses."""
    return orjson.dumps([*sorted(board), *sorted(_ends(board))])


def standing(board: Board, now: datetime) -> frozenset[str]:
    """The names of a board that are paused now."""
    return frozenset(name for name, until in board.items() if until is None or until > now)


def _ends(board: Board) -> Iterator[str]:
    for name, until in board.items():
        if until is not None:
            yield f"{_END}{until.astimezone(UTC).isoformat()} {name}"


def _read_end(text: str) -> tuple[str, datetime] | None:
    if not text.startswith(_END):
        return None
    said, _, name = text.removeprefix(_END).partition(" ")
    try:
        until = datetime.fromisoformat(said)
    except ValueError:
        return None
    return None if until.tzinfo is None else (name, until)


async def publish(settings: Settings, database: Database, now: datetime) -> frozenset[str]:
    """Bring what is paused now to where the chats look; gives the names. Repeating it is harmless.

    Raises:
        StorageError: it could not be read, or not be told.
    """
    outbox = Outbox.of(settings)
    if outbox is None:
        return await database.read(paused_names, now)
    from tay_middleware.storage.outbox.link import (  # noqa: PLC0415 - imports Redis
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
    from tay_middleware.storage.outbox.link import translated  # noqa: PLC0415 - imports Redis

    key, board = paused_key(prefix), await database.read(open_pauses, now)
    with translated("telling what is paused"):
        if _stands(await client.get(key), board):
            return frozenset(board)
        told: Board | None = None
        while board != told:
            await client.set(key, write_board(board))
            told, board = board, await database.read(open_pauses, now)
    return frozenset(board)


def _stands(value: bytes | None, board: Board) -> bool:
    try:
        return read_board(value) == board
    except StorageError:
        return False
