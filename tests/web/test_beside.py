"""What works beside the requests goes on whatever happens, and is seen when it does not."""

import asyncio
import logging
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from tay_middleware.errors import StorageError, StorageUnavailable
from tay_middleware.settings import Settings
from tay_middleware.storage.rounds import Rounds
from tay_middleware.web.app import make_app
from tay_middleware.web.beside import Beside

LOG = logging.getLogger("tay_middleware.web")


@pytest.mark.parametrize("error", [ZeroDivisionError("of a bug"), StorageUnavailable("away")])
def test_no_error_ends_the_rounds_and_each_is_logged(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> list[bool]:
        rounds, found, done = Rounds("looks", "looked at later", LOG), [], asyncio.Event()

        async def look() -> None:
            found.append(rounds.is_well)
            if len(found) == 4:
                done.set()
            if len(found) in {1, 2}:
                raise error

        task = asyncio.create_task(rounds.go(look, 0.001))
        async with asyncio.timeout(30):
            await done.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return found

    assert asyncio.run(scene()) == [True, False, False, True]
    told = [one for one in caplog.records if one.getMessage().startswith("looked at later")]
    assert [one.exc_info is not None for one in told] == [not isinstance(error, StorageError)] * 2


def test_readyz_names_what_is_in_trouble_and_is_not_ready_once_a_task_has_ended(
    settings: Settings,
) -> None:
    async def broken() -> None:
        raise ZeroDivisionError

    async def nothing_to_do() -> None:
        return

    async def scene() -> list[tuple[int, Any]]:
        app = make_app(settings)
        reach = httpx.ASGITransport(app)
        found = []
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=reach, base_url="http://tay.example") as client,
        ):
            beside: Beside = app.state.context.beside
            beside.begin("board", nothing_to_do())
            await asyncio.sleep(0)
            found.append(await client.get("/readyz"))
            beside.begin("looks", forever(), Rounds("looks", "later", LOG, is_well=False))
            found.append(await client.get("/readyz"))
            unwell: Any = SimpleNamespace(is_running=True, is_well=False)
            app.state.context = replace(app.state.context, worker=unwell)
            found.append(await client.get("/readyz"))
            task = beside.begin("reactions", broken())
            await asyncio.wait({task})
            found.append(await client.get("/readyz"))
        return [(one.status_code, one.json()) for one in found]

    well, troubled, both, ended = asyncio.run(scene())
    assert both[1]["troubled"] == ["looks", "inbox"]
    assert (well[0], well[1]["troubled"]) == (200, [])
    assert (troubled[0], troubled[1]["troubled"]) == (200, ["looks"])
    assert (ended[0], ended[1]["detail"]) == (503, "has ended: reactions; the log says why")


async def forever() -> None:
    await asyncio.Event().wait()
