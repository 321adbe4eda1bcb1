"""Months of the log: made ahead on PostgreSQL, and dropped when they are past their retention.

A partition is a range of ids; an id begins with the time (UUIDv7), so a month of ids is a month of
turns. What no month was made for lands in the default partition and is moved out of it later. On
SQLite there are no partitions; retention deletes rows, a few at a time: a long transaction would
lock out the chats that write the same file.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    delete,
    inspect,
    literal_column,
    or_,
    select,
    text,
    update,
)

from tay_middleware.storage.database import Database
from tay_middleware.storage.desk.tables import escalation_notes
from tay_middleware.storage.ledger import dead_letters, retracted_turns
from tay_middleware.storage.locks import MAINTENANCE_LOCK, hold
from tay_middleware.storage.payments.credits import keep_credit
from tay_middleware.storage.payments.tables import conversion_marks, feedback
from tay_middleware.storage.removals import note_removal
from tay_middleware.storage.sql import escalation_logs, question_logs
from tay_middleware.storage.turns.exposures import exposures
from tay_middleware.storage.turns.figures import daily_users
from tay_middleware.storage.turns.ids import asked_at, first_id

MONTHS_AHEAD = 2
"""Partitions that are there before they are needed; a missed month still has the default one."""

LOCK_MILLISECONDS = 40_000
"""Longest wait for a table: longer than any statement of ours (`database.STATEMENT_SECONDS`), and
not as long as a dump of the database, for behind whoever waits all drains and pages do."""

AT_ONCE = 2_000
"""Rows of a file that one transaction deletes: some ten milliseconds, which no chat notices."""

PAUSE_SECONDS = 0.02
"""Between two of them, so that chats come in between."""

PARTITIONED = (question_logs, escalation_logs)

WORDS = ((feedback, ("note",)), (conversion_marks, ("note", "user_key")))
"""What people wrote about a mention, by table: it goes when the mention does. What else they said
stays: a mark may have an amount, and a stop still is one."""


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What maintenance did: partitions made and dropped, rows moved and deleted."""

    made: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    moved: int = 0
    deleted: int = 0

    def __add__(self, other: "Upkeep") -> "Upkeep":
        """Both together, in order."""
        return Upkeep(
            self.made + other.made,
            self.dropped + other.dropped,
            self.moved + other.moved,
            self.deleted + other.deleted,
        )


Step = Callable[[Connection], Upkeep | None]
"""A piece of maintenance that fits one transaction; `None` once nothing is left of it to do."""


def maintain(connection: Connection, now: datetime, keep_days: int | None) -> Upkeep:
    """All of it in the transaction of a connection, for a database that nobody else is at.

    Make the months to come, and remove what is older than `keep_days` (`None`: nothing is). A month
    goes when its last turn is that old. Figures stay; so do marks of erased users.
    """
    done = Upkeep()
    for step in _steps(now, keep_days, connection.dialect.name == "sqlite", AT_ONCE):
        while more := step(connection):
            done += more
    return done


async def maintain_database(
    database: Database,
    now: datetime,
    keep_days: int | None,
    *,
    open_tests: Collection[str] = (),
    at_once: int = AT_ONCE,
) -> Upkeep:
    """The same beside chats, drains and pages: each step is a transaction of its own.

    Exposures to one of `open_tests` stay. Of a file one deletes at most `at_once` rows. On a server
    the months to come are made first, so that they are there even if what comes after fails.

    Raises:
        StorageError: a step could not be done; the steps before it are.
    """
    done = Upkeep()
    for step in _steps(now, keep_days, database.is_file, at_once, open_tests):
        while more := await database.write(step):
            done += more
            if database.is_file:
                await asyncio.sleep(PAUSE_SECONDS)
    return done


def _steps(
    now: datetime,
    keep_days: int | None,
    is_file: bool,
    at_once: int,
    open_tests: Collection[str] = (),
) -> Iterator[Step]:
    until = None if keep_days is None else now - timedelta(days=keep_days)
    if not is_file:
        yield from (partial(_make_ahead, table=table, now=now) for table in PARTITIONED)
    if until is not None:
        below = first_id(until) if is_file else _bounds(until)[0]
        goes = until if is_file else _first_of(until)
        yield partial(_say_that_rows_go, until=goes, below=below, now=now)
        if not is_file:
            yield from (partial(_drop_oldest, table=table, until=until) for table in PARTITIONED)
        most = at_once if is_file else None
        for table, is_old in _old(until, goes, below, open_tests):
            yield partial(_delete, table=table, is_old=is_old, most=most)
        for table, names in WORDS:
            yield partial(_empty, table=table, names=names, below=below, most=most)
    if not is_file:
        yield from (
            partial(_move_missed, table=table, now=now, until=until) for table in PARTITIONED
        )


