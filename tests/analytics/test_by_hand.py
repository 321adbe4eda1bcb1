"""Sales marked by hand: their money counts once, and the day of a mark is not that of its sale."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from tay_middleware.analytics.experiments import tally
from tay_middleware.analytics.measures import Measures, measure, terms_of
from tay_middleware.analytics.metrics import Period
from tay_middleware.analytics.review import review
from tay_middleware.analytics.review.text import markdown
from tay_middleware.domain import uuid7
from tay_middleware.payments.settle import restate_mentions
from tay_middleware.payments.standing import Standing, standing
from tay_middleware.playbook import load_playbook
from tay_middleware.settings import load_settings
from tay_middleware.storage import Database
from tay_middleware.storage.ledger import apply
from tay_middleware.storage.outbox.wire import turn_event
from tay_middleware.storage.payments import purchases
from tay_middleware.storage.reading import experiments, sales
from tay_middleware.storage.turns.events import read_event
from tay_middleware.storage.turns.exposures import exposures
from tay_middleware.web.escalations import detail
from tests.builders import NOON
from tests.databases import migrated
from tests.payments import deliveries as d
from tests.payments.test_settle import BUYER, handled
from tests.storage.records import a_record, key

DAY = timedelta(days=1)
MARCH = Period(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
CLICKED, NOW = NOON + 28 * DAY, NOON + 40 * DAY
MENTIONS = [a_record(number, user="ada" if number == 1 else f"u{number}") for number in range(1, 9)]


def marks(connection: Connection) -> None:
    """On one day: one with a time, two with money, one with none, one of what was paid for."""
    words: Sequence[dict[str, Any]] = (
        {"amount": 4900, "currency": "usd"},  # the user's payment is there as well
        {"amount": 4900, "currency": "usd", "sold_at": NOON + 2 * DAY},
        {"amount": 1000, "currency": "usd"},
        {},
    )
    for number, (record, word) in enumerate(zip(MENTIONS, words, strict=False)):
        said = {"amount": None, "currency": None, "sold_at": None} | word
        said |= {"id": uuid7(CLICKED, number), "escalation_id": record.id, "converted": True}
        purchases.mark(connection, said | {"note": None, "actor": "token:1", "at": CLICKED})
    restate_mentions(connection, [record.id for record in MENTIONS])


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    migrated(url)
    return url


def test_their_money_counts_once_and_the_day_of_the_mark_says_nothing(database_url: str) -> None:
    async def scene() -> tuple[Any, Measures, str]:
        database = Database(database_url)
        events = [read_event("turn", turn_event(record)) for record in MENTIONS]
        await database.write(apply, events, range(64), NOON)
        await handled(database, [d.session("s1", 86_400, **BUYER)])
        await database.write(marks)
        settings, playbook = load_settings(), load_playbook(None)
        terms = terms_of(settings, playbook)
        stats = await database.read(sales.figures, MARCH.since, MARCH.until)
        found = await measure(database, MARCH, terms, now=NOW)
        told = markdown(await review(database, playbook, terms, "2026-03", now=NOW))
        await database.aclose()
        return stats, found, told

    stats, found, told = asyncio.run(scene())
    assert [(row.kind, row.conversions, row.net) for row in stats.revenue] == [
        ("attributed", 1, 4900),
        ("by_hand", 2, 5900),
    ]
    assert found.one("conversion_rate").hits == 4
    assert found.one("marked_by_hand").number == 3
    assert found.one("revenue", "by_hand, usd").number == 59.0
    waited = found.time_to_sale
    assert (waited.n, waited.mean_days, waited.untimed) == (2, 1.5, 2)
    assert waited.curve[-1].share == pytest.approx(2 / 6)
    assert "3 mentions are marked as sold by hand, without a payment: 59.00 USD." in told
    assert "2 sales are left out: the admin did not say when." in told


@pytest.mark.parametrize("clicked_after", [10, 20])
@pytest.mark.parametrize(("sold_after", "counts"), [(None, 1), (3, 1), (15, 0)])
def test_in_an_experiment_a_mark_is_of_its_sale_or_of_its_mention(
    database_url: str, clicked_after: int, sold_after: int | None, counts: int
) -> None:
    record = a_record(1)
    until = NOON + 60 * DAY

    def marked(connection: Connection) -> None:
        apply(connection, [read_event("turn", turn_event(record))], range(64), NOON)
        seen = {"experiment": "e", "user_key": key(), "arm": "A", "playbook_version": "v1"}
        connection.execute(insert(exposures).values(**seen, chance=0.5, first_at=NOON))
        at = NOON + clicked_after * DAY
        word = {"id": uuid7(at, 1), "escalation_id": record.id, "converted": True, "at": at}
        sold_at = None if sold_after is None else NOON + sold_after * DAY
        purchases.mark(connection, word | {"actor": "token:1", "sold_at": sold_at})
        restate_mentions(connection, [record.id])

    async def scene() -> tuple[Any, Any]:
        database = Database(database_url)
        await database.write(marked)
        exposed = experiments.Exposed("e", until=until)
        bought = await database.read(experiments.marked, exposed)
        cohorts, _ = await database.read(
            experiments.cohorts, exposed, matured_before=until - 14 * DAY, recent_since=NOON
        )
        await database.aclose()
        return cohorts, bought

    found = tally.cells(*asyncio.run(scene()), window_days=14, now=until, offer=None)
    assert found["A", "v1"].conversions.total == counts


def test_the_time_of_a_payment_stands_before_the_one_that_an_admin_says() -> None:
    mark = SimpleNamespace(converted=True, at=CLICKED, sold_at=NOON)
    paid = SimpleNamespace(counts=True, paid_at=NOON + DAY)
    assert standing([paid], [mark]) == Standing(True, NOON + DAY, "admin")
    assert standing([], [mark]) == Standing(True, NOON, "admin")
    mark.sold_at = None
    assert standing([], [mark]) == Standing(True, CLICKED, "admin", is_timed=False)


@pytest.mark.parametrize("marked_after", [0, 5])
def test_a_payment_that_went_back_is_no_revenue_again_by_a_mark(
    database_url: str, marked_after: int
) -> None:
    """The refund is of the second day: a mark from before it falls, one from after it stands."""
    record = MENTIONS[0]
    at = NOON + marked_after * DAY

    def marked(connection: Connection) -> None:
        word = {"id": uuid7(at, 1), "escalation_id": record.id, "converted": True, "at": at}
        word |= {"amount": 4900, "currency": "usd", "actor": "token:1", "sold_at": at}
        purchases.mark(connection, word)
        restate_mentions(connection, [record.id])

    async def scene() -> tuple[Any, Measures, Any]:
        database = Database(database_url)
        await database.write(apply, [read_event("turn", turn_event(record))], range(64), NOON)
        if not marked_after:
            await database.write(marked)
        await handled(database, [d.session("s1", 3600, **BUYER), d.intent("p1", 3601)])
        await handled(database, [d.refunded("r1", 2 * 86_400, 4900)])
        if marked_after:
            await database.write(marked)
        stats = await database.read(sales.figures, MARCH.since, MARCH.until)
        found = await measure(
            database, MARCH, terms_of(load_settings(), load_playbook(None)), now=NOW
        )
        shown = await database.read(detail, record.id)
        await database.aclose()
        return stats, found, shown

    stats, found, shown = asyncio.run(scene())
    assert list(stats.revenue) == []
    assert found.one("conversion_rate").hits == bool(marked_after)
    assert not [one for one in found.items if one.name in {"revenue", "marked_by_hand"}]
    assert (shown.converted, shown.converted_by) == (
        (True, "admin") if marked_after else (False, "provider")
    )
