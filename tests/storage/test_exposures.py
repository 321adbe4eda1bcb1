import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from tay_middleware.domain import Assignment
from tay_middleware.storage import Database, Outbox, TurnRecord, open_store
from tay_middleware.storage.drain import Drain
from tay_middleware.storage.outbox.pause_board import paused_key, read_board
from tay_middleware.storage.outbox.wire import turn_event
from tay_middleware.storage.people import Archive
from tay_middleware.storage.redis import RedisStore
from tay_middleware.storage.sql import question_logs
from tay_middleware.storage.turns.events import read_event
from tay_middleware.storage.turns.exposures import exposures
from tests.builders import NOON
from tests.databases import migrated
from tests.storage.records import DAY, KEY_OF, SECOND, a_record, key


def in_arm(arm: str = "B", *, exposed: bool = True, **more: Any) -> TurnRecord:
    record = a_record(**more)
    drawn = (Assignment("test", arm, exposed, 1 / 3), Assignment("holdout", "shown", False, 0.8))
    return replace(record, decision=replace(record.decision, assignments=drawn))


class Places:
    def __init__(self, store: Any, database: Database) -> None:
        self.store, self.database = store, database
        self.archive = Archive(database, store if isinstance(store, RedisStore) else None, KEY_OF)

    async def commit(self, *records: TurnRecord) -> None:
        for record in records:
            await self.store.commit(record)
        if isinstance(self.store, RedisStore):
            await Drain(self.store.link.client, self.database).run(once=True)

    async def read(self) -> tuple[list[Any], list[Any]]:
        def both(connection: Connection) -> tuple[list[Any], list[Any]]:
            rows = connection.execute(select(exposures).order_by(exposures.c.first_at)).all()
            asked = connection.execute(select(question_logs.c.assignments))
            return list(rows), list(asked.scalars())

        return await self.database.read(both)


@pytest.fixture(params=["embedded", "redis and sqlite", "redis and postgres"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Any]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    outbox = None
    if request.param != "embedded":
        redis_url = request.getfixturevalue("redis_url")
        outbox = Outbox(redis_url, tmp_path / "spool.db", call_seconds=5)
    if request.param == "redis and postgres":
        url = request.getfixturevalue("postgres_url")
    else:
        migrated(url)

    def run(scene: Callable[[Places], Awaitable[Any]]) -> Any:
        async def opened() -> Any:
            store = open_store(url, history_turns=10, outbox=outbox)
            places = Places(store, Database(url))
            await store.open()
            try:
                return await scene(places)
            finally:
                await store.aclose()
                await places.database.aclose()

        return asyncio.run(opened())

    return run


def test_every_decision_logs_its_arms_and_the_first_exposure_stands(play: Any) -> None:
    async def scene(places: Places) -> Any:
        await places.commit(
            in_arm(number=1, exposed=False),
            in_arm(number=2, at=NOON + 2 * SECOND),
            in_arm(number=3, at=NOON + DAY),
        )
        return await places.read()

    rows, logged = play(scene)
    ((found),) = rows
    assert (found.experiment, found.user_key, found.arm) == ("test", key(), "B")
    assert (found.first_at, found.playbook_version) == (NOON + 2 * SECOND, "v1")
    assert found.chance == pytest.approx(1 / 3, abs=1e-5)
    assert sorted(one[0][2] for one in logged) == [False, True, True]
    assert logged[0][1] == ["holdout", "shown", False, 0.8]


def test_what_arrives_late_may_be_the_first(play: Any) -> None:
    async def scene(places: Places) -> Any:
        await places.commit(in_arm(number=2, at=NOON + DAY))
        await places.commit(in_arm(number=1, at=NOON))
        return (await places.read())[0]

    assert [row.first_at for row in play(scene)] == [NOON]


def test_a_user_who_is_erased_is_in_no_experiment_any_more(play: Any) -> None:
    async def scene(places: Places) -> Any:
        await places.commit(in_arm(number=1), in_arm(number=2, user="bea"))
        kept = await places.archive.export(key(), NOON + DAY)
        await places.archive.erase(key(), NOON + DAY)
        return kept["exposures"], (await places.read())[0]

    exported, left = play(scene)
    assert [row["arm"] for row in exported] == ["B"]
    assert [row.user_key for row in left] == [key("bea")]


def test_who_is_not_known_is_exposed_to_nothing(play: Any) -> None:
    async def scene(places: Places) -> Any:
        await places.commit(in_arm(number=1, user=None))
        return (await places.read())[0]

    assert play(scene) == []


def test_an_event_of_an_app_from_before_is_read(play: Any) -> None:
    said = json.loads(turn_event(in_arm(number=1)))
    del said["assignments"]
    event = read_event("turn", json.dumps(said))
    assert event.row is not None
    assert event.row["assignments"] is None

    async def scene(places: Places) -> Any:
        from tay_middleware.storage.ledger import apply  # noqa: PLC0415 - of this scene alone

        await places.database.write(apply, [event], [0], NOON + timedelta(days=1))
        return await places.read()

    assert play(scene) == ([], [None])


@pytest.mark.parametrize(
    ("value", "names"),
    [(None, set()), (b"[]", set()), (b'["course","a.b"]', {"course", "a.b"})],
)
def test_what_stands_on_the_board_is_read(value: bytes | None, names: set[str]) -> None:
    assert read_board(value).keys() == names
    assert paused_key() == "tay:paused"
