"""An error that nobody foresaw ends no worker of the inbox, and is seen while it lasts."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tay_middleware.payments.inbox import InboxWorker
from tay_middleware.payments.terms import Terms
from tay_middleware.storage import Database
from tests.builders import NOON
from tests.databases import migrated
from tests.payments.test_settle import TERMS


class Worker(InboxWorker):
    """One that has a bug, for three rounds."""

    def __init__(self, database: Database, terms: Terms, **rest: Any) -> None:
        super().__init__(database, terms, **rest)
        self.states: list[bool] = []

    async def work_off(self) -> int:
        self.states.append(self.is_well)
        if len(self.states) == 5:
            self.stop()
        if len(self.states) < 4:
            raise ZeroDivisionError("a bug")
        return 0


def test_the_worker_goes_on_after_a_pause_and_says_that_it_is_not_well(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    migrated(url)
    paused: list[float] = []

    async def scene() -> list[bool]:
        database = Database(url)
        one = Worker(database, TERMS, clock=lambda: NOON, random=Random(1))
        one._upkeep_at = NOON + timedelta(days=1)  # none in this scene
        mended: Any = one
        mended._backoff = noted(one._backoff, paused)  # no sleeps
        await one.run()
        await database.aclose()
        return one.states

    assert asyncio.run(scene()) == [True, False, False, False, True]
    assert paused[0] < paused[1] < paused[2]
    assert caplog.text.count("an error that nobody foresaw") == 3


def noted(backoff: Callable[[int], float], paused: list[float]) -> Callable[[int], float]:
    def pause(failures: int) -> float:
        paused.append(backoff(failures))
        return 0.0

    return pause
