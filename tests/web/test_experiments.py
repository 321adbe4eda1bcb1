import asyncio
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings, load_settings
from tay_middleware.storage import Database
from tay_middleware.storage.desk.pauses import Subject, pause
from tay_middleware.storage.outbox.link import close_client, make_client
from tay_middleware.storage.outbox.pause_board import paused_key, read_board
from tay_middleware.storage.outbox.worker import keep_board
from tay_middleware.storage.transaction import Transaction
from tay_middleware.storage.turns.figures import hourly_stats
from tay_middleware.web.pausing import keep_guard
from tests.builders import NOON
from tests.databases import migrated
from tests.web.stage import NEED, Site

ADMIN = "/api/v1/admin"
WORDING = "mentorship.gentle.any.B"


def test_the_verdicts_of_all_experiments_are_told(site: Site, admin: dict[str, str]) -> None:
    found = site.client.get(f"{ADMIN}/experiments", headers=admin).json()
    one, tiers = found["items"]
    assert (tiers["name"], tiers["state"]) == ("tier-wordings", "draft")
    assert (one["name"], one["state"], one["call"]) == (
        "mentorship-openings",
        "draft",
        "keep_collecting",
    )
    assert [arm["name"] for arm in one["arms"]] == ["A", "B", "C"]
    assert datetime.fromisoformat(found["as_of"])
    alone = site.client.get(f"{ADMIN}/experiments/mentorship-openings", headers=admin)
    assert alone.json() == one


def test_what_is_not_there_is_not_found(site: Site, admin: dict[str, str]) -> None:
    for path in ("experiments/another", "experiments/holdout"):
        assert site.client.get(f"{ADMIN}/{path}", headers=admin).status_code == 404
    for body in ({"name": "nothing", "reason": "odd"}, {"name": "nothing.at.all", "reason": "odd"}):
        assert site.client.post(f"{ADMIN}/pauses", headers=admin, json=body).status_code == 404


def test_what_was_mentioned_is_paused_though_the_files_have_it_no_more(
    site: Site, admin: dict[str, str]
) -> None:
    """A chat that was not restarted goes on mentioning it."""
    kinds = dict.fromkeys(
        ("tier", "kind", "suppressed", "reason", "strength", "template", "arm"), ""
    )
    row = {"hour": NOON, **kinds, "offer": "retreat", "questions": 1, "detected": 1}

    async def mention() -> None:
        database = Database(site.loaded().resolved_database_url)
        try:
            await database.write(lambda given: given.execute(hourly_stats.insert().values(row)))
        finally:
            await database.aclose()

    asyncio.run(mention())
    body = {"name": "retreat", "reason": "sold out"}
    assert site.client.post(f"{ADMIN}/pauses", headers=admin, json=body).status_code == 200


def test_only_who_may_write_pauses(site: Site) -> None:
    reader = site.token("read")
    body = {"name": "course", "reason": "odd"}
    assert site.client.post(f"{ADMIN}/pauses", headers=reader, json=body).status_code == 403
    assert site.client.get(f"{ADMIN}/experiments").status_code == 401


def test_a_pause_is_heard_by_the_next_chat_and_is_lifted_again(either: Site) -> None:
    admin = either.token("read", "write")
    body = {"name": "mentorship", "reason": "the calendar is full"}
    assert either.client.post(f"{ADMIN}/pauses", headers=admin, json=body).status_code == 200
    assert either.client.post(f"{ADMIN}/pauses", headers=admin, json=body).status_code == 409
    with pytest.raises(AssertionError):
        either.ask(NEED, "ada")
    lifted = f"{ADMIN}/pauses/mentorship/resume"
    note = {"note": "free again"}
    assert either.client.post(lifted, headers=admin, json=note).status_code == 200
    assert either.client.post(lifted, headers=admin, json={}).status_code == 404
    assert either.ask(NEED, "bea")
    (trail,) = either.client.get(f"{ADMIN}/pauses", headers=admin).json()["items"]
    assert (trail["name"], trail["reason"], trail["note"]) == (
        "mentorship",
        "the calendar is full",
        "free again",
    )
    assert trail["paused_by"] == trail["lifted_by"]


