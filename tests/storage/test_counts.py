"""Counts by day agree with the rows, whatever was written, taken back and written again."""

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Connection, select

from tay_middleware.domain import ReplyStatus
from tay_middleware.storage import Database, EmbeddedStore, TurnRecord
from tay_middleware.storage.sql import escalation_logs, question_logs
from tay_middleware.storage.turns.figures import ALL, COUNTED, daily_counts
from tests.builders import NOON
from tests.storage.records import a_record

HOUR = timedelta(hours=1)


def counted(connection: Connection) -> dict[Any, tuple[int, int]]:
    rows = connection.execute(select(daily_counts))
    return {
        (row.day, row.dimension, row.value): (row.questions, row.escalations)
        for row in rows
        if row.questions or row.escalations
    }


def by_hand(connection: Connection) -> dict[Any, tuple[int, int]]:
    asked: Counter[Any] = Counter()
    shown: Counter[Any] = Counter()
    for row in connection.execute(select(question_logs)):
        asked[row.created_at.date(), ALL, ""] += row.status != ReplyStatus.FAILED
    for row in connection.execute(select(escalation_logs)):
        shown[row.created_at.date(), ALL, ""] += 1
        for name in COUNTED:
            shown[row.created_at.date(), name, getattr(row, name)] += 1
    return {key: (asked[key], shown[key]) for key in {*asked, *shown} if asked[key] or shown[key]}


def test_counts_by_day_agree_with_the_rows(tmp_path: Path) -> None:
    url, random = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}", Random(3)

    async def scene() -> tuple[Any, Any]:
        store, database = EmbeddedStore(url, history_turns=10), Database(url)
        await store.open()
        made: list[TurnRecord] = []
        for number in range(1, 120):
            status = random.choice([ReplyStatus.REPLIED, ReplyStatus.FAILED])
            record = a_record(
                random.randrange(1, 80),
                at=NOON + HOUR * number,
                user=random.choice(["ada", "bea"]),
                shown=status is ReplyStatus.REPLIED and random.random() < 0.6,
                claim=None,
                status=status,
            )
            await store.commit(record)
            made.append(record)
            if random.random() < 0.2:
                await store.retract(random.choice(made))
        found = await database.read(counted), await database.read(by_hand)
        await database.aclose()
        await store.aclose()
        return found

    kept, raw = asyncio.run(scene())
    assert kept == raw
    assert len(kept) > 20
