"""A Redis that throws keys away: refused at the start, and no decision lost to it later."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tay_middleware.engine import Escalator
from tay_middleware.errors import ConfigurationError
from tay_middleware.settings import load_settings
from tay_middleware.storage import Outbox
from tay_middleware.storage.redis import RedisStore
from tests.databases import migrated
from tests.fixtures_servers import started
from tests.servers import Valkey
from tests.storage.records import a_record


@pytest.fixture
def evicting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Valkey]:
    monkeypatch.setattr("tay_middleware.storage.redis.CHECK_SECONDS", 30.0)
    yield from started(lambda: Valkey(maxmemory_policy="allkeys-lru"), "nothing")


def test_a_redis_that_must_not_be_used_is_refused_at_the_start(
    tmp_path: Path, evicting: Valkey
) -> None:
    threads = set(threading.enumerate())
    settings = load_settings(
        home=tmp_path, redis_url=evicting.url, user_key_secret="x" * 40, redis_timeout_seconds=1.0
    )
    with pytest.raises(ConfigurationError, match="maxmemory-policy noeviction"):
        Escalator.from_settings(settings)
    left = {thread.name for thread in set(threading.enumerate()) - threads}
    assert not any("tay-background" in name for name in left)


def test_a_redis_that_throws_keys_away_loses_nothing_where_nobody_can_be_told(
    tmp_path: Path, evicting: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = Outbox(evicting.url, tmp_path / "spool.db", call_seconds=5)
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    migrated(url)

    async def scene() -> Any:
        store = RedisStore.on(outbox, url, history_turns=10, mentions_seconds=86400)
        with pytest.raises(ConfigurationError):
            await store.open()
        await store.open()
        await store.commit(a_record(1, shown=False))
        for _ in range(3):
            await store._mend_once()
        spooled = await store.spool.count()
        evicting.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")
        async with asyncio.timeout(20):
            while await store.spool.count():  # noqa: ASYNC110 - a background task of the store
                await asyncio.sleep(0.01)
        latest = len(await store.latest(5))
        await store.aclose()
        return spooled, latest

    assert asyncio.run(scene()) == (1, 1)
    assert [one.levelname for one in caplog.records] == ["ERROR"]
