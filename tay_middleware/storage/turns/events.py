"""What stands in the outbox: a turn, the taking back of its mention, the erasing of a user.

Events come at least once and in any order; what they come to is the same whatever the order. That
is a matter of this module alone: `folded` is a pure function of what SQL holds and of the events.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import NoneType
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import String

from tay_middleware.domain import ReplyStatus
from tay_middleware.errors import StorageError
from tay_middleware.storage.columns import Words
from tay_middleware.storage.sql import question_logs
from tay_middleware.storage.transaction import Row
from tay_middleware.storage.turns.bulk import RAW
from tay_middleware.storage.turns.statements import NOT_SHOWN

PERSONAL = ("user_id", "user_key", "session_id", "question")
"""What leads to a person; erasing makes it null and leaves the rest of the row."""

_SINCE_THEN = {"assignments": None, "simulated": None}
"""Columns that an app of an earlier version does not send, and what they are then."""

_NAMES = frozenset(column.name for column in question_logs.columns) - _SINCE_THEN.keys()
_TEXTS = tuple(
    column.name for column in question_logs.columns if isinstance(column.type, String | Words)
)
_TEXT_OR_NOTHING = frozenset({str, NoneType})
_SHAPED = ("detected", "need", "shown", "scores", "gates", "indicators", "notes")
_SHAPES = [bool, bool, bool, dict, list, list, list]
_ASSIGNMENT = ([str, str, bool, float], [str, str, bool, int])
"""What stands in a JSON column that is read apart, value by value."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event, read."""

    kind: Literal["turn", "retract", "erase"]
    turn_id: UUID | None = None
    row: Row | None = None
    user_key: str | None = None
    at: datetime | None = None
    record_id: UUID | None = None
    """The row whose mention is taken back. `None` from an app of an earlier version, which means
    whatever row stands under the turn."""


@dataclass(frozen=True, slots=True)
class Known:
    """What SQL holds of the turns and users of some events.

    `rows` by turn; `retracted` the ids of rows whose mention was taken back, perhaps before they
    arrived, or of their turns; `erased` users with the time up to which they are.
    """

    rows: Mapping[UUID, Row] = field(default_factory=dict)
    retracted: frozenset[UUID] = frozenset()
    erased: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Changes:
    """What must be written so that SQL holds what the events say.

    `gone` are rows as they were; `held_back` rows as they will be, their mention taken back.
    `erased` are the users of every erasing among the events, known or not: erasing again does no
    harm, and what slipped in between finds its end.
    """

    new: tuple[Row, ...] = ()
    gone: tuple[Row, ...] = ()
    held_back: tuple[Row, ...] = ()
    retracted: frozenset[UUID] = frozenset()
    erased: Mapping[str, datetime] = field(default_factory=dict)


def read_event(kind: str, body: bytes | str) -> Event:
    """An event as it stands in the stream.

    Raises:
        StorageError: it is none of ours, or damaged. The message holds no value of it.
    """
    try:
        said = orjson.loads(body)
        if kind == "turn":
            row = _read_row(said)
            row[RAW] = body.decode() if isinstance(body, bytes) else body
            return Event("turn", turn_id=row["turn_id"], row=row, user_key=row["user_key"])
        if kind == "retract":
            record_id = UUID(said["id"]) if "id" in said else None
            return Event("retract", turn_id=UUID(said["turn_id"]), record_id=record_id)
        if kind == "erase":
            return Event("erase", user_key=str(said["user_key"]), at=_time(said["at"]))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise StorageError(f"an event cannot be read ({type(error).__name__})") from error
    raise StorageError("an event is of no known kind")


def folded(known: Known, events: Iterable[Event]) -> Changes:
    """What some events, in any order and any number of times, make of what is known."""
    now = dict(known.rows)
    retracted = set(known.retracted)
    erased = dict(known.erased)
    told = set()
    for event in events:
        if event.kind == "erase" and event.user_key is not None and event.at is not None:
            erased[event.user_key] = max(event.at, erased.get(event.user_key, event.at))
            told.add(event.user_key)
        elif event.kind == "retract" and event.turn_id is not None:
            retracted.add(event.record_id or event.turn_id)
            if event.turn_id in now:
                now[event.turn_id] = _as_retracted(now[event.turn_id], retracted)
        elif event.row is not None:
            row = _as_retracted(event.row, retracted)
            if _counts(row, now.get(row["turn_id"])):
                now[row["turn_id"]] = row
    changes = _changes(known, now, retracted, erased)
    return replace(changes, erased={user_key: erased[user_key] for user_key in told})


def anonymous(row: Row) -> Row:
    """The row without what leads to a person."""
    return {**row, **dict.fromkeys(PERSONAL), RAW: None}


def _changes(
    known: Known, now: Mapping[UUID, Row], retracted: set[UUID], erased: Mapping[str, datetime]
) -> Changes:
    new, gone, held_back = [], [], []
    for turn_id, row in now.items():
        before = known.rows.get(turn_id)
        if before is row:
            continue
        if before is not None and before["id"] == row["id"]:
            held_back.append(row)
            gone.append(before)
            continue
        if before is not None:
            gone.append(before)
        new.append(anonymous(row) if _is_erased(row, erased) else row)
    return Changes(
        new=tuple(new),
        gone=tuple(gone),
        held_back=tuple(held_back),
        retracted=frozenset(retracted - known.retracted),
    )


def _counts(row: Row, earlier: Row | None) -> bool:
    """Whether a turn's row takes the place of what is known of the turn."""
    if earlier is None:
        return True
    replied = ReplyStatus.REPLIED.value
    return bool(row["status"] == replied and earlier["status"] != replied)


def _as_retracted(row: Row, retracted: AbstractSet[UUID]) -> Row:
    """The row, its mention held back if that was taken back."""
    if row["addition"] is None or retracted.isdisjoint((row["id"], row["turn_id"])):
        return row
    return {**row, **NOT_SHOWN, RAW: None}


def _is_erased(row: Row, erased: Mapping[str, datetime]) -> bool:
    until = erased.get(row["user_key"] or "")
    return until is not None and row["created_at"] <= until


def _read_row(said: dict[str, Any]) -> dict[str, Any]:
    if not said.keys() >= _NAMES:
        raise KeyError("a column is missing")
    said = {**_SINCE_THEN, **said}
    if not {type(said[name]) for name in _TEXTS} <= _TEXT_OR_NOTHING:
        raise TypeError("something else stands where text should")
    if [type(said[name]) for name in _SHAPED] != _SHAPES:
        raise TypeError("something else stands where a list, a table or a yes should")
    if not all([*map(type, one)] in _ASSIGNMENT for one in said["assignments"] or ()):
        raise TypeError("something else stands where an assignment should")
    said["id"], said["turn_id"] = UUID(said["id"]), UUID(said["turn_id"])
    said["created_at"] = _time(said["created_at"])
    said["answered_at"] = _time(said["answered_at"])
    return said


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at.astimezone(UTC)
