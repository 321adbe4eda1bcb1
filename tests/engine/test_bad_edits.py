"""A bad edit in `prompts/` before a start: the chat goes on, and so does Tay where she can."""

import gc
import logging
import weakref
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import pytest

from tay_middleware import Escalator
from tay_middleware.domain import Mode, Suppression
from tay_middleware.engine import Reply
from tay_middleware.engine.in_force import Awaited, start
from tay_middleware.engine.standing import LOOK_SECONDS, Mending
from tay_middleware.errors import ConfigurationError, PlaybookError, ScorerError
from tay_middleware.settings import Settings
from tests.edits import mend, spoil
from tests.engine.scenes import NEED, ask, logged


@pytest.fixture
def engines() -> Iterator[list[Escalator]]:
    made: list[Escalator] = []
    yield made
    for engine in made:
        engine.close()


def started(settings: Settings, engines: list[Escalator]) -> Escalator:
    engines.append(Escalator.from_settings(settings))
    return engines[-1]


def restarted(settings: Settings, engines: list[Escalator]) -> Escalator:
    """Another engine, made after the one before has ended."""
    engines[-1].close()
    return started(settings, engines)


def looked(engine: Escalator) -> None:
    """Let the engine look again, as it does with a turn after a while."""
    awaited = engine._deciding._awaited
    if awaited is not None:
        awaited._next_at = 0.0
    engine.takes_part()
    assert engine.flush(30)


def stands_in(engine: Escalator) -> bool:
    return not engine.is_as_on_disk


def told(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelno == level]


def test_a_start_after_a_bad_edit_goes_by_the_last_good_playbook(
    edited: Settings, prompts: Path, engines: list[Escalator], caplog: pytest.LogCaptureFixture
) -> None:
    version = started(edited, engines).playbook.version
    spoil(prompts)
    engine = restarted(edited, engines)
    assert engine.playbook.version == version
    assert stands_in(engine)
    assert engine.degraded_counts == {"start": 1}
    assert ask(engine).addition is not None
    (warning,) = told(caplog, logging.WARNING)
    assert f"the last good playbook, version {version}" in warning
    assert "policy.yaml:3: " in warning
    assert [one.playbook_version for one in logged(engine)] == [version]


def test_it_takes_the_mended_files_without_a_restart(
    edited: Settings, prompts: Path, engines: list[Escalator]
) -> None:
    version = started(edited, engines).playbook.version
    spoil(prompts)
    engine = restarted(edited, engines)
    looked(engine)
    assert stands_in(engine)
    mend(prompts)
    with (prompts / "voice.yaml").open("a") as voice:
        voice.write("\n# and better\n")
    looked(engine)
    assert not stands_in(engine)
    assert engine.playbook.version != version
    assert ask(engine).addition is not None


def test_a_directory_that_is_not_there_is_a_bad_edit_too(
    edited: Settings, prompts: Path, engines: list[Escalator]
) -> None:
    started(edited, engines)
    rmtree(prompts)
    assert ask(restarted(edited, engines)).addition is not None


def test_a_first_start_with_a_wrong_playbook_leaves_every_reply_until_it_is_mended(
    edited: Settings, prompts: Path, engines: list[Escalator], caplog: pytest.LogCaptureFixture
) -> None:
    spoil(prompts)
    engine = started(edited, engines)
    assert ask(engine).decision is None
    assert ask(engine).addition is None
    with pytest.raises(ConfigurationError, match="tay playbook check"):
        _ = engine.playbook
    (error,) = told(caplog, logging.ERROR)
    assert "leaves every reply as it is" in error
    assert "policy.yaml:3: " in error
    mend(prompts)
    looked(engine)
    assert not stands_in(engine)
    assert ask(engine).addition is not None


def test_another_mistake_in_place_of_the_first_is_told_and_changes_nothing(
    edited: Settings, prompts: Path, engines: list[Escalator], caplog: pytest.LogCaptureFixture
) -> None:
    spoil(prompts)
    engine = started(edited, engines)
    (prompts / "policy.yaml").write_text("threshold: 7\n")
    looked(engine)
    assert len(told(caplog, logging.ERROR)) == 2
    assert ask(engine).decision is None