def test_a_pause_may_say_when_it_ends(site: Site, admin: dict[str, str]) -> None:
    body = {"name": "mentorship", "reason": "the calendar is full"}
    for until, why in (
        ("soon", "'soon' is no end"),
        ("2020-01-01", "is over already"),
        ("2999-01-01", "more than ten years away"),
    ):
        refused = site.client.post(f"{ADMIN}/pauses", headers=admin, json={**body, "until": until})
        assert refused.status_code == 422
        assert why in refused.json()["detail"]
    done = site.client.post(f"{ADMIN}/pauses", headers=admin, json={**body, "until": "12h"})
    assert done.status_code == 200
    trails = site.client.get(f"{ADMIN}/pauses", headers=admin).json()["items"]
    (trail,) = [one for one in trails if one["name"] == "mentorship"]
    long = datetime.fromisoformat(trail["until"]) - datetime.fromisoformat(trail["paused_at"])
    assert (long, trail["lifted_at"]) == (timedelta(hours=12), None)
    with pytest.raises(AssertionError):
        site.ask(NEED, "ada")


class Told(logging.Handler):
    """Sets an event when something is logged for the second time."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.twice = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())
        if len(self.said) == 2:
            self.twice.set()


def test_the_guard_goes_on_while_the_database_is_away(
    tmp_path: Path, playbook: Playbook, settings: Settings
) -> None:
    async def scene() -> list[str]:
        told, log = Told(), logging.getLogger("tay_middleware.web")
        log.addHandler(told)
        database = Database(f"sqlite+aiosqlite:///{tmp_path / 'no tables.db'}")
        task = asyncio.create_task(
            keep_guard(database, playbook, settings, _an_id, clock=lambda: NOON, look_seconds=0.001)
        )
        try:
            twice = asyncio.create_task(told.twice.wait())
            await asyncio.wait({task, twice}, timeout=60, return_when=asyncio.FIRST_COMPLETED)
            twice.cancel()
            assert not task.done(), task.exception()
            assert told.twice.is_set()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            log.removeHandler(told)
            await database.aclose()
        return told.said

    assert all("reactions are looked at later" in said for said in asyncio.run(scene()))


def test_without_a_limit_nobody_keeps_guard(
    tmp_path: Path, playbook: Playbook, settings: Settings
) -> None:
    rules = playbook.policy.auto_pause.model_copy(update={"limit": None})
    policy = playbook.policy.model_copy(update={"auto_pause": rules})
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'none.db'}")
    kept = keep_guard(database, replace(playbook, policy=policy), settings, _an_id)
    asyncio.run(asyncio.wait_for(kept, 30))


def test_a_redis_that_came_back_empty_is_told_again_what_a_person_has_paused(
    tmp_path: Path, playbook: Playbook, redis_url: str
) -> None:
    """By `tay serve`, also without a limit, and by a drain."""
    rules = playbook.policy.auto_pause.model_copy(update={"limit": None})
    policy = playbook.policy.model_copy(update={"auto_pause": rules})
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    migrated(url)
    settings = load_settings(
        home=tmp_path, redis_url=redis_url, database_url=url, user_key_secret="x" * 40
    )

    def by_hand(connection: Transaction) -> None:
        said: dict[str, Any] = {"by": "ann", "reason": "complaints", "figures": {}, "now": NOON}
        pause(connection, pause_id=UUID(int=1), subject=Subject.OFFER, name="course", **said)

    async def scene() -> list[frozenset[str]]:
        database, client = Database(url), make_client(redis_url, patience_seconds=5)
        await database.write(by_hand)
        unlimited = replace(playbook, policy=policy)
        found = []
        for keeping in (
            keep_guard(database, unlimited, settings, _an_id, look_seconds=0.001),
            keep_board(client, database, look_seconds=0.001),
        ):
            await client.flushdb()
            task = asyncio.create_task(keeping)
            async with asyncio.timeout(30):
                while not await client.get(paused_key()):  # noqa: ASYNC110 - nothing tells
                    await asyncio.sleep(0.01)
            found.append(frozenset(read_board(await client.get(paused_key()))))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await close_client(client)
        await database.aclose()
        return found

    assert asyncio.run(scene()) == [{"course"}, {"course"}]


def _an_id(_now: datetime) -> UUID:
    return UUID(int=1)
