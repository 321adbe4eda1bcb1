"""The file of a spool: its tables, and how a call is written down."""

import json
import sqlite3
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

from tay_middleware.private import make_file, make_home
from tay_middleware.storage.outbox.wire import Call

BUSY_SECONDS = 2.0
"""Longest wait for another process that writes the file."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    bucket INTEGER NOT NULL,
    user_key TEXT,
    body TEXT NOT NULL,
    at REAL
);
CREATE INDEX IF NOT EXISTS ix_calls_user_key ON calls (user_key);
CREATE TABLE IF NOT EXISTS lease (one INTEGER PRIMARY KEY CHECK (one = 1), holder TEXT, until REAL);
CREATE TABLE IF NOT EXISTS dead (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    bucket INTEGER,
    user_key TEXT,
    body TEXT NOT NULL,
    at REAL,
    error TEXT NOT NULL
);
"""
"""`at` is when a call was written, in seconds since 1970; `null` by a version that did not say so.
`dead` are calls that were put aside: `error` says why Redis will never run them as they are."""

_OLDEST = """
SELECT id, body FROM calls WHERE bucket NOT IN (SELECT value FROM json_each(?))
AND id NOT IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT ?
"""


def connected(path: Path, most_bytes: int) -> sqlite3.Connection:
    """The file, with its tables; it and its directory are made where they are missing.

    Raises:
        sqlite3.Error, OSError: it cannot be opened or made.
    """
    make_home(path.parent)
    make_file(path)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        page = connection.execute("PRAGMA page_size").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={max(8, most_bytes // page)}")
        connection.executescript(_SCHEMA)
        _learn_times(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _learn_times(connection: sqlite3.Connection) -> None:
    """A file of an earlier version has no times."""
    if "at" not in {row[1] for row in connection.execute("PRAGMA table_info(calls)")}:
        with suppress(sqlite3.OperationalError):  # another process is adding it just now
            connection.execute("ALTER TABLE calls ADD COLUMN at REAL")


def put(connection: sqlite3.Connection, calls: Collection[Call], at: float) -> None:
    """Write calls down, in their order."""
    connection.executemany(
        "INSERT INTO calls (bucket, user_key, body, at) VALUES (?, ?, ?, ?)",
        [(call.bucket, call.user_key, to_text(call), at) for call in calls],
    )


def oldest(
    connection: sqlite3.Connection, most: int, *, buckets: Collection[int], ids: Collection[int]
) -> list[tuple[int, Call | None]]:
    """The oldest calls but for some buckets and some others; `None` is one that cannot be read."""
    leaving_out = (json.dumps(list(buckets)), json.dumps(list(ids)))
    rows = connection.execute(_OLDEST, (*leaving_out, most)).fetchall()
    return [(number, _readable(body)) for number, body in rows]


def owed(connection: sqlite3.Connection) -> tuple[int, float | None, int]:
    """How many calls wait, when the oldest of them was written, and how many are put aside."""
    counted = "SELECT (SELECT count(*) FROM calls), (SELECT count(*) FROM dead)"
    calls, refused = connection.execute(counted).fetchone()
    # Not by min(): it would read every call, several times a second while Redis is away.
    since = "SELECT at FROM calls WHERE at IS NOT NULL ORDER BY id LIMIT 1"
    first = connection.execute(since).fetchone()
    return calls, first and first[0], refused


def of_user(connection: sqlite3.Connection, user_key: str) -> list[Call]:
    """The calls of a user, those that were put aside before the others."""
    found: list[Call] = []
    for table in ("dead", "calls"):
        asked = f"SELECT body FROM {table} WHERE user_key = ? ORDER BY id"  # noqa: S608 - our own names
        read = (_readable(body) for (body,) in connection.execute(asked, (user_key,)))
        found += [call for call in read if call is not None]
    return found


def erase(connection: sqlite3.Connection, user_key: str) -> int:
    """Take out the calls of a user; how many there were."""
    return sum(
        connection.execute(f"DELETE FROM {table} WHERE user_key = ?", (user_key,)).rowcount  # noqa: S608 - our own names
        for table in ("calls", "dead")
    )


def set_aside(
    connection: sqlite3.Connection, of_file: Mapping[int, str], others: Mapping[Call, str]
) -> None:
    """Put calls among the dead, each with what is wrong with it: those of the file by number."""
    connection.executemany(
        "INSERT INTO dead (bucket, user_key, body, at, error) "
        "SELECT bucket, user_key, body, at, ? FROM calls WHERE id = ?",
        [(error, number) for number, error in of_file.items()],
    )
    connection.executemany("DELETE FROM calls WHERE id = ?", [(number,) for number in of_file])
    connection.executemany(
        "INSERT INTO dead (bucket, user_key, body, error) VALUES (?, ?, ?, ?)",
        [(one.bucket, one.user_key, to_text(one), error) for one, error in others.items()],
    )


def _readable(body: str) -> Call | None:
    """A call as it was; `None` for what no version that we know has written."""
    try:
        return from_text(body)
    except (ValueError, TypeError, LookupError, AttributeError):
        return None


def to_text(call: Call) -> str:
    """A call as it is written down."""
    return json.dumps([call.script, call.bucket, call.keys, call.args], separators=(",", ":"))


def from_text(body: str) -> Call:
    """A call as it was.

    Raises:
        ValueError, TypeError, LookupError, AttributeError: it is written as no version of ours did.
    """
    script, bucket, keys, args = json.loads(body)
    user_key = keys[0].rpartition(":")[2] or None
    return Call(script, bucket, tuple(keys), tuple(args), user_key)