def test_turns_that_were_begun_before_the_mend_end_as_they_were_begun(
    edited: Settings, prompts: Path, engines: list[Escalator]
) -> None:
    spoil(prompts)
    engine = started(edited, engines)
    silent = engine.begin(engine.turn(question=NEED, user_id="u"))
    mend(prompts)
    looked(engine)
    assert silent.settle(Reply("Start with one honest hour.")).addition is None
    assert ask(engine).addition is not None


def test_who_asks_for_it_is_refused(edited: Settings, prompts: Path) -> None:
    strict = edited.model_copy(update={"strict_start": True})
    Escalator.from_settings(strict).close()
    spoil(prompts)
    with pytest.raises(PlaybookError):
        Escalator.from_settings(strict)


def test_a_scorer_that_cannot_be_read_mentions_nothing_and_goes_on_listening(
    settings: Settings, tmp_path: Path, engines: list[Escalator], caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "model.json"
    file.write_text("{")
    broken = settings.model_copy(update={"scorer_file": file})
    engine = started(broken, engines)
    outcome = ask(engine)
    assert outcome.addition is None
    assert outcome.decision is not None
    assert outcome.decision.suppressed is Suppression.MODE
    (error,) = told(caplog, logging.ERROR)
    assert str(file) in error
    file.write_bytes(
        (Path(start.__code__.co_filename).parents[1] / "decide/model.json").read_bytes()
    )
    looked(engine)
    assert ask(engine, user_id="bea").addition is not None
    assert not stands_in(engine)


def test_a_scorer_that_cannot_be_read_is_refused_where_that_is_asked_for(
    settings: Settings, tmp_path: Path
) -> None:
    strict = {"scorer_file": tmp_path / "none.json", "strict_start": True}
    with pytest.raises(ScorerError):
        Escalator.from_settings(settings.model_copy(update=strict))


def test_mode_off_starts_whatever_is_wrong_and_writes_nothing(
    edited: Settings, prompts: Path, tmp_path: Path, engines: list[Escalator]
) -> None:
    home = tmp_path / "home"
    off = edited.model_copy(update={"mode": Mode.OFF, "home": home})
    started(off, engines)
    spoil(prompts)
    assert ask(restarted(off, engines)).decision is None
    assert not home.exists()


def test_a_home_that_cannot_be_written_is_told_and_no_reason_not_to_start(
    edited: Settings, engines: list[Escalator], caplog: pytest.LogCaptureFixture
) -> None:
    (edited.home / "playbooks").write_text("in the way")
    assert ask(started(edited, engines)).addition is not None
    (warning,) = told(caplog, logging.WARNING)
    assert warning.startswith("the last good playbook cannot be kept")


def test_files_are_looked_at_again_after_a_while_and_read_only_when_edited(
    edited: Settings, prompts: Path
) -> None:
    now = 0.0
    spoil(prompts)
    awaited = Awaited(edited, start(edited).seen, clock=lambda: now)
    assert not awaited.is_due()
    now = LOOK_SECONDS
    assert awaited.is_due()
    assert not awaited.is_due()
    assert awaited.look() is None
    mend(prompts)
    found = awaited.look()
    assert found is not None
    assert found.in_force is not None
    assert found.faults == ()


@pytest.mark.parametrize("name", ["gates.yml", "tests.yaml.txt", "templates/course.yml"])
def test_a_stray_that_is_taken_out_mends_what_it_spoiled(
    edited: Settings, prompts: Path, name: str
) -> None:
    """It is of no version: the one on disk is the same before and after."""
    stray = prompts / name
    stray.write_text("[]\n")
    found = start(edited)
    assert found.in_force is None
    awaited, mending = Awaited(edited, found.seen), Mending(edited)
    stray.unlink()
    mended = awaited.look()
    assert mended is not None
    assert mended.faults == ()
    assert mending._look() is not None


def test_no_engine_is_kept_alive_by_what_it_closes(edited: Settings, prompts: Path) -> None:
    spoil(prompts)
    engine = Escalator.from_settings(edited)
    ask(engine)
    gone = weakref.ref(engine)
    engine.flush(5)
    del engine
    gc.collect()
    assert gone() is None