def _say_that_rows_go(connection: Connection, until: datetime, below: UUID, now: datetime) -> None:
    """Before the first row goes: from here on nobody takes what is left for the whole."""
    note_removal(connection, until, now)
    keep_credit(connection, until, below)


def _make_ahead(connection: Connection, table: Table, now: datetime) -> Upkeep | None:
    """Make the first of the months to come that is not there."""
    there = _tables(connection)
    missing = (month for month in _months(now) if _name(table, month) not in there)
    month = next(missing, None)
    return None if month is None else _make(connection, table, month)


def _move_missed(
    connection: Connection, table: Table, now: datetime, until: datetime | None
) -> Upkeep | None:
    """Make the first of the months that were missed, and move its rows there."""
    there = _tables(connection)
    for month in _missed(connection, table, now, until):
        if _name(table, month) not in there:
            return _make(connection, table, month)
    return None


def _make(connection: Connection, table: Table, month: datetime) -> Upkeep:
    """Make a month's partition, and move there what the default one holds of it.

    Whoever writes or reads the default partition waits meanwhile: a row that came after the move
    would keep the month from being attached. The lock is the strongest from the beginning, because
    two who both hold a weaker one and want more would wait for each other.
    """
    name, default = _name(table, month), f"{table.name}_default"
    low, high = _bounds(month)
    connection.execute(text(f"LOCK TABLE ONLY {table.name} IN SHARE UPDATE EXCLUSIVE MODE"))
    connection.execute(text(f"LOCK TABLE {default} IN ACCESS EXCLUSIVE MODE"))
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
    return Upkeep(made=(name,), moved=moved)


def _drop_oldest(connection: Connection, table: Table, until: datetime) -> Upkeep | None:
    """Drop the oldest of the months that are past their retention as a whole."""
    prefix = f"{table.name}_y"
    limit = f"{prefix}{until:%Ym%m}"
    old = (name for name in _tables(connection) if name.startswith(prefix) and name < limit)
    name = min(old, default=None)
    if name is None:
        return None
    connection.execute(text(f"DROP TABLE {name}"))
    return Upkeep(dropped=(name,))


def _tables(connection: Connection) -> set[str]:
    """All tables there are, while nobody else maintains them."""
    hold(connection, MAINTENANCE_LOCK)
    connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_MILLISECONDS}"))
    return set(inspect(connection).get_table_names())


def _delete(
    connection: Connection, table: Table, is_old: ColumnElement[bool], most: int | None
) -> Upkeep | None:
    """Delete old rows of a table, of a file at most so many."""
    gone = connection.execute(delete(table).where(_some(table, is_old, most))).rowcount
    return Upkeep(deleted=gone if table in PARTITIONED else 0) if gone else None


def _empty(
    connection: Connection, table: Table, names: tuple[str, ...], below: UUID, most: int | None
) -> Upkeep | None:
    """Empty columns of a table where the mention is past its retention."""
    is_full = or_(*(table.c[name].is_not(None) for name in names))
    is_old = and_(table.c.escalation_id < below, is_full)
    changed = update(table).where(_some(table, is_old, most)).values(dict.fromkeys(names))
    return Upkeep() if connection.execute(changed).rowcount else None


def _some(table: Table, which: ColumnElement[bool], most: int | None) -> ColumnElement[bool]:
    """Rows of a kind; of a file at most so many."""
    if most is None:
        return which
    rowid: ColumnElement[int] = literal_column("rowid")
    return rowid.in_(select(rowid).select_from(table).where(which).limit(most))


def _old(
    until: datetime, goes: datetime, below: UUID, open_tests: Collection[str]
) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """What is past its retention, table by table.

    `below` is the first id that stays and `goes` its time: who came on a day goes with its rows, or
    sheets would be made of rows without their users. Exposures stay as long as the user comes: one
    that was forgotten would be first exposed again. Those to a test that is open stay whether she
    comes or not, for arms do not lose alike whom they bored: the test would compare who came back.
    """
    for table in PARTITIONED:
        yield table, table.c.id < below
    yield retracted_turns, retracted_turns.c.retracted_at < until
    yield dead_letters, dead_letters.c.died_at < until
    yield daily_users, daily_users.c.day < goes.date()
    came = select(daily_users.c.day).where(
        daily_users.c.user_key == exposures.c.user_key, daily_users.c.day >= goes.date()
    )
    is_open = exposures.c.experiment.in_(sorted(open_tests))
    yield exposures, and_(exposures.c.first_at < goes, ~is_open, ~came.exists())
    yield escalation_notes, escalation_notes.c.escalation_id < below


def _missed(
    connection: Connection, table: Table, now: datetime, until: datetime | None
) -> Iterator[datetime]:
    """Months before this one of which the default partition holds rows that are to be kept."""
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
    return first_id(first), first_id(_first_of(first + timedelta(days=32)))


def _first_of(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _name(table: Table, month: datetime) -> str:
    return f"{table.name}_y{month:%Ym%m}"
