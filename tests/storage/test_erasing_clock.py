"""Erasing goes by the clock of the servers: that of the machine it is run on may be hours off."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tay_middleware.cli import users
from tay_middleware.settings import load_settings
from tay_middleware.storage import Database, Outbox, open_store
from tay_middleware.storage.drain import Drain
from tay_middleware.storage.people import Archive
from tay_middleware.storage.redis import RedisStore
from tay_middleware.storage.sql import question_logs
from tests.databases import migrated
from tests.storage.records import KEY_OF, a_record, key

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("ahead", [-HOUR, HOUR])
@pytest.mark.parametrize("place", ["redis", "cluster", "server", "file"])
def test_only_for_a_file_does_the_clock_of_the_machine_count(
    request: pytest.FixtureRequest, tmp_path: Path, place: str, ahead: timedelta
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    if place == "server":
        url = str(request.getfixturevalue("postgres_url"))
    outbox = None
    if place in {"redis", "cluster"}:
        redis_url = str(request.getfixturevalue(f"{place}_url"))
        outbox = Outbox(redis_url, tmp_path / "spool.db", call_seconds=5)

    async def scene() -> datetime:
        store = open_store(url, history_turns=10, outbox=outbox) if outbox else None
        assert store is None or isinstance(store, RedisStore)
        archive = Archive(Database(url), store, KEY_OF)
        try:
            return await archive.now(key(), datetime.now(UTC) + ahead)
        finally:
            await archive.aclose()

    off = asyncio.run(scene()) - datetime.now(UTC)
    assert abs(off - (ahead if place == "file" else timedelta())) < timedelta(minutes=2)


def test_the_command_erases_a_row_of_a_minute_ago_on_a_machine_that_is_behind(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Behind(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) - HOUR

    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    migrated(url)
    settings = load_settings(
        home=tmp_path, redis_url=redis_url, database_url=url, user_key_secret="x" * 40
    )
    monkeypatch.setattr(users, "load_settings", lambda: settings)
    monkeypatch.setattr(users, "datetime", Behind)
    whose = users._key(settings, "ada", session=False)
    record = a_record(1, at=datetime.now(UTC) - timedelta(minutes=1), user="ada", shown=False)

    async def asked() -> None:
        outbox = Outbox(redis_url, tmp_path / "spool.db", call_seconds=5)
        store = open_store(url, history_turns=10, outbox=outbox)
        assert isinstance(store, RedisStore)
        database = Database(url)
        await store.open()
        await store.commit(replace(record, turn=replace(record.turn, user_key=whose)))
        await Drain(store.link.client, database).run(once=True)
        await store.aclose()
        await database.aclose()

    async def left() -> list[Any]:
        database = Database(url)
        rows = await database.read(
            lambda on: on.execute(select(question_logs.c.user_id, question_logs.c.user_key)).all()
        )
        await database.aclose()
        return [tuple(row) for row in rows]

    asyncio.run(asked())
    users.erase_command("ada", session=False, yes=True)
    assert asyncio.run(left()) == [(None, None)]
