import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, update

from tay_middleware.storage import Database
from tay_middleware.storage.ledger import apply
from tay_middleware.storage.outbox.wire import turn_event
from tay_middleware.storage.reading.log import Filter, escalations, questions
from tay_middleware.storage.sql import escalation_logs
from tay_middleware.storage.turns.events import read_event
from tests.builders import NOON
from tests.storage.records import DAY, a_record, key


@pytest.fixture
def ask(url: str) -> Any:
    """Runs a read on a log of 40 turns, one every six hours, every fourth of them a mention."""
    records = [
        a_record(n, at=NOON + n * timedelta(hours=6), user=f"u{n % 3}", shown=n % 4 == 0)
        for n in range(1, 41)
    ]
    events = [read_event("turn", turn_event(record)) for record in records]

    async def once(read: Any, *, write: bool = False) -> Any:
        database = Database(url)
        try:
            return await (database.write if write else database.read)(read)
        finally:
            await database.aclose()

    asyncio.run(once(lambda connection: apply(connection, events, {0}, NOON), write=True))
    return lambda read, **options: asyncio.run(once(read, **options))


def numbers(rows: Any) -> list[int]:
    return [row.turn_id.int for row in rows]


def test_pages_follow_each_other_newest_first(ask: Any) -> None:
    first = ask(partial(escalations, wanted=Filter(), limit=4))
    second = ask(partial(escalations, wanted=Filter(), limit=4, before=first[-1].id))
    assert (numbers(first), numbers(second)) == ([40, 36, 32, 28], [24, 20, 16, 12])
    assert numbers(ask(partial(questions, wanted=Filter(), limit=3))) == [40, 39, 38]


def test_a_stretch_of_time_begins_in_it_and_ends_before(ask: Any) -> None:
    wanted = Filter(since=NOON + DAY, until=NOON + 3 * DAY)
    assert numbers(ask(partial(escalations, wanted=wanted, limit=9))) == [8, 4]


def test_filters_narrow(ask: Any) -> None:
    of_user = Filter(user_key=key("u1"))
    assert numbers(ask(partial(escalations, wanted=of_user, limit=9))) == [40, 28, 16, 4]
    assert ask(partial(escalations, wanted=Filter(offer="course"), limit=9)) == []

    def convert(connection: Connection) -> None:
        table = escalation_logs
        connection.execute(
            update(table).where(table.c.user_key == key("u2")).values(converted=True)
        )

    ask(convert, write=True)
    converted = Filter(converted_only=True, offer="mentorship")
    assert numbers(ask(partial(escalations, wanted=converted, limit=9))) == [32, 20, 8]
