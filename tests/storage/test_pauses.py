"""A pause ends when somebody ends it, or by itself when it has run out; on both databases."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from tay_middleware.domain import uuid7
from tay_middleware.storage import Database, Outbox, open_store
from tay_middleware.storage.desk import pauses
from tay_middleware.storage.desk.pauses import BY_ITSELF, Subject
from tay_middleware.storage.outbox.pause_board import Board, paused_key, publish_by, read_board
from tay_middleware.storage.reading.reactions import last_lifted
from tests.builders import NOON
from tests.databases import play
from tests.storage.records import opened

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
END = NOON + 3 * HOUR


async def paused(
    database: Database, at: datetime, until: datetime | None, name: str = "course"
) -> bool:
    return await database.write(
        pauses.pause,
        pause_id=uuid7(at, 1 if name == "course" else 2),
        subject=Subject.OFFER,
        name=name,
        now=at,
        by="ada",
        reason="sold out",
        figures={},
        until=until,
    )


async def standing(database: Database, now: datetime) -> list[tuple[Any, ...]]:
    rows = await database.read(pauses.history, now)
    return [(row.paused_at, row.until, row.lifted_at, row.lifted_by) for row in rows]


def test_a_pause_with_an_end_is_over_at_that_very_time(url: str) -> None:
    async def scene(database: Database) -> list[Any]:
        assert await paused(database, NOON, END)
        assert await paused(database, NOON, None, "mentorship")
        times = (NOON, END - SECOND, END, END + 1000 * HOUR)
        return [await database.read(pauses.paused_names, now) for now in times]

    both = {"course", "mentorship"}
    assert play(url, scene) == [both, both, {"mentorship"}, {"mentorship"}]


def test_the_trail_says_when_it_ends_and_who_ended_it(url: str) -> None:
    async def scene(database: Database) -> list[Any]:
        await paused(database, NOON, END)
        before, after = await standing(database, NOON), await standing(database, END)
        lifted = [await database.read(last_lifted, now) for now in (NOON, END)]
        return [before, after, *lifted]

    assert play(url, scene) == [
        [(NOON, END, None, None)],
        [(NOON, END, END, BY_ITSELF)],
        {},
        {"course": END},
    ]


def test_one_that_runs_is_not_paused_again_and_one_that_ran_out_is(url: str) -> None:
    async def scene(database: Database) -> list[Any]:
        again = [await paused(database, at, None) for at in (NOON, NOON + HOUR)]
        await database.write(pauses.lift, "course", NOON + HOUR, by="ada", note=None)
        again += [await paused(database, NOON + 2 * HOUR, END)]
        again += [await paused(database, at, None) for at in (END - SECOND, END)]
        return [again, await standing(database, END)]

    again, trail = play(url, scene)
    assert again == [True, False, True, False, True]
    assert trail == [
        (END, None, None, None),
        (NOON + 2 * HOUR, END, END, BY_ITSELF),
        (NOON, None, NOON + HOUR, "ada"),
    ]


def test_a_person_may_end_it_before_its_time_and_not_after(url: str) -> None:
    async def lifted(database: Database, at: datetime) -> bool:
        return await database.write(pauses.lift, "course", at, by="ada", note=None)

    async def scene(database: Database) -> list[Any]:
        await paused(database, NOON, END)
        early = await lifted(database, NOON + HOUR)
        names = await database.read(pauses.paused_names, NOON + HOUR)
        await paused(database, NOON + 2 * HOUR, END)
        late = await lifted(database, END)
        return [early, names, late, await standing(database, END)]

    early, names, late, trail = play(url, scene)
    assert (early, names, late) == (True, frozenset(), False)
    assert trail == [
        (NOON + 2 * HOUR, END, END, BY_ITSELF),
        (NOON, END, NOON + HOUR, "ada"),
    ]


def test_what_has_run_out_goes_from_the_board_when_it_is_told_again(
    url: str, redis_url: str
) -> None:
    async def scene(database: Database) -> list[Board]:
        client: Any
        found = []
        async with Redis.from_url(redis_url) as client:
            await paused(database, NOON, END)
            for now in (NOON, END):
                await publish_by(client, database, now)
                found.append(read_board(await client.get(paused_key())))
        return found

    assert play(url, scene) == [{"course": END}, {}]


def test_what_has_run_out_is_over_behind_redis_when_nobody_tells(
    url: str, redis_url: str, tmp_path: Path
) -> None:
    async def scene(database: Database) -> list[frozenset[str]]:
        store = open_store(url, history_turns=1, outbox=Outbox(redis_url, tmp_path / "spool.db"))
        client: Any
        async with Redis.from_url(redis_url) as client:
            await paused(database, NOON, END)
            await paused(database, NOON, None, "mentorship")
            await publish_by(client, database, NOON)
        await opened(store)
        found = [await store.paused(now) for now in (NOON, END - SECOND, END)]
        await store.aclose()
        return found

    both = {"course", "mentorship"}
    assert play(url, scene) == [both, both, {"mentorship"}]
