"""What the dashboard calls sure: a user who sees many mentions is one opinion."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tay_middleware.analytics.measures import terms_of
from tay_middleware.analytics.metrics import ESCALATION_TARGET, Period, Rate, compared, plain, rate
from tay_middleware.analytics.overview import Overview, overview
from tay_middleware.analytics.said import said_of
from tay_middleware.playbook import load_playbook
from tay_middleware.settings import load_settings
from tay_middleware.storage import Database
from tay_middleware.storage.ledger import apply
from tay_middleware.storage.outbox.wire import turn_event
from tay_middleware.storage.reading.trends import Narrowed
from tay_middleware.storage.turns.events import read_event
from tests.builders import NOON
from tests.databases import migrated
from tests.storage.records import DAY, a_record

WEEK = Period(datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC))
USERS, QUESTIONS = 40, 30


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Overview:
    """Of forty users ten are shown a mention most of the time, and the others never."""
    url = f"sqlite+aiosqlite:///{_file(tmp_path_factory)}"
    migrated(url)
    records = [
        a_record(
            user * QUESTIONS + n,
            at=NOON,
            user=f"u{user}",
            shown=user % 4 == 0 and n < 0.8 * QUESTIONS,
        )
        for user in range(USERS)
        for n in range(QUESTIONS)
    ]

    async def scene() -> Overview:
        database = Database(url)
        events = [read_event("turn", turn_event(record)) for record in records]
        await database.write(apply, events, range(64), NOON)
        terms = terms_of(load_settings(), load_playbook(None))
        seen = await overview(database, WEEK, Narrowed(), terms, now=NOON + 30 * DAY)
        await database.aclose()
        return seen

    return asyncio.run(scene())


def _file(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("overview") / "tay.db"


def test_what_hangs_on_a_few_users_is_not_called_sure(found: Overview) -> None:
    by_turn = rate(found.escalation.hits, found.escalation.n)
    assert compared(by_turn, ESCALATION_TARGET) == "above the target"
    said = said_of(found)
    assert not [one for one in said.sure if "mentioned an offer" in one]
    (line,) = [one for one in said.unsure if "mentioned an offer" in one]
    assert "20.0 % of 1,200 cases" in line
    assert "not sure yet" in line
    assert not [one for one in said.next if "threshold" in one]


@pytest.mark.parametrize(("held_out", "advises"), [(0.0, True), (0.2, False)])
def test_what_the_holdout_keeps_back_is_no_reason_for_another_threshold(
    found: Overview, held_out: float, advises: bool
) -> None:
    """9.5 % with a fifth held out is 11.9 % of those who are not."""
    few = replace(found, escalation_by_user=Rate(285, 3_000, 0.095, 0.09, 0.0999))
    said = said_of(few, held_out)
    assert any("rarer than they could be" in one for one in said.next) is advises


def test_a_share_without_an_interval_is_not_held_against_a_target() -> None:
    assert compared(plain(500, 1000), ESCALATION_TARGET) == "too little data"
