"""`tay serve` after a bad edit in `prompts/`: it starts, and says by which playbook it goes."""

import asyncio
from pathlib import Path
from shutil import copytree
from typing import Any

import httpx
import pytest

from tay_middleware.engine import Escalator
from tay_middleware.errors import ConfigurationError
from tay_middleware.playbook import load_playbook, shipped
from tay_middleware.settings import Settings
from tay_middleware.web.app import make_app
from tay_middleware.web.on_disk import Looks, OnDisk


@pytest.fixture
def edited(settings: Settings, tmp_path: Path) -> Settings:
    prompts = copytree(shipped(), tmp_path / "prompts")
    return settings.model_copy(update={"prompts_dir": prompts})


def place(settings: Settings) -> Path:
    assert settings.prompts_dir is not None
    return settings.prompts_dir


def spoil(settings: Settings) -> None:
    (place(settings) / "policy.yaml").write_text("cooldown:\n  turns_between: [\n")


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
    spoil(edited)
    told = ready(edited)
    assert (told["playbook"], told["troubled"]) == ("refused", ["playbook"])


def test_a_server_that_knows_of_no_good_one_does_not_start(edited: Settings) -> None:
    spoil(edited)
    with pytest.raises(ConfigurationError, match=r"policy\.yaml:3: (.|\n)*no good playbook of"):
        make_app(edited)


def test_what_is_on_disk_is_looked_at_each_time_and_read_once(edited: Settings) -> None:
    looks, in_force = Looks(), load_playbook(edited.prompts_dir)
    assert looks.look(edited, in_force).state is OnDisk.IN_FORCE
    with (place(edited) / "voice.yaml").open("a") as voice:
        voice.write("\n# edited\n")
    seen = looks.look(edited, in_force)
    assert seen.state is OnDisk.EDITED
    assert load_playbook(edited.prompts_dir).version in seen.told
    assert looks.look(edited, in_force) is seen
    spoil(edited)
    seen = looks.look(edited, in_force)
    assert seen.state is OnDisk.REFUSED
    assert "policy.yaml:3: " in seen.told
    assert in_force.version in seen.told
