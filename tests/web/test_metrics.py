"""Metrics over HTTP, and the sheets that are made beside the requests."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tay_middleware.analytics.catalogue import Terms
from tay_middleware.analytics.days import Reactions
from tay_middleware.simulate import Order, Result, simulate
from tay_middleware.storage import Database
from tay_middleware.storage.reading import day_sheets
from tay_middleware.web.keeping import keep_sheets
from tests.web.stage import Site

UNTIL = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
TERMS = Terms(14, Reactions(("refusal",), timedelta(hours=24)))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Twenty people, thirty days up to this morning."""
    return simulate(Order(UNTIL, users=20, seed=2, home=tmp_path_factory.mktemp("metrics")))


async def sheets_after(url: str, look_seconds: float, wait_seconds: float) -> int:
    database = Database(url)
    task = asyncio.create_task(keep_sheets(database, TERMS, look_seconds=look_seconds))
    done, _ = await asyncio.wait({task}, timeout=wait_seconds)
    assert not done
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    first = (UNTIL - timedelta(days=40)).date()
    found = await database.read(day_sheets.kept, first, UNTIL.date())
    await database.aclose()
    return len(found)


def test_sheets_are_made_beside_the_requests(made: Result) -> None:
    url = made.place.settings.resolved_database_url
    assert asyncio.run(sheets_after(url, 0.05, 2.0)) >= 25


def test_a_database_that_is_away_is_met_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        database = Database(f"sqlite+aiosqlite:///{tmp_path / 'no' / 'where.db'}")
        task = asyncio.create_task(keep_sheets(database, TERMS, look_seconds=0.01))
        await asyncio.wait({task}, timeout=0.3)
        assert not task.done()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await database.aclose()

    asyncio.run(run())
    assert "sheets of days are made later" in caplog.text


def test_metrics_are_served_with_their_intervals(made: Result) -> None:
    prompts = {"TAY_PROMPTS_DIR": str(made.place.prompts_dir)} if made.place.prompts_dir else {}
    site = Site(made.place.settings.home, **prompts).start()
    try:
        headers = site.token("read")
        path = "/api/v1/admin/metrics"
        assert site.client.get(path).status_code == 401
        found = site.client.get(path, headers=headers, params={"period_days": 20}).json()
        assert found["simulated"] is True
        rate = next(
            one
            for one in found["items"]
            if one["name"] == "escalation_rate" and one["dimension"] is None
        )
        assert rate["low"] <= rate["number"] <= rate["high"]
        assert rate["target"] == {"low": 0.1, "high": 0.15}
        month = site.client.get(path, headers=headers, params={"period": "2026-W01"})
        assert month.json()["since"] == "2025-12-29"
        _refused(site.client.get(path, headers=headers, params={"period": "2026-W77"}))
        _refused(site.client.get(path, headers=headers, params={"period_days": 0}))
    finally:
        site.stop()


def _refused(answer: httpx.Response) -> None:
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")
