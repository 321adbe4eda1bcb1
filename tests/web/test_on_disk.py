"""`tay serve` after a bad edit in `prompts/`: it starts, and says by which playbook it goes."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import Mount

from tay_middleware.engine import Escalator
from tay_middleware.engine.standing import sound_playbook
from tay_middleware.errors import ConfigurationError
from tay_middleware.playbook import load_playbook, shipped
from tay_middleware.settings import Settings
from tay_middleware.web.app import make_app
from tay_middleware.web.on_disk import FOLLOWING, Looks, OnDisk
from tests.edits import mend, spoil


@pytest.fixture
def edited(settings: Settings, tmp_path: Path) -> Settings:
    prompts = copytree(shipped(), tmp_path / "prompts")
    return settings.model_copy(update={"prompts_dir": prompts})


def place(settings: Settings) -> Path:
    assert settings.prompts_dir is not None
    return settings.prompts_dir


def ready(settings: Settings) -> dict[str, Any]:
    async def asked() -> dict[str, Any]:
        app = make_app(settings, works=False)
        reach = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=reach, base_url="http://tay.example") as client,
        ):
            answer: dict[str, Any] = (await client.get("/readyz")).json()
        return answer

    return asyncio.run(asked())


def test_a_server_starts_by_the_last_good_playbook_of_the_chat_and_readyz_says_so(
    edited: Settings,
) -> None:
    Escalator.from_settings(edited).close()
    told = ready(edited)
    assert (told["playbook"], told["troubled"]) == ("in_force", [])
    spoil(place(edited))
    told = ready(edited)
    assert (told["playbook"], told["troubled"]) == ("refused", ["playbook"])


def test_a_server_that_knows_of_no_good_one_does_not_start(edited: Settings) -> None:
    spoil(place(edited))
    with pytest.raises(ConfigurationError, match=r"policy\.yaml:3: (.|\n)*no good playbook of"):
        make_app(edited)


def mended(settings: Settings) -> str:
    """Make it good again, and another one than before; its version."""
    mend(place(settings))
    with (place(settings) / "voice.yaml").open("a") as voice:
        voice.write("\n# mended\n")
    return load_playbook(settings.prompts_dir).version


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not is_so():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)


def dashboard_of(app: FastAPI) -> Any:
    (found,) = [one.app for one in app.routes if isinstance(one, Mount)]
    return found


def test_a_server_takes_a_mended_playbook_without_a_restart(edited: Settings) -> None:
    """With all that goes by it: API, dashboard, the worker of the inbox, what works beside."""
    Escalator.from_settings(edited).close()
    spoil(place(edited))

    async def scene() -> None:
        app = make_app(edited, look_seconds=0.01)
        reach = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=reach, base_url="http://tay.example") as client,
        ):
            before = app.state.context
            await until(lambda: before.worker.is_running)
            assert (await client.get("/readyz")).json()["playbook"] == "refused"
            version = mended(edited)
            await until(lambda: app.state.context is not before)
            here = app.state.context
            told = (await client.get("/readyz")).json()
            assert (told["playbook"], told["troubled"]) == ("in_force", [])
            assert here.playbook.version == version != before.playbook.version
            assert here.worker is before.worker
            assert here.worker._terms is here.terms
            dashboard = dashboard_of(app)
            assert dashboard.state.context is here
            assert (await dashboard.state.board.cascade()) is not None
            assert dashboard.state.board._here is here
            assert here.beside.ended() == []

    asyncio.run(scene())


def test_what_is_mended_to_what_is_in_force_changes_nothing(edited: Settings) -> None:
    good = load_playbook(edited.prompts_dir)
    Escalator.from_settings(edited).close()
    spoil(place(edited))

    async def scene() -> None:
        app = make_app(edited, works=False, look_seconds=0.01)
        async with app.router.lifespan_context(app):
            before = app.state.context
            mend(place(edited))
            await until(before.beside._tasks[FOLLOWING].done)
            assert app.state.context is before
            assert before.playbook.version == good.version
            assert before.beside.ended() == []

    asyncio.run(scene())


def test_an_app_that_starts_again_goes_by_what_is_on_disk_then(edited: Settings) -> None:
    """It found a bad edit the first time, and was stopped before it was mended."""
    Escalator.from_settings(edited).close()
    spoil(place(edited))

    async def scene() -> None:
        app = make_app(edited, works=False)
        async with app.router.lifespan_context(app):
            former = app.state.context.playbook.version
        version = mended(edited)
        async with app.router.lifespan_context(app):
            here = app.state.context
            assert here.playbook.version == version != former
            assert FOLLOWING not in here.beside._tasks
        spoil(place(edited))
        async with app.router.lifespan_context(app):
            here = app.state.context
            assert here.playbook.version == version
            assert not here.beside._tasks[FOLLOWING].done()

    asyncio.run(scene())


def test_until_a_server_takes_what_was_mended_it_asks_for_no_restart(edited: Settings) -> None:
    Escalator.from_settings(edited).close()
    spoil(place(edited))

    async def scene() -> None:
        app = make_app(edited, works=False, look_seconds=60)
        async with app.router.lifespan_context(app):
            here = app.state.context
            version = mended(edited)
            seen = await here.on_disk()
            assert seen.state is OnDisk.EDITED
            assert f"version {version} is in force within seconds here" in seen.told
            here.beside._tasks[FOLLOWING].cancel()
            await until(here.beside._tasks[FOLLOWING].done)
            assert "this server are started again" in (await here.on_disk()).told

    asyncio.run(scene())


def test_a_server_that_starts_well_watches_no_files(edited: Settings) -> None:
    """An edit is taken by a restart, when a person has checked it."""
    assert sound_playbook(edited).mending is None


def test_a_board_whose_playbook_is_another_one_judges_by_that(edited: Settings) -> None:
    async def scene() -> None:
        app = make_app(edited, works=False)
        async with app.router.lifespan_context(app):
            dashboard = dashboard_of(app)
            board, here = dashboard.state.board, app.state.context
            first = await board.cascade()
            assert await board.cascade() is first
            board.go_by(replace(here))
            making = asyncio.create_task(board.cascade())
            await asyncio.sleep(0)
            board.go_by(replace(here))
            assert await making is not await board.cascade()
            assert await board.cascade() is not first

    asyncio.run(scene())


def test_what_is_on_disk_is_looked_at_each_time_and_read_once(edited: Settings) -> None:
    looks, in_force = Looks(), load_playbook(edited.prompts_dir)
    assert looks.look(edited, in_force).state is OnDisk.IN_FORCE
    with (place(edited) / "voice.yaml").open("a") as voice:
        voice.write("\n# edited\n")
    seen = looks.look(edited, in_force)
    assert seen.state is OnDisk.EDITED
    assert load_playbook(edited.prompts_dir).version in seen.told
    assert looks.look(edited, in_force) is seen
    spoil(place(edited))
    seen = looks.look(edited, in_force)
    assert seen.state is OnDisk.REFUSED
    assert "policy.yaml:3: " in seen.told
    assert in_force.version in seen.told


def test_a_stray_is_told_for_as_long_as_it_lies_there(edited: Settings) -> None:
    looks, in_force = Looks(), load_playbook(edited.prompts_dir)
    stray = place(edited) / "gates.yml"
    stray.write_text("[]\n")
    seen = looks.look(edited, in_force)
    assert seen.state is OnDisk.REFUSED
    assert "gates.yml: " in seen.told
    with (place(edited) / "voice.yaml").open("a") as voice:
        voice.write("\n# edited\n")
    assert looks.look(edited, in_force).state is OnDisk.REFUSED
    stray.unlink()
    assert looks.look(edited, in_force).state is OnDisk.EDITED
