"""What is read of the log on PostgreSQL is what is read of it on SQLite."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import insert

from benchmarks.tune import cases, fill, rows
from tay_middleware.analytics.replay import read
from tay_middleware.analytics.tuning import Log, Order, beginning, gather, tune
from tay_middleware.analytics.tuning.replay import Passing, Replay
from tay_middleware.playbook import Playbook
from tay_middleware.storage import Database
from tay_middleware.storage.payments.tables import feedback
from tests.analytics.experiments.rows import buy
from tests.builders import NOON
from tests.databases import migrated, play

LONG = timedelta(days=40)


@pytest.fixture
def made(playbook: Playbook) -> list[dict[str, Any]]:
    """Questions of two weeks, decided by the playbook that ships."""
    threshold = playbook.policy.cascade.scorer.threshold
    found = cases(800, NOON, Random(3), threshold)
    shown = set(Replay(found, playbook.policy, Passing(0.0, 1.0)).shown(threshold))
    return list(rows(found, shown, playbook))


def gathered(url: str, made: list[dict[str, Any]], playbook: Playbook) -> tuple[Log, Any, Any]:
    mentions = [row for row in made if row["shown"]]
    said = {"user_key": mentions[0]["user_key"], "stop": True, "note": None, "at": NOON}
    said |= {"escalation_id": mentions[0]["id"], "helpful": False}

    async def run(database: Database) -> tuple[Log, Any, Any]:
        await database.write(fill, made)
        await database.write(lambda tx: tx.execute(insert(feedback), [said]))
        await database.write(buy, mentions[1]["user_key"], at=NOON - timedelta(hours=1))
        log = await gather(database, playbook, since=NOON - LONG, until=NOON + LONG)
        begin = await beginning(database, 100, NOON + LONG)
        stretch = await read(database, NOON - LONG, NOON + LONG, most=400)
        return log, begin, stretch

    return play(url, run)


def test_both_databases_say_the_same(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    playbook: Playbook,
    made: list[dict[str, Any]],
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/tay.db"
    migrated(url)
    one, begin, stretch = gathered(url, made, playbook)
    server: Callable[[str], str] = request.getfixturevalue
    other, also_begin, also = gathered(server("postgres_url"), made, playbook)
    assert list(one.cases) == list(other.cases)
    assert (one.stages, one.sales, one.annoyed) == (other.stages, other.sales, other.annoyed)
    assert (one.helpful, begin) == (other.helpful, also_begin)
    assert 0 < len(stretch.rows) < 800
    assert [row.id for row in stretch.rows] == [row.id for row in also.rows]
    assert [(row.user_key, row.at) for row in stretch.stops] == [
        (row.user_key, row.at) for row in also.stops
    ]
    assert len(one.annoyed) == 1
    order = Order(target=0.12)
    assert tune(one, playbook, order).words == tune(other, playbook, order).words
