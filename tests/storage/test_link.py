import asyncio
import socket
import time

import pytest

from tay_middleware.errors import ConfigurationError
from tay_middleware.storage.outbox.breaker import FAILURES, Breaker
from tay_middleware.storage.outbox.buckets import BUCKETS, bucket_of, keys_of
from tay_middleware.storage.outbox.link import Link, close_client, in_time, make_client
from tests.builders import a_turn


def test_a_breaker_opens_after_failures_in_a_row_and_only_a_probe_closes_it() -> None:
    breaker = Breaker()
    for _ in range(FAILURES - 1):
        assert not breaker.failed()
    breaker.succeeded()
    assert [breaker.failed() for _ in range(FAILURES)] == [False] * (FAILURES - 1) + [True]
    breaker.succeeded()
    assert breaker.is_open
    breaker.close()
    assert not breaker.is_open


def test_one_failure_closes_a_bucket_of_a_cluster_off_and_no_other() -> None:
    async def scene() -> list[int]:
        link = Link("redis+cluster://127.0.0.1:1", call_seconds=1)
        link.breaker(7).failed()
        found = [*link.open_buckets, link.breaker(8).failures]
        await link.aclose()
        return found

    assert asyncio.run(scene()) == [7, 0]


def test_a_late_answer_is_a_timeout() -> None:
    with pytest.raises(TimeoutError):
        asyncio.run(in_time(asyncio.sleep(30), 0.01))


def test_an_answer_that_has_arrived_while_we_were_busy_is_taken() -> None:
    async def scene() -> bytes:
        ours, theirs = socket.socketpair()
        reading, writing = await asyncio.open_connection(sock=ours)
        task = asyncio.ensure_future(in_time(reading.readline(), 0.05))
        await asyncio.sleep(0)
        theirs.send(b"here\n")
        time.sleep(0.2)  # noqa: ASYNC251 - an interpreter that is busy is what this is about
        answer = await task
        writing.close()
        theirs.close()
        return answer

    assert asyncio.run(scene()) == b"here\n"


def test_a_client_is_closed_however_soon_its_closing_is_cancelled(redis_url: str) -> None:
    async def scene(steps: int) -> bool:
        client = make_client(redis_url, patience_seconds=5)
        await client.ping()
        [connection] = client.connection_pool._available_connections
        assert connection.is_connected
        closing = asyncio.create_task(close_client(client))
        for _ in range(steps):
            await asyncio.sleep(0)
        closing.cancel()
        await asyncio.gather(closing, return_exceptions=True)
        return bool(connection.is_connected)

    assert not any(asyncio.run(scene(steps)) for steps in range(1, 12))


def test_buckets_are_stable_and_even() -> None:
    assert bucket_of("ada") == 13
    counts = [0] * BUCKETS
    for number in range(64_000):
        counts[bucket_of(f"user-{number}")] += 1
    assert min(counts) > 800
    assert max(counts) < 1200


def test_keys_name_no_user() -> None:
    turn = a_turn(user="ada@example.org")
    assert "ada" not in "".join(keys_of(turn.user_key, turn.turn_id).all())


@pytest.mark.parametrize(
    ("url", "cluster"),
    [
        ("redis://h:1/0", False),
        ("rediss://u:p@h:1/0", False),
        ("unix:///tmp/s", False),
        ("redis+cluster://h:1,i:2", True),
        ("rediss+cluster://u:p%40@h:1", True),
    ],
)
def test_each_scheme_makes_its_client(url: str, cluster: bool) -> None:
    async def scene() -> bool:
        link = Link(url, call_seconds=1)
        await link.aclose()
        return link.is_cluster

    assert asyncio.run(scene()) is cluster


@pytest.mark.parametrize("url", ["http://h", "redis+cluster://u:hush@h", "hush", ""])
def test_another_scheme_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match="write it like") as caught:
        make_client(url, patience_seconds=1)
    assert "hush" not in str(caught.value)
