"""A Redis that answers and refuses us: what it says is logged, once, and not that it is silent."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tay_middleware.errors import StorageUnavailable
from tay_middleware.storage import Outbox
from tay_middleware.storage.redis import RedisStore
from tests.databases import migrated
from tests.fixtures_servers import started
from tests.servers import Valkey
from tests.storage.records import a_record


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Valkey]:
    """A server that knows the user `app`, who may do nothing that an administrator would."""
    monkeypatch.setattr("tay_middleware.storage.redis.CHECK_SECONDS", 30.0)
    for server in started(Valkey, "nothing"):
        server.ask(
            "ACL", "SETUSER", "app", "on", ">pw", "~tay:*", "+@all", "-@dangerous", "-@admin"
        )
        yield server


def store_at(directory: Path, server: Valkey, password: str) -> RedisStore:
    url = f"unix://app:{password}@{server.url.removeprefix('unix://')}"
    database = f"sqlite+aiosqlite:///{directory / 'tay.db'}"
    migrated(database)
    outbox = Outbox(url, directory / "spool.db", call_seconds=5)
    return RedisStore.on(outbox, database, history_turns=10, mentions_seconds=86400)


def test_a_user_who_may_not_run_info_is_served(
    tmp_path: Path, guarded: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> tuple[bool, int]:
        store = store_at(tmp_path, guarded, "pw")
        await store.open()
        verdict = await store.commit(a_record(1))
        spooled = await store.spool.count()
        await store.aclose()
        return verdict.granted, spooled

    assert asyncio.run(scene()) == (True, 0)
    assert b"tay:meta" in guarded.ask("KEYS", "*meta*")
    assert caplog.text.count("may not run INFO") == 1


def test_a_wrong_password_is_said_once_and_mended_by_a_person(
    tmp_path: Path, guarded: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> int:
        store = store_at(tmp_path, guarded, "old")
        await store.open()
        await store._mend_once()
        with pytest.raises(StorageUnavailable, match="refuses the user or the password"):
            await store.recall("ada", datetime(2026, 3, 1, tzinfo=UTC))
        guarded.ask("ACL", "SETUSER", "app", ">old")
        await store._mend_once()
        known = await store.recall("ada", datetime(2026, 3, 1, tzinfo=UTC))
        await store.aclose()
        return len(known.turns)

    assert asyncio.run(scene()) == 0
    errors = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert [one.getMessage() for one in errors] == [
        "tay keeps decisions in the spool: checking Redis: Redis refuses the user or the password"
    ]
