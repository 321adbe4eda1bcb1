"""Several engines in one process: what they share, and that a second over one store is told."""

import os
from pathlib import Path
from shutil import copytree

import pytest

from tay_middleware import Escalator
from tay_middleware.engine.alone import SECOND
from tay_middleware.errors import PlaybookError
from tay_middleware.playbook import shared_playbook, shipped
from tay_middleware.settings import Settings
from tests.engine.scenes import ask


def told(caplog: pytest.LogCaptureFixture) -> int:
    return sum(record.getMessage() == SECOND for record in caplog.records)


def test_a_second_engine_over_the_same_store_is_told_once(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    made = [Escalator.from_settings(settings)]
    assert told(caplog) == 0
    made += [Escalator.from_settings(settings) for _ in range(2)]
    assert told(caplog) == 1
    for engine in made:
        engine.close()


def test_who_closes_an_engine_or_takes_another_store_may_make_another(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = settings.model_copy(update={"home": tmp_path / "elsewhere"})
    for each in (settings, settings, elsewhere):
        engine = Escalator.from_settings(each)
        engine.close()
        engine.close()
    both = [Escalator.from_settings(each) for each in (settings, elsewhere)]
    assert told(caplog) == 0
    for engine in both:
        engine.close()


def test_a_forked_child_may_make_its_own(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Escalator.from_settings(settings)
    child = os.fork()
    if child == 0:
        Escalator.from_settings(settings).close()
        os._exit(told(caplog))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    engine.close()


def test_engines_share_a_playbook_until_it_is_edited(settings: Settings, tmp_path: Path) -> None:
    prompts = copytree(shipped(), tmp_path / "prompts")
    settings = settings.model_copy(update={"prompts_dir": prompts})
    engines = [Escalator.from_settings(settings)]
    engines.append(Escalator.from_settings(settings))
    with (prompts / "voice.yaml").open("a") as voice:
        voice.write("\n# edited\n")
    engines.append(Escalator.from_settings(settings))
    first, second, third = (engine.playbook for engine in engines)
    assert first is second
    assert third is not first
    assert third.version != first.version
    assert shared_playbook(prompts) is third
    for engine in engines:
        engine.close()


def test_a_running_engine_keeps_its_playbook_whatever_is_done_to_the_files(
    settings: Settings, tmp_path: Path
) -> None:
    prompts = copytree(shipped(), tmp_path / "prompts")
    settings = settings.model_copy(update={"prompts_dir": prompts})
    engine = Escalator.from_settings(settings)
    (prompts / "policy.yaml").write_text("threshold: [")
    (prompts / "templates" / "mentorship.yaml").unlink()
    assert ask(engine).addition is not None
    with pytest.raises(PlaybookError):
        Escalator.from_settings(settings.model_copy(update={"strict_start": True}))
    engine.close()
