"""One engine a process for the same settings, and who sits at it."""

import asyncio
import copy
import gc
import os
import pickle
import threading
from pathlib import Path

import pytest
from langchain_core.language_models import FakeListChatModel

from tay_middleware import EscalationAgentMiddleware, EscalationStep, Escalator
from tay_middleware.engine import sharing
from tay_middleware.engine.alone import SECOND
from tay_middleware.langchain import ScriptedChatModel
from tay_middleware.langchain.chat_model import EscalationChatModel
from tay_middleware.playbook import load_playbook
from tay_middleware.settings import Settings
from tay_middleware.storage import open_store_of
from tests.engine.scenes import NEED

ANSWER = "Start with one honest hour."


def a_step(settings: Settings) -> EscalationStep:
    return EscalationStep(bound=FakeListChatModel(responses=[ANSWER]), settings=settings)


def is_closed(step: EscalationStep) -> bool:
    assert step.escalator is not None
    return step.escalator.is_closed


def mentions(step: EscalationStep, user: str) -> bool:
    reply = step.invoke(NEED, {"configurable": {"user_id": user}})
    return bool(reply.response_metadata["tay"]["shown"])


def test_a_chain_that_is_built_for_every_request_costs_one_engine(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    first = a_step(settings)
    assert mentions(first, "user-0")
    running = threading.active_count()
    for number in range(1, 20):
        step = a_step(settings.model_copy())
        assert step.escalator is first.escalator
        assert mentions(step, f"user-{number}")
        del step
    assert threading.active_count() <= running + 4  # threads of the store, which grow with load
    assert SECOND not in caplog.text
    first.close()


def test_it_stays_where_nobody_holds_it_between_two_requests(settings: Settings) -> None:
    engines = []
    for _ in range(2):
        step = a_step(settings)
        engines.append(id(step.escalator))
        del step
        gc.collect()
    assert len(set(engines)) == 1
    a_step(settings).close()


def test_other_settings_and_another_directory_are_another_engine(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines = [Escalator.shared(settings)]
    engines.append(Escalator.shared(settings.model_copy(update={"home": tmp_path / "other"})))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    engines.append(Escalator.shared(settings))
    assert len(set(map(id, engines))) == 3
    for engine in engines:
        engine.close()


def test_the_last_one_who_leaves_closes_it(settings: Settings) -> None:
    first, second = a_step(settings), a_step(settings)
    first.close()
    first.close()
    assert not is_closed(second)
    assert mentions(second, "ada")
    second.close()
    assert is_closed(first)
    third = a_step(settings)
    assert third.escalator is not first.escalator
    assert mentions(third, "bea")
    third.close()


def test_who_was_given_an_engine_keeps_nobody_from_closing_it(settings: Settings) -> None:
    step = a_step(settings)
    guest = EscalationChatModel(bound=ScriptedChatModel(), escalator=step.escalator)
    step.close()
    assert is_closed(step)
    guest.close()


def test_a_guest_who_leaves_closes_it_for_nobody_else(settings: Settings) -> None:
    step = a_step(settings)
    EscalationChatModel(bound=ScriptedChatModel(), escalator=step.escalator).close()
    assert not is_closed(step)
    step.close()


def test_many_threads_that_ask_first_make_one(settings: Settings) -> None:
    found: list[Escalator] = []
    asking = [
        threading.Thread(target=lambda: found.append(Escalator.shared(settings))) for _ in range(20)
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert len(found) == 20
    assert len(set(map(id, found))) == 1
    found[0].close()


def test_what_is_unpickled_sits_down_at_the_engine_that_is_there(settings: Settings) -> None:
    step = a_step(settings)
    copies = [pickle.loads(pickle.dumps(step)) for _ in range(2)]  # noqa: S301 - our own
    assert {id(one.escalator) for one in copies} == {id(step.escalator)}
    step.close()
    assert not is_closed(copies[0])
    for one in copies:
        one.close()
    assert is_closed(copies[0])


@pytest.mark.parametrize("is_given", [False, True])
def test_a_chain_that_is_copied_deeply_sits_at_the_same_engine(
    settings: Settings, *, is_given: bool
) -> None:
    engine = Escalator.from_settings(settings) if is_given else Escalator.shared(settings)
    surfaces = (
        EscalationStep(bound=ScriptedChatModel(), escalator=engine),
        EscalationChatModel(bound=ScriptedChatModel(), escalator=engine),
        EscalationAgentMiddleware(escalator=engine),
    )
    assert all(copy.deepcopy(surface).escalator is engine for surface in surfaces)
    engine.close()


def test_an_engine_that_does_not_travel_is_copied_with_its_chain(settings: Settings) -> None:
    engine = Escalator(load_playbook(), lambda: open_store_of(settings), settings)
    step = EscalationStep(bound=FakeListChatModel(responses=[ANSWER]), escalator=engine)
    assert copy.deepcopy(step).escalator is engine
    with pytest.raises(TypeError):
        pickle.dumps(step)
    engine.close()


def test_a_forked_child_that_asks_first_is_not_kept_out(settings: Settings) -> None:
    sharing.shared()._lock.acquire()
    child = os.fork()
    if child == 0:
        Escalator.shared(settings).close()
        os._exit(0)
    sharing.shared()._lock.release()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_variable_that_is_no_setting_is_told_by_the_app_too(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sharing._tell_of_strays.cache_clear()
    monkeypatch.setenv("TAY_MODEE", "shadow")
    Escalator.shared(settings).close()
    Escalator.shared(settings).close()
    told = [one.getMessage() for one in caplog.records]
    assert told == ["TAY_MODEE is no setting and changes nothing; is TAY_MODE meant?"]


def test_a_server_whose_directory_a_deploy_removed_goes_on(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = tmp_path / "release"
    release.mkdir()
    monkeypatch.chdir(release)
    first = a_step(settings)
    release.rmdir()
    second, third = a_step(settings), a_step(settings)
    assert mentions(third, "ada")
    assert second.escalator is third.escalator
    for step in (first, second, third):
        step.close()


def test_what_is_under_way_when_it_closes_opens_nothing_anew(settings: Settings) -> None:
    engine = Escalator.from_settings(settings)
    before, used = engine._running(), []

    async def late() -> None:
        await asyncio.sleep(0.1)
        used.append(engine._running())

    before.start(late)
    engine.close()
    assert used == [before]
    assert engine._background is None
    assert engine.is_closed
