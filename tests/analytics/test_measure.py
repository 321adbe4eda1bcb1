"""The figures of a period on a real file."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, select, update

from tay_middleware.analytics.metrics import Measures, Period, measure
from tay_middleware.storage import Database, EmbeddedStore
from tay_middleware.storage.sql import escalation_logs
from tests.builders import NOON
from tests.storage.records import a_record

DAY = timedelta(days=1)
START = datetime(NOON.year, NOON.month, NOON.day, tzinfo=NOON.tzinfo)
PERIOD = Period(START, START + DAY * 20)


def sell(connection: Connection, day: datetime) -> None:
    logged = escalation_logs.c
    first = connection.execute(
        select(logged.id).where(logged.created_at >= day, logged.created_at < day + DAY).limit(1)
    ).scalar_one()
    connection.execute(update(escalation_logs).where(logged.id == first).values(converted=True))


async def measured(path: Path) -> Measures:
    """A question a day, every other one answered with a mention; the first and last one sold."""
    url = f"sqlite+aiosqlite:///{path / 'tay.db'}"
    store, database = EmbeddedStore(url, history_turns=10), Database(url)
    await store.open()
    for day in range(20):
        record = a_record(day + 1, at=NOON + DAY * day, shown=day % 2 == 0, claim=None)
        await store.commit(record)
    await database.write(sell, START)
    await database.write(sell, START + DAY * 18)
    found = await measure(database, PERIOD, now=NOON + DAY * 20)
    await database.aclose()
    await store.aclose()
    return found


def test_mentions_whose_window_is_open_are_in_no_conversion_rate(tmp_path: Path) -> None:
    found = asyncio.run(measured(tmp_path))
    assert (found.escalation.hits, found.escalation.n) == (10, 20)
    assert found.matured_until == START + DAY * 6
    assert (found.conversion.hits, found.conversion.n) == (1, 3)
    offer = found.by["offer"]["mentorship"]
    assert (offer.hits, offer.n) == (1, 3)
