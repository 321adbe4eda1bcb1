"""Test and live: what was put aside is not lost, and what counts of the other one is told."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tay_middleware.payments.inbox import InboxWorker
from tay_middleware.payments.terms import Terms
from tay_middleware.storage import Database
from tay_middleware.storage.payments import inbox
from tests.databases import migrated
from tests.payments import deliveries as d
from tests.payments.test_settle import LATER, TERMS, a_delivery
from tests.web.stage import Site

TEST = replace(TERMS, live=False)


async def worked(url: str, terms: Terms, *payloads: dict[str, Any]) -> inbox.OtherMode:
    """Let a worker handle deliveries and what is due, and tell of the other mode."""
    database = Database(url)
    rows = [a_delivery(payload, number) for number, payload in enumerate(payloads)]
    if rows:
        await database.write(inbox.store, rows)
    worker = InboxWorker(database, terms, clock=lambda: LATER + timedelta(days=3650))
    await worker.work_off()
    await worker.tell_of_other_mode()
    found = await database.read(inbox.of_other_mode, live=terms.live)
    await database.aclose()
    return found


def test_after_the_change_to_live_what_was_put_aside_counts_and_test_ones_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site = Site(tmp_path / "tay")
    site.client.close()
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay' / 'tay.db'}"
    migrated(url)
    one = d.session("t1", id="cs_test_1", payment_intent="pi_t") | {"livemode": False}
    assert asyncio.run(worked(url, TEST, one, d.session())) == inbox.OtherMode(1, 0)
    with caplog.at_level(logging.WARNING):
        caplog.clear()
        assert asyncio.run(worked(url, TERMS)) == inbox.OtherMode(1, 1)
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "TAY_PAYMENT_MODE is live, and 1 test purchases of before count as well",
        (
            "TAY_PAYMENT_MODE is live; deliveries that were put aside as of the other mode and "
            "count for nothing"
        ),
    ]
    # Nobody knows whether it was test before: a try of the endpoint is put aside while live counts.
    assert "1. If it was test before" in caplog.text
    run = site.tay("webhooks", "replay", "--other-mode")
    assert run.stdout == "1 delivery will be handled again\n", run.stderr
    assert asyncio.run(worked(url, TERMS)) == inbox.OtherMode(0, 1)
    assert asyncio.run(worked(url, TEST)) == inbox.OtherMode(0, 1)


def test_replay_takes_one_choice(tmp_path: Path) -> None:
    site = Site(tmp_path / "tay")
    site.client.close()
    for options in ([], ["--dead", "--other-mode"]):
        assert "give the id of a delivery" in site.tay("webhooks", "replay", *options).stderr
