"""The fold: whatever the order, repetition and cut of the events, one and the same state."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tay_middleware.domain import ReplyStatus, uuid7
from tay_middleware.errors import RowRefused, StorageError
from tay_middleware.storage import Database
from tay_middleware.storage.ledger import apply
from tay_middleware.storage.outbox.wire import retract_event, turn_event
from tay_middleware.storage.sql import question_logs
from tay_middleware.storage.turns.events import Event, Known, anonymous, folded, read_event
from tay_middleware.storage.turns.figures import difference
from tests.builders import NOON
from tests.databases import migrated, play
from tests.storage.records import SECOND, a_record, key
from tests.uncounted import at_scale


def turn(number: int, **changes: Any) -> Event:
    return read_event("turn", turn_event(a_record(number, user=f"u{number % 2}", **changes)))


def failed(number: int) -> Event:
    record = a_record(number, user=f"u{number % 2}", shown=False, status=ReplyStatus.FAILED)
    return read_event("turn", turn_event(replace(record, id=uuid7(NOON, 1000 + number))))


def retract(number: int) -> Event:
    return read_event("retract", json.dumps({"turn_id": str(UUID(int=number))}))


def retract_row(number: int, bits: int | None = None) -> Event:
    record = replace(a_record(number), id=uuid7(NOON, bits or number))
    return read_event("retract", retract_event(record))


def erase(user: str) -> Event:
    at = (NOON + SECOND).isoformat()
    return read_event("erase", json.dumps({"user_key": key(user), "at": at}))


class Sql:
    """What `ledger` does to SQL, on dictionaries: the state, and the figures of the changes."""

    def __init__(self) -> None:
        self.rows: dict[UUID, Any] = {}
        self.retracted: set[UUID] = set()
        self.erased: dict[str, Any] = {}
        self.figures: dict[Any, tuple[int, int]] = {}

    def apply(self, events: Sequence[Event]) -> None:
        known = Known(dict(self.rows), frozenset(self.retracted), dict(self.erased))
        changes = folded(known, events)
        for row in changes.gone:
            self.rows.pop(row["turn_id"], None)
        for row in (*changes.new, *changes.held_back):
            self.rows[row["turn_id"]] = row
        self.retracted |= changes.retracted
        self.erased |= changes.erased
        for user, until in changes.erased.items():
            for turn_id, row in self.rows.items():
                if row["user_key"] == user and row["created_at"] <= until:
                    self.rows[turn_id] = anonymous(row)
        moved = difference([*changes.new, *changes.held_back], changes.gone)
        for cell, (count, detected) in moved.items():
            before = self.figures.get(cell, (0, 0))
            self.figures[cell] = (before[0] + count, before[1] + detected)

    def state(self) -> Any:
        rows = {
            turn_id: (row["id"], row["shown"], row["addition"], row["user_id"], row["status"])
            for turn_id, row in self.rows.items()
        }
        return rows, {cell: count for cell, count in self.figures.items() if any(count)}

    def counted(self) -> Any:
        return dict(difference(self.rows.values(), []))


STORY = (
    turn(1),
    turn(2),
    turn(3, shown=False),
    failed(4),
    turn(4),
    retract(2),
    failed(5),
    retract(6),
    turn(6),
    erase("u1"),
    turn(7, at=NOON + 2 * SECOND, shown=False),
    retract_row(8),
    turn(8),
    turn(10),
    retract_row(10, bits=99),
)


def told(batches: Iterable[Sequence[Event]]) -> Sql:
    sql = Sql()
    for batch in batches:
        sql.apply(batch)
    return sql


@at_scale
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_order_any_repetition_and_any_cut_give_one_state(data: st.DataObject) -> None:
    repeated = list(STORY) + data.draw(st.lists(st.sampled_from(STORY), max_size=8))
    events = data.draw(st.permutations(repeated))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(events) - 1), max_size=4)))
    bounds = [0, *cuts, len(events)]
    batches = [events[low:high] for low, high in pairwise(bounds)]
    sql = told(batches)
    assert sql.state() == told([STORY]).state()
    assert sql.counted() == {cell: n for cell, n in sql.figures.items() if any(n)}


def test_an_erasing_that_is_known_is_done_again() -> None:
    again = erase("u1")
    assert again.user_key is not None
    assert again.at is not None
    known = Known(erased={again.user_key: again.at + SECOND})
    assert folded(known, [again]).erased == {again.user_key: again.at + SECOND}
    assert folded(known, [turn(1)]).erased == {}


def test_the_story_ends_as_it_should() -> None:
    rows = told([STORY]).rows
    assert {turn_id.int: row["shown"] for turn_id, row in rows.items()} == {
        1: True,
        2: False,
        3: False,
        4: True,
        5: False,
        6: False,
        7: False,
        8: False,
        10: True,
    }
    assert {turn_id.int for turn_id, row in rows.items() if row["user_id"] is None} == {1, 3, 5}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("turn", "{"),
        ("turn", "[]"),
        ("turn", "{}"),
        ("turn", b"\xff"),
        ("retract", '{"turn_id": 7}'),
        ("retract", "null"),
        ("retract", f'{{"turn_id": "{UUID(int=1)}", "id": "yesterday"}}'),
        ("erase", '{"user_key": "k", "at": "yesterday"}'),
        ("erase", '{"user_key": "k", "at": "2026-01-01T00:00:00"}'),
        ("riddle", "{}"),
    ],
)
def test_what_is_no_event_is_refused_without_its_values(kind: str, body: bytes | str) -> None:
    with pytest.raises(StorageError) as caught:
        read_event(kind, body)
    assert "yesterday" not in str(caught.value)


def test_a_row_without_one_of_its_columns_is_refused() -> None:
    row = json.loads(turn_event(a_record(1)))
    del row["tier"]
    with pytest.raises(StorageError):
        read_event("turn", json.dumps(row))


def test_a_column_that_only_a_newer_app_knows_holds_nothing_up(either_url: str) -> None:
    """The row goes in without it; what waits in the same batch goes in beside it."""
    newer = json.loads(turn_event(a_record(1))) | {"of_a_newer_app": {"a": [1]}}
    taken_back = json.loads(turn_event(a_record(2))) | {"of_a_newer_app": "b"}
    batch = [read_event("turn", json.dumps(row)) for row in (newer, taken_back)]
    batch += [retract(2), turn(3)]

    async def scene(database: Database) -> tuple[int, list[Any]]:
        new = await database.write(apply, batch, [0], NOON)
        asked = select(question_logs.c.turn_id).order_by(question_logs.c.turn_id)
        return new, await database.read(lambda tx: list(tx.execute(asked).scalars()))

    assert play(either_url, scene) == (3, [UUID(int=number) for number in (1, 2, 3)])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("assignments", [None]),
        ("assignments", 5),
        ("assignments", [["test", "B", "yes", 0.5]]),
        ("assignments", {"test": "B"}),
        ("scores", []),
        ("gates", None),
        ("indicators", "all"),
        ("notes", {}),
        ("detected", "yes"),
        ("shown", None),
    ],
)
def test_a_row_whose_columns_hold_something_else_is_refused(name: str, value: object) -> None:
    row = json.loads(turn_event(a_record(1)))
    with pytest.raises(StorageError):
        read_event("turn", json.dumps({**row, name: value}))


def test_an_event_that_cannot_be_applied_is_a_refusal_of_a_row(tmp_path: Path) -> None:
    """Such as no reading tells: made here by hand."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    migrated(url)
    good = turn(1)
    assert good.row is not None
    odd = replace(good, row={**good.row, "assignments": [None]})

    async def scene(database: Database) -> None:
        await database.write(apply, [odd], [0], NOON)

    with pytest.raises(RowRefused) as caught:
        play(url, scene)
    assert "NoneType" not in str(caught.value)
