import asyncio
from typing import Any

import pytest

from tay_middleware.storage.outbox import kept
from tay_middleware.storage.outbox.buckets import keys_of
from tay_middleware.storage.outbox.link import Link
from tay_middleware.storage.outbox.wire import Limits, commit_call, recall_args
from tests.builders import NOON, a_turn
from tests.storage.records import a_record


async def recalled(link: Link) -> Any:
    keys = keys_of(a_turn(user="ada").user_key, a_turn().turn_id)
    return await link.run("recall", keys.bucket, keys.all()[:3], recall_args(5, NOON))


def answers(redis_url: str, times: int = 2) -> list[Any]:
    async def scene() -> list[Any]:
        link = Link(redis_url, call_seconds=2)
        found = []
        for _ in range(times):
            await link.client.script_flush()
            found.append(await recalled(link))
        await link.aclose()
        return found

    return asyncio.run(scene())


def test_a_server_that_forgot_a_script_is_sent_it_again(redis_url: str) -> None:
    assert answers(redis_url) == [[[], [], []]] * 2


def test_without_the_extra_commands_are_packed_here(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_pack", kept._packed)
    assert answers(redis_url, times=1) == [[[], [], []]]


def test_a_lone_surrogate_is_replaced_and_loses_nothing(redis_url: str) -> None:
    async def scene() -> list[bytes]:
        link = Link(redis_url, call_seconds=2)
        call = commit_call(a_record(1), Limits(turns=5, events=100))
        args = (*call.args[:3], "half of a pair: \ud83d", *call.args[4:])
        answer: list[bytes] = await link.run("commit", call.bucket, call.keys, args)
        await link.aclose()
        return answer

    outcome, words = asyncio.run(scene())
    assert (outcome, words) == (b"granted", b"half of a pair: ?")


def test_a_connection_that_a_caller_left_is_not_read_by_the_next(redis_url: str) -> None:
    async def scene() -> Any:
        link = Link(redis_url, call_seconds=2, connections=1)
        await recalled(link)
        for _ in range(20):
            task = asyncio.ensure_future(link.client.get("nothing"))
            other = asyncio.ensure_future(recalled(link))
            await asyncio.sleep(0)
            other.cancel()
            await asyncio.gather(task, other, return_exceptions=True)
        found = await recalled(link)
        await link.aclose()
        return found

    assert asyncio.run(scene()) == [[], [], []]
