"""How mentions to somebody and to nobody known are taken: neither waters the other down."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from tay_middleware.analytics.measures import Measures, measure, terms_of
from tay_middleware.analytics.metrics import Period
from tay_middleware.playbook import load_playbook
from tay_middleware.settings import load_settings
from tay_middleware.storage import Database
from tay_middleware.storage.ledger import apply
from tay_middleware.storage.outbox.wire import turn_event
from tay_middleware.storage.payments.touches import note_feedback
from tay_middleware.storage.turns.events import read_event
from tests.builders import NOON
from tests.databases import migrated
from tests.storage.records import DAY, a_record

PERIOD = Period(datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC))
RECORDS = [a_record(n, at=NOON, user=None if n % 2 else f"u{n}") for n in range(200)]
"""Every other mention is to nobody known."""


def hate(connection: Connection) -> None:
    """Forty in a hundred of either kind are called unhelpful, and stopped."""
    for n, record in enumerate(RECORDS):
        if n % 10 < 4:
            said = {"helpful": False, "stop": True, "note": None, "at": NOON}
            row = {"escalation_id": record.id, "user_key": record.turn.user_key, **said}
            note_feedback(connection, row)


def test_feedback_of_nobody_is_counted_and_waters_nothing_down(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    migrated(url)

    async def scene() -> Measures:
        database = Database(url)
        events = [read_event("turn", turn_event(record)) for record in RECORDS]
        await database.write(apply, events, range(64), NOON)
        await database.write(hate)
        terms = terms_of(load_settings(), load_playbook(None))
        found = await measure(database, PERIOD, terms, now=NOON + 10 * DAY)
        await database.aclose()
        return found

    found = asyncio.run(scene())
    told = [one for one in found.items if one.name == "bad_reactions"]
    assert [(one.dimension, one.value, one.hits, one.n) for one in told] == [
        (None, None, 40, 100),
        ("template", "mentorship.gentle.any.A", 40, 100),
        ("users", "nobody known", 40, 100),
    ]
