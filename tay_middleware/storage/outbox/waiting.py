"""Turns that this version must not write, for a later one has made the file its own.

They wait in a file beside the database, `<name>.waiting`, until a version that may write it opens
it and makes up for them: log, profile and all, once in effect however often that is begun. What
cannot be written even then stays in the file, and says why.
"""

import json
import logging
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from tay_middleware.errors import RowRefused, StorageError, StorageUnavailable
from tay_middleware.private import make_file
from tay_middleware.storage.base import TurnRecord
from tay_middleware.storage.ledger import apply, was_erased
from tay_middleware.storage.outbox.wire import retract_event, turn_event
from tay_middleware.storage.sql import to_json
from tay_middleware.storage.turns import profiles
from tay_middleware.storage.turns.events import Event, read_event
from tay_middleware.storage.turns.said import Said, from_plain, said_in, to_plain

MOST = 200
"""Turns in one transaction: few, for the chat waits for the same write lock."""

BUSY_SECONDS = 5.0
"""Longest wait for another process that writes the file."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS waiting (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_key TEXT,
    kind TEXT NOT NULL,
    event TEXT NOT NULL,
    said TEXT,
    error TEXT
)
"""

_log = logging.getLogger("tay_middleware")


@dataclass(frozen=True, slots=True)
class Kept:
    """One that waits: an event as the outbox has it, and what it says of its user, as JSON."""

    number: int
    kind: str
    event: str
    said: str | None


class Waiting:
    """The file beside a database. Whole calls, from any thread, none of them long."""

    def __init__(self, database: Path) -> None:
        """Name the file; it is made when the first turn has to wait."""
        self.path = database.with_name(f"{database.name}.waiting")

    def put_turn(self, record: TurnRecord) -> None:
        """Keep a turn.

        Raises:
            StorageUnavailable: it cannot be written.
        """
        said = said_in(record)
        plain = None if said is None else to_json(to_plain(said))
        self._put(record.turn.user_key, "turn", turn_event(record), plain)

    def put_retraction(self, record: TurnRecord) -> None:
        """Keep that a mention was taken back; as `put_turn`."""
        self._put(None, "retract", retract_event(record), None)

    def oldest(self) -> Sequence[Kept]:
        """The oldest that wait, at most `MOST`; none where there is no file.

        Raises:
            StorageUnavailable: it cannot be read.
        """
        if not self.path.exists():
            return []
        asked = "SELECT id, kind, event, said FROM waiting WHERE error IS NULL ORDER BY id LIMIT ?"
        return [Kept(*row) for row in self._run(asked, [(MOST,)])]

    def done(self, some: Sequence[Kept], refused: Mapping[int, str]) -> None:
        """Forget those that are in the database now; the refused stay, with the reason.

        Raises:
            StorageUnavailable: it cannot be written; they are only made up for once more.
        """
        self._run(
            "UPDATE waiting SET error = ? WHERE id = ?", [(why, n) for n, why in refused.items()]
        )
        gone = [(one.number,) for one in some if one.number not in refused]
        self._run("DELETE FROM waiting WHERE id = ?", gone)
        _log.warning("%d turns that an older version kept aside are made up for", len(gone))
        if refused:
            _log.error("%d turns cannot be made up for, and stay in %s", len(refused), self.path)

    def _put(self, user_key: str | None, kind: str, event: str, said: str | None) -> None:
        asked = "INSERT INTO waiting (user_key, kind, event, said) VALUES (?, ?, ?, ?)"
        try:
            make_file(self.path)
        except OSError as error:
            raise StorageUnavailable(f"{self.path}: {error}") from error
        self._run(asked, [(user_key, kind, event, said)])

    def _run(self, statement: str, values: Sequence[tuple[object, ...]]) -> list[tuple[Any, ...]]:
        try:
            with closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS)) as connection:
                found: list[tuple[Any, ...]] = []
                with connection:
                    connection.execute(_SCHEMA)
                    for some in values:
                        found += connection.execute(statement, some).fetchall()
                return found
        except (sqlite3.Error, OSError) as error:
            raise StorageUnavailable(f"{self.path}: {error}") from error


def make_up(connection: Connection, some: Sequence[Kept], now: datetime) -> dict[int, str]:
    """Write what has waited, inside a transaction; why what could not be, by its number."""
    refused: dict[int, str] = {}
    for one in some:
        try:
            event, said = _read(one)
            with connection.begin_nested():
                apply(connection, [event], (), now)
                if said is not None and not was_erased(connection, said.user_key, said.at):
                    profiles.note(connection, said)
        except RowRefused as error:
            refused[one.number] = str(error)
    return refused


def _read(one: Kept) -> tuple[Event, Said | None]:
    try:
        said = None if one.said is None else from_plain(json.loads(one.said))
        return read_event(one.kind, one.event), said
    except (StorageError, ValueError, TypeError) as error:
        raise RowRefused("it cannot be read") from error
