import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis

from tay_middleware.storage.outbox.kept import KeptConnections
from tay_middleware.storage.outbox.link import make_client


def a_client(redis_url: str) -> Redis:
    client: Redis = make_client(redis_url, patience_seconds=None)
    return client


async def is_gone(connection: Any) -> None:
    """Wait until the other side's goodbye has been read."""
    async with asyncio.timeout(10):
        while not connection._reader.at_eof():  # noqa: ASYNC110 - the driver tells nobody
            await asyncio.sleep(0.001)


def test_one_command_after_another_goes_over_the_same_connection(redis_url: str) -> None:
    async def scene() -> set[int]:
        client = a_client(redis_url)
        kept = KeptConnections(client)
        seen = {await kept.ask("CLIENT", "ID") for _ in range(3)}
        await client.aclose()
        return seen

    assert len(asyncio.run(scene())) == 1


def test_commands_at_once_each_have_their_own(redis_url: str) -> None:
    async def scene() -> set[int]:
        client = a_client(redis_url)
        kept = KeptConnections(client)
        seen = set(await asyncio.gather(*(kept.ask("CLIENT", "ID") for _ in range(3))))
        await client.aclose()
        return seen

    assert len(asyncio.run(scene())) == 3


def test_a_connection_that_the_server_closed_loses_no_command(redis_url: str) -> None:
    async def scene() -> Any:
        client = a_client(redis_url)
        kept = KeptConnections(client)
        own = await kept.ask("CLIENT", "ID")
        await client.client_kill_filter(_id=own)
        await is_gone(kept._waiting[0])
        answer = await kept.ask("ECHO", "still here")
        await client.aclose()
        return answer

    assert asyncio.run(scene()) == b"still here"


def test_a_deadline_that_passes_while_a_connection_is_looked_at_costs_the_pool_none(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hangs(_connection: Any) -> bool:
        await asyncio.sleep(10)
        return True

    async def scene() -> Any:
        client = make_client(redis_url, patience_seconds=None, max_connections=1)
        kept = KeptConnections(client)
        await kept.ask("PING")
        with monkeypatch.context() as patched:
            patched.setattr("tay_middleware.storage.outbox.kept._is_quiet", hangs)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(kept.ask("PING"), 0.01)
        answer = await kept.ask("ECHO", "still here")
        await client.aclose()
        return answer

    assert asyncio.run(scene()) == b"still here"


def test_closing_the_client_closes_what_is_kept(redis_url: str) -> None:
    async def scene() -> list[bool]:
        client = a_client(redis_url)
        kept = KeptConnections(client)
        await kept.ask("PING")
        await client.aclose()
        return [connection.is_connected for connection in kept._waiting]

    assert asyncio.run(scene()) == [False]
