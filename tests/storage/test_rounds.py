"""Rounds go on whatever the error, and end when they are cancelled."""

import asyncio
import logging

import pytest

from tay_middleware.errors import StorageError
from tay_middleware.storage.rounds import Rounds

LOG = logging.getLogger("tay_middleware.tests")


@pytest.mark.parametrize("error", [StorageError("away"), KeyError("nobody foresaw it")])
def test_no_error_ends_them_and_each_is_told(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> list[bool]:
        rounds, well = Rounds("tests", "it is done later", LOG), list[bool]()
        enough = asyncio.Event()

        async def look() -> None:
            well.append(rounds.is_well)
            if len(well) == 2:
                enough.set()
            if len(well) == 1:
                raise error

        task = asyncio.create_task(rounds.go(look, 0.001))
        await asyncio.wait_for(enough.wait(), 10)
        task.cancel()
        await asyncio.wait({task}, timeout=10)
        return [*well[:2], rounds.is_well]

    assert asyncio.run(scene()) == [True, False, True]
    assert [record.message.startswith("it is done later") for record in caplog.records] == [True]


def test_a_look_that_swallows_its_cancellation_is_the_last_one() -> None:
    """As `asyncio.wait_for` of Python 3.11 does where both come at once."""

    async def scene() -> tuple[bool, int]:
        begun, looks = asyncio.Event(), 0

        async def look() -> None:
            nonlocal looks
            looks += 1
            begun.set()
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                return

        task = asyncio.create_task(Rounds("tests", "later", LOG).go(look, 0.001))
        await asyncio.wait_for(begun.wait(), 10)
        task.cancel()
        await asyncio.wait({task}, timeout=10)
        return task.cancelled(), looks

    assert asyncio.run(scene()) == (True, 1)
