"""Months of the log: made ahead on PostgreSQL, and dropped when they are past their retention.

A partition is a range of ids; an id begins with the time (UUIDv7), so a month of ids is a month of
turns. What no month was made for lands in the default partition and is moved out of it later. On
SQLite there are no partitions; retention deletes rows, a few at a time: a long transaction would
lock out the chats that write the same file.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    delete,
    inspect,
    literal_column,
    select,
    text,
)

from tay_middleware.domain import uuid7
from tay_middleware.storage.credits import keep_credit
from tay_middleware.storage.database import Database
from tay_middleware.storage.exposures import exposures
from tay_middleware.storage.figures import daily_users
from tay_middleware.storage.ledger import LOCK_SPACE, dead_letters, retracted_turns
from tay_middleware.storage.sql import escalation_logs, question_logs

MONTHS_AHEAD = 2
"""Partitions that are there before they are needed; a missed month still has the default one."""

MAINTENANCE_LOCK = (1 << 20) + 1
"""The second half of the advisory lock under which partitions change."""

AT_ONCE = 2_000
"""Rows of a file that one transaction deletes: some ten milliseconds, which no chat notices."""

PAUSE_SECONDS = 0.02
"""Between two of them, so that chats come in between."""

PARTITIONED = (question_logs, escalation_logs)


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What maintenance did: partitions made and dropped, rows moved and deleted."""

    made: tuple[str, ...]
    dropped: tuple[str, ...]
    moved: int
    deleted: int


def maintain(connection: Connection, now: datetime, keep_days: int | None) -> Upkeep:
    """Make the months to come, and remove what is older than `keep_days` (`None`: nothing is).

    A month goes when its last turn is that old. Figures stay; so do marks of erased users.
    """
    until = None if keep_days is None else now - timedelta(days=keep_days)
    made: list[str] = []
    dropped: list[str] = []
    moved = 0
    if connection.dialect.name == "postgresql":
        locks = {"space": LOCK_SPACE, "lock": MAINTENANCE_LOCK}
        connection.execute(text("SELECT pg_advisory_xact_lock(:space, :lock)"), locks)
        if until is not None:
            keep_credit(connection, _first_of(until), _bounds(until)[0])
        for table in PARTITIONED:
            there = set(inspect(connection).get_table_names())
            if until is not None:
                dropped += _drop_old(connection, table, until, there)
            for month in (*_missed(connection, table, now, until), *_months(now)):
                if _name(table, month) not in there:
                    moved += _make(connection, table, month)
                    made.append(_name(table, month))
    deleted = 0 if until is None else _delete_old(connection, until)
    return Upkeep(tuple(made), tuple(dropped), moved, deleted)


async def maintain_file(
    database: Database, now: datetime, keep_days: int | None, *, at_once: int = AT_ONCE
) -> Upkeep:
    """The same on a SQLite file, in transactions of at most `at_once` rows."""
    deleted = 0
    if keep_days is not None:
        until = now - timedelta(days=keep_days)
        await database.write(keep_credit, until, uuid7(until, 0))
        for table, is_old in _old(until, uuid7(until, 0)):
            while gone := await database.write(_delete_some, table, is_old, at_once):
                deleted += gone if table in PARTITIONED else 0
                await asyncio.sleep(PAUSE_SECONDS)
    return Upkeep((), (), 0, deleted)


def _make(connection: Connection, table: Table, month: datetime) -> int:
    """Make a month's partition; how many rows the default one held of it."""
    name, default = _name(table, month), f"{table.name}_default"
    low, high = _bounds(month)
    connection.execute(text(f"CREATE TABLE {name} (LIKE {table.name} INCLUDING ALL)"))
    bounds = {"low": low, "high": high}
    moved = connection.execute(
        text(
            f"WITH gone AS (DELETE FROM {default} WHERE id >= :low AND id < :high RETURNING *) "  # noqa: S608 - our own names
            f"INSERT INTO {name} SELECT * FROM gone"
        ),
        bounds,
    ).rowcount
    connection.execute(
        text(
            f"ALTER TABLE {table.name} ATTACH PARTITION {name} FOR VALUES "
            f"FROM ('{low}') TO ('{high}')"
        )
    )
    return moved


def _drop_old(connection: Connection, table: Table, until: datetime, there: set[str]) -> list[str]:
    prefix = f"{table.name}_y"
    limit = f"{prefix}{until:%Ym%m}"
    old = sorted(name for name in there if name.startswith(prefix) and name < limit)
    for name in old:
        connection.execute(text(f"DROP TABLE {name}"))
        there.discard(name)
    return old


def _delete_old(connection: Connection, until: datetime) -> int:
    """Delete single rows: of the default partition, and of what has no partitions."""
    deleted = 0
    below = uuid7(until, 0) if connection.dialect.name == "sqlite" else _bounds(until)[0]
    for table, is_old in _old(until, below):
        gone = connection.execute(delete(table).where(is_old)).rowcount
        deleted += gone if table in PARTITIONED else 0
    return deleted


def _delete_some(
    connection: Connection, table: Table, is_old: ColumnElement[bool], most: int
) -> int:
    rowid: ColumnElement[int] = literal_column("rowid")
    some = select(rowid).select_from(table).where(is_old).limit(most)
    return connection.execute(delete(table).where(rowid.in_(some))).rowcount


def _old(until: datetime, below: UUID) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """What is past its retention, table by table; `below` is the first id that stays."""
    for table in PARTITIONED:
        yield table, table.c.id < below
    yield retracted_turns, retracted_turns.c.retracted_at < until
    yield dead_letters, dead_letters.c.died_at < until
    yield daily_users, daily_users.c.day < until.date()
    yield exposures, exposures.c.first_at < until


def _missed(
    connection: Connection, table: Table, now: datetime, until: datetime | None
) -> Iterator[datetime]:
    """Months before this one of which the default partition holds rows that are to be kept.

    Each must be moved out before the next one is looked for.
    """
    low = UUID(int=0) if until is None else _bounds(until)[0]
    first = text(
        f"SELECT id FROM {table.name}_default WHERE id >= :low AND id < :high ORDER BY id LIMIT 1"  # noqa: S608 - our own names
    )
    high = _bounds(now)[0]
    while found := connection.execute(first, {"low": low, "high": high}).scalar():
        month = _first_of(asked_at(found))
        yield month
        low = _bounds(month)[1]


def _months(now: datetime) -> Iterator[datetime]:
    month = _first_of(now)
    for _ in range(MONTHS_AHEAD + 1):
        yield month
        month = _first_of(month + timedelta(days=32))


def _bounds(at: datetime) -> tuple[UUID, UUID]:
    first = _first_of(at)
    return uuid7_floor(first), uuid7_floor(_first_of(first + timedelta(days=32)))


def uuid7_floor(at: datetime) -> UUID:
    """The least id of any turn that was asked at `at` or later."""
    return UUID(int=(uuid7(at, 0).int >> 80) << 80)


def asked_at(turn: UUID) -> datetime:
    """When a row's turn was asked, to the millisecond: what its id (UUIDv7) begins with."""
    return _EPOCH + timedelta(milliseconds=turn.int >> 80)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _first_of(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _name(table: Table, month: datetime) -> str:
    return f"{table.name}_y{month:%Ym%m}"
