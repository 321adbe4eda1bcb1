import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tay_middleware.errors import StorageUnavailable
from tay_middleware.storage.outbox.wire import Call, Limits, commit_call
from tay_middleware.storage.spool import CHUNK, RETRY_SECONDS, Spool
from tests.storage.records import a_record, key
from tests.storage.spools import play

LIMITS = Limits(turns=10, events=1000)


def a_call(number: int = 1, user: str | None = "ada") -> Call:
    return commit_call(a_record(number, user=user, shown=False), LIMITS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "in" / "spool.db"


def test_calls_come_back_whole_and_in_their_order_in_another_process(path: Path) -> None:
    calls = [a_call(n, user=f"u{n}") for n in range(1, 30)] + [a_call(99, user=None)]

    async def put(spool: Spool) -> None:
        for call in calls:
            await spool.put(call)

    play(path, put)
    again = play(path, lambda spool: spool.oldest(100))
    assert [call for _, call in again] == calls


def test_what_is_removed_is_gone_and_the_rest_stays(path: Path) -> None:
    async def scene(spool: Spool) -> Any:
        await asyncio.gather(*(spool.put(a_call(n)) for n in range(1, 101)))
        oldest = await spool.oldest(40)
        await spool.remove([number for number, _ in oldest])
        return await spool.count(), (await spool.oldest(1))[0][0]

    assert play(path, scene) == (60, 41)


def test_the_calls_of_a_bucket_can_be_left_out(path: Path) -> None:
    calls = [a_call(number, user=f"u{number}") for number in range(1, 60)]
    away = {calls[0].bucket, calls[7].bucket}

    async def scene(spool: Spool) -> Any:
        for call in calls:
            await spool.put(call)
        return await spool.oldest(100, without=away)

    assert [call for _, call in play(path, scene)] == [
        call for call in calls if call.bucket not in away
    ]


def test_one_process_at_a_time_works_it_off(path: Path) -> None:
    now = [1000.0]

    async def scene(spool: Spool) -> list[bool]:
        taken = [await spool.lease("a", 10), await spool.lease("b", 10)]
        now[0] += 5
        taken.append(await spool.lease("a", 10))
        now[0] += 11
        return [*taken, await spool.lease("b", 10), await spool.lease("a", 10)]

    assert play(path, scene, clock=lambda: now[0]) == [True, False, True, True, False]


def test_a_full_file_leaves_calls_in_memory_until_there_is_room(path: Path) -> None:
    async def scene(spool: Spool) -> Any:
        for number in range(1, 200):
            await spool.put(a_call(number))
        held, total = spool.held, await spool.count()
        while await spool.count():
            waiting = await spool.oldest(50)
            await spool.remove([number for number, _ in waiting])
        return held, total, spool.held

    held, total, left = play(path, scene, most_bytes=64 * 1024)
    assert 0 < held < 199
    assert (total, left) == (199, 0)


def test_calls_in_memory_reach_the_file_once_it_can_be_written(path: Path) -> None:
    path.parent.mkdir()
    path.mkdir()
    now = [1000.0]

    async def scene(spool: Spool) -> list[int]:
        await spool.put(a_call(1))
        held = [spool.held]
        path.rmdir()  # noqa: ASYNC240 - nobody else is waiting
        await spool.put(a_call(2))
        held.append(spool.held)
        now[0] += RETRY_SECONDS
        await spool.put(a_call(3))
        return [*held, spool.held]

    assert play(path, scene, clock=lambda: now[0]) == [1, 2, 0]
    assert [call.args[0][-1] for _, call in play(path, lambda spool: spool.oldest(9))] == [
        *("1", "2", "3")
    ]


def test_a_file_that_cannot_be_written_is_tried_once_a_second_and_told_of_once(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    path.mkdir()
    now, tries = [1000.0], []

    class Watched(Spool):
        def _open(self) -> sqlite3.Connection:
            tries.append(now[0])
            return super()._open()

    async def scene() -> None:
        spool = Watched(path, clock=lambda: now[0])
        for number in range(1, 31):
            now[0] += 0.1
            await spool.put(a_call(number))
        await spool.aclose()

    asyncio.run(scene())
    assert 3 <= len(tries) <= 5
    assert [(one.levelname, one.getMessage().split(":")[0]) for one in caplog.records] == [
        ("WARNING", f"the spool {path} cannot be written (OperationalError)"),
        ("ERROR", "30 decisions are lost"),
    ]


def test_who_is_erased_takes_nobody_along_where_the_file_cannot_be_written(path: Path) -> None:
    path.parent.mkdir()
    path.mkdir()
    hers, others = a_call(1, user="ada"), [a_call(2, user="bob"), a_call(3, user=None)]

    async def scene(spool: Spool) -> list[Call]:
        for call in (hers, *others):
            await spool.put(call)
        with pytest.raises(StorageUnavailable):
            await spool.erase(key("ada"))
        return [call for _, call in await spool.oldest(9)]

    assert play(path, scene) == others


def test_what_was_written_before_the_file_was_full_is_not_written_again(path: Path) -> None:
    async def scene(spool: Spool) -> Any:
        for number in range(1, 3 * CHUNK):
            spool.leave(a_call(number))
        await spool.put(a_call(3 * CHUNK))
        held = spool.held
        numbers = [call.args[0] for _, call in await spool.oldest(5000)]
        return held, len(numbers), len(set(numbers))

    held, found, different = play(path, scene, most_bytes=3 << 20)
    assert held in {CHUNK, 2 * CHUNK}
    assert (found, different) == (3 * CHUNK, 3 * CHUNK)


def test_a_call_that_came_while_others_were_worked_off_is_kept(path: Path) -> None:
    """The disk is full, has room for a moment, is full again: no call is taken for another."""
    path.parent.mkdir()
    path.mkdir()

    async def scene(spool: Spool) -> Any:
        await spool.put(a_call(1))
        worked_off = await spool.oldest(10)
        with pytest.raises(StorageUnavailable):
            await spool.erase(key())
        await spool.put(a_call(2))
        await spool.remove([number for number, _ in worked_off])
        return [call.args[0][-1] for _, call in await spool.oldest(10)]

    assert play(path, scene) == ["2"]


def test_memory_is_bounded(path: Path) -> None:
    path.parent.mkdir()
    path.mkdir()

    async def scene(spool: Spool) -> int:
        for number in range(1, 4):
            await spool.put(a_call(number))
        with pytest.raises(StorageUnavailable, match="full"):
            await spool.put(a_call(4))
        return spool.held

    assert play(path, scene, most_held=3) == 3


def test_a_users_calls_are_found_and_erased(path: Path) -> None:
    async def scene(spool: Spool) -> Any:
        for number, user in enumerate(("ada", "bea", "ada"), start=1):
            await spool.put(a_call(number, user=user))
        found = await spool.of_user(key("ada"))
        return len(found), await spool.erase(key("ada")), await spool.count()

    assert play(path, scene) == (2, 2, 1)


def test_an_unused_spool_erases_nothing_and_makes_no_file(path: Path) -> None:
    assert play(path, lambda spool: spool.erase(key())) == 0
    assert not path.exists()


def test_any_sqlite_client_can_look_into_it(path: Path) -> None:
    play(path, lambda spool: spool.put(a_call()))
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*), min(user_key) FROM calls").fetchone() == (
            1,
            key(),
        )
    connection.close()
