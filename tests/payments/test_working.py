"""The worker of the inbox as a process of its own, after a bad edit of the playbook."""

import asyncio
import logging
import signal
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest

from tay_middleware.engine.standing import Mending, Sound, playbook_in_force
from tay_middleware.errors import ConfigurationError
from tay_middleware.payments import working
from tay_middleware.payments.inbox import InboxWorker
from tay_middleware.payments.terms import Terms, terms_of
from tay_middleware.payments.working import follow
from tay_middleware.playbook import Playbook, load_playbook, shipped
from tay_middleware.settings import Settings
from tay_middleware.storage import Database

TYPO = "course: ["


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, prompts_dir=copytree(shipped(), tmp_path / "prompts"))


@pytest.fixture
def offers(settings: Settings) -> Path:
    assert settings.prompts_dir is not None
    return settings.prompts_dir / "offers.yaml"


def mend(offers: Path) -> None:
    """Make them good again, and others than before."""
    offers.write_bytes((shipped() / "offers.yaml").read_bytes() + b"\n# mended\n")


def test_it_credits_by_a_mended_catalogue_without_a_restart(
    settings: Settings, offers: Path
) -> None:
    playbook = load_playbook(settings.prompts_dir)
    before = terms_of(settings, playbook)
    offers.write_text(TYPO)

    async def scene() -> Terms:
        worker = InboxWorker(Database(settings.resolved_database_url), before)
        sound = Sound(playbook, Mending(settings))
        following = asyncio.create_task(follow(settings, worker, sound, 0.01))
        await asyncio.sleep(0)
        assert worker._terms is before
        mend(offers)
        async with asyncio.timeout(60):
            await following
        await follow(settings, worker, Sound(playbook), 0.01)
        return worker._terms

    after = asyncio.run(scene())
    assert after is not before
    assert after.rules == before.rules


def worked(settings: Settings, offers: Path, told: Callable[[], str], word: str) -> None:
    """Work after a bad edit, mend it, and stop as an operator does once `word` is told."""
    playbook_in_force(settings)
    offers.write_text(TYPO)

    async def scene() -> None:
        working_on = asyncio.create_task(working._run(settings, once=False, look_seconds=0.01))
        await asyncio.sleep(0)  # by then it has found them wrong
        mend(offers)
        async with asyncio.timeout(60):
            while word not in told():  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)
            assert not working_on.done()
            signal.raise_signal(signal.SIGTERM)
            await working_on

    asyncio.run(scene())


def test_the_process_says_by_which_version_it_goes_after_a_mend(
    settings: Settings, offers: Path, caplog: pytest.LogCaptureFixture
) -> None:
    worked(settings, offers, lambda: caplog.text, "of the playbook now")
    version = load_playbook(settings.prompts_dir).version
    assert f"tay webhooks work goes by version {version} of the playbook now" in caplog.text


def test_the_process_says_why_it_cannot_take_a_mend_and_works_on(
    settings: Settings,
    offers: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = []

    def once_only(settings: Settings, playbook: Playbook) -> Terms:
        made.append(playbook)
        if len(made) > 1:
            raise ConfigurationError("of the mended one")
        return terms_of(settings, playbook)

    monkeypatch.setattr(working, "terms_of", once_only)
    worked(settings, offers, lambda: caplog.text, "until it is started again")
    (error,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert error.exc_info is not None
    assert "of the mended one" in caplog.text
