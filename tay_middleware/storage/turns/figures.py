"""Figures that are kept ready: so many turns of each kind in each hour, and who came on each day.

They are written in the transaction that writes the rows, for rows that really are new, and changed
back when a row is: so they are never more nor less than what a count of the rows would give. A turn
whose model failed is no question: nobody was answered, and who asks again counts then. What
was erased or past its retention stays in them; they hold no text and lead to nobody but by the
day's `user_key`, which goes with the user.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Date,
    Index,
    String,
    Table,
    Text,
    bindparam,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite

from tay_middleware.domain import Kind, ReplyStatus
from tay_middleware.storage.columns import Utc
from tay_middleware.storage.sql import metadata

DIMENSIONS = (
    "hour",
    "tier",
    "kind",
    "suppressed",
    "offer",
    "reason",
    "strength",
    "template",
    "arm",
)
"""What turns are told apart by; text that a turn has not is empty."""

hourly_stats = Table(
    "hourly_stats",
    metadata,
    Column("hour", Utc, primary_key=True),
    Column("tier", String(16), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("suppressed", String(32), primary_key=True),
    Column("offer", String(64), primary_key=True),
    Column("reason", String(32), primary_key=True),
    Column("strength", String(16), primary_key=True),
    Column("template", Text, primary_key=True),
    Column("arm", String(16), primary_key=True),
    Column("questions", BigInteger, nullable=False),
    Column("detected", BigInteger, nullable=False),
)
"""Turns by hour (UTC, of `created_at`) and kind. An escalation is a turn of kind `mention`."""

COUNTED = ("offer", "reason", "template", "tier", "strength")
"""What escalations of a day are counted by, each by itself."""

ALL = "all"
"""The dimension of the row that counts a whole day."""

daily_counts = Table(
    "daily_counts",
    metadata,
    Column("day", Date, primary_key=True),
    Column("dimension", String(16), primary_key=True),
    Column("value", Text, primary_key=True),
    Column("questions", BigInteger, nullable=False),
    Column("escalations", BigInteger, nullable=False),
)
"""Escalations by day (UTC) and each of `COUNTED`, and with `ALL` the day's questions too: where
wordings are many, an hour has as many cells as escalations, and sums of them are slow."""

daily_users = Table(
    "daily_users",
    metadata,
    Column("day", Date, primary_key=True),
    Column("user_key", String(64), primary_key=True),
    Index(None, "user_key"),
)
"""Who asked something on a day (UTC)."""

Cell = tuple[datetime | str, ...]
"""One combination of `DIMENSIONS`, in their order."""

Figures = Mapping[Cell, tuple[int, int]]
"""Changes by cell: questions, and those detected among them."""


def cell_of(row: Mapping[str, Any]) -> Cell:
    """The cell that a row of `question_logs` counts in."""
    hour = row["created_at"].astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return (hour, *(row[name] or "" for name in DIMENSIONS[1:]))


def difference(added: Iterable[Mapping[str, Any]], gone: Iterable[Mapping[str, Any]]) -> Figures:
    """What changes when some rows are added and some go; cells in which nothing changes are out."""
    questions: Counter[Cell] = Counter()
    detected: Counter[Cell] = Counter()
    for rows, sign in ((added, 1), (gone, -1)):
        for row in rows:
            if row["status"] == ReplyStatus.FAILED.value:
                continue
            cell = cell_of(row)
            questions[cell] += sign
            detected[cell] += sign * bool(row["detected"])
    return {
        cell: (count, detected[cell])
        for cell, count in questions.items()
        if count or detected[cell]
    }


def days_of(rows: Iterable[Mapping[str, Any]]) -> set[tuple[date, str]]:
    """The days on which users asked, for `daily_users`."""
    return {
        (row["created_at"].astimezone(UTC).date(), row["user_key"])
        for row in rows
        if row["user_key"] is not None
    }


def note(connection: Connection, figures: Figures, days: Iterable[tuple[date, str]]) -> None:
    """Write changes, in an order that is everybody's, so that no two writers wait in a ring."""
    name = connection.dialect.name
    users = sorted(days)
    if users and name == "postgresql":
        arrays = {"days": [day for day, _ in users], "keys": [user_key for _, user_key in users]}
        connection.execute(_USERS_OF_ARRAYS, arrays)
    elif users:
        connection.execute(_USERS, [{"day": day, "user_key": key} for day, key in users])
    if figures:
        cells = sorted(figures.items())
        rows = [
            {**dict(zip(DIMENSIONS, cell, strict=True)), "n_questions": n, "n_detected": found}
            for cell, (n, found) in cells
        ]
        connection.execute(_CELLS[name], rows)
        connection.execute(_COUNTS[name], _daily(figures))


def _daily(figures: Figures) -> list[dict[str, Any]]:
    """The same changes by day and single dimension, in everybody's order."""
    asked: Counter[tuple[date, str, str]] = Counter()
    shown: Counter[tuple[date, str, str]] = Counter()
    for cell, (questions, _) in figures.items():
        named = dict(zip(DIMENSIONS, cell, strict=True))
        day = named["hour"].astimezone(UTC).date() if isinstance(named["hour"], datetime) else None
        if day is None:
            continue
        asked[day, ALL, ""] += questions
        if named["kind"] == Kind.MENTION.value:
            shown[day, ALL, ""] += questions
            for name in COUNTED:
                shown[day, name, str(named[name])] += questions
    return [
        {"day": key[0], "dimension": key[1], "value": key[2]}
        | {"n_questions": asked[key], "n_escalations": shown[key]}
        for key in sorted({*asked, *shown})
    ]


def _adding(insert: Any, table: Table, key: Sequence[str], sums: Sequence[str]) -> Any:
    """Add to the sums of a row, `n_` and their names, or begin the row with them."""
    statement = insert(table).values(
        {name: bindparam(name) for name in key} | {name: bindparam(f"n_{name}") for name in sums}
    )
    return statement.on_conflict_do_update(
        index_elements=list(key),
        set_={name: table.c[name] + statement.excluded[name] for name in sums},
    )


_INSERTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_CELLS = {
    name: _adding(insert, hourly_stats, DIMENSIONS, ("questions", "detected"))
    for name, insert in _INSERTS.items()
}
_COUNTS = {
    name: _adding(insert, daily_counts, ("day", "dimension", "value"), ("questions", "escalations"))
    for name, insert in _INSERTS.items()
}
_USERS = sqlite.insert(daily_users).on_conflict_do_nothing()
_USERS_OF_ARRAYS = text(
    "INSERT INTO daily_users (day, user_key) "
    "SELECT * FROM unnest(CAST(:days AS date[]), CAST(:keys AS text[])) ON CONFLICT DO NOTHING"
)
