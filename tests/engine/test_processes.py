import asyncio
import gc
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
import weakref
from datetime import timedelta
from pathlib import Path

import pytest

from tay_middleware.domain import History
from tay_middleware.engine import Escalator, Outcome
from tay_middleware.errors import ConfigurationError
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings, load_settings
from tay_middleware.storage import open_store, read_latest
from tests.engine.scenes import ANSWER, NEED, NO_NEED, Clock, EngineOf, ask, logged
from tests.engine.stores import (
    EmptyStore,
    HangingCommit,
)


def test_one_engine_serves_many_threads(engine: Escalator) -> None:
    outcomes: list[Outcome] = []
    threads = [
        threading.Thread(target=lambda n=n: outcomes.append(ask(engine, user_id=f"u{n}")))
        for n in range(30)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [outcome.addition is not None for outcome in outcomes] == [True] * 30


def test_one_engine_serves_several_event_loops(engine: Escalator) -> None:
    async def scene(user: str) -> Outcome:
        return await engine.begin(engine.turn(question=NEED, user_id=user)).asettle(ANSWER)

    for number in range(3):
        assert asyncio.run(scene(f"u{number}")).addition is not None


def test_of_200_turns_of_one_user_at_once_one_is_shown(engine: Escalator) -> None:
    async def scene() -> list[Outcome]:
        turns = [engine.turn(question=NEED, user_id="ada", session_id="s1") for _ in range(200)]
        pending = [engine.begin(turn) for turn in turns]
        return await asyncio.gather(*(one.asettle(ANSWER) for one in pending))

    shown = [outcome for outcome in asyncio.run(scene()) if outcome.addition]
    assert len(shown) == 1
    assert sum(row.shown for row in logged(engine)) == 1


def test_a_cancelled_wait_takes_the_mention_back(engine_on: EngineOf) -> None:
    store = HangingCommit()
    engine = engine_on(store, grace_seconds=5.0)

    async def scene() -> None:
        pending = engine.begin(engine.turn(question=NEED, user_id="ada"))
        waiting = asyncio.ensure_future(pending.asettle(ANSWER))
        await asyncio.to_thread(store.reached.wait, 5)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(scene())
    store.let_go()
    assert engine.flush(5)
    assert len(store.retracted) == 1


def test_a_no_whose_caller_is_cancelled_is_known_once(engine: Escalator) -> None:
    async def scene() -> History:
        turn = engine.turn(question="stop selling me stuff", user_id="ada", session_id="s1")
        waiting = asyncio.ensure_future(engine.begin(turn).asettle(ANSWER))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await asyncio.to_thread(engine.flush, 5)
        store = open_store(engine.settings.resolved_database_url, history_turns=50)
        await store.open()
        try:
            return await store.recall(turn.user_key or "", turn.asked_at)
        finally:
            await store.aclose()

    history = asyncio.run(scene())
    assert history.opted_out_at is not None
    assert len(history.turns) == len(logged(engine)) == 1


def test_a_child_process_starts_afresh_and_is_warned(
    engine: Escalator, caplog: pytest.LogCaptureFixture
) -> None:
    assert ask(engine, user_id="parent").addition is not None
    child = os.fork()
    if child == 0:
        outcome = ask(engine, user_id="child")
        written = engine.flush(5)
        warned = "make the engine after the fork" in caplog.text
        os._exit(0 if outcome.addition and written and warned else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert ask(engine, user_id="parent-again").addition is not None
    assert {row.user_id for row in logged(engine)} == {"parent", "child", "parent-again"}


def asks_and_ends(settings: Settings) -> None:
    engine = Escalator.from_settings(settings)
    for number in range(10):
        ask(engine, NO_NEED, user_id=f"u{number}")


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_worker_that_ends_writes_what_is_unwritten(settings: Settings, method: str) -> None:
    worker = multiprocessing.get_context(method).Process(target=asks_and_ends, args=(settings,))  # type: ignore[attr-defined]  # typeshed knows of no Process of a context by its name
    worker.start()
    worker.join()
    assert worker.exitcode == 0
    assert len(read_latest(settings.resolved_database_url, 20)) == 10


def test_an_engine_of_settings_can_be_pickled(settings: Settings) -> None:
    engine = Escalator.from_settings(settings)
    copy = pickle.loads(pickle.dumps(engine))  # noqa: S301 - our own bytes
    try:
        assert ask(copy).addition is not None
        assert copy.settings == engine.settings
    finally:
        copy.close()
        engine.close()


def test_an_engine_with_a_store_of_its_own_cannot(engine_on: EngineOf) -> None:
    with pytest.raises(TypeError, match="make it by from_settings"):
        pickle.dumps(engine_on(EmptyStore()))


def test_closing_writes_what_is_unwritten_and_may_be_repeated(settings: Settings) -> None:
    engine = Escalator.from_settings(settings)
    ask(engine, NO_NEED)
    engine.close()
    engine.close()
    assert len(read_latest(settings.resolved_database_url, 5)) == 1


def test_an_engine_that_nobody_holds_lets_go_of_its_thread(settings: Settings) -> None:
    engine = Escalator.from_settings(settings)
    ask(engine)
    assert engine.flush(10)  # what is under way may hold it
    reference = weakref.ref(engine)
    before = threading.active_count()
    del engine
    gc.collect()
    assert reference() is None
    assert threading.active_count() < before


def test_history_of_days_ago_counts(playbook: Playbook, settings: Settings) -> None:
    clock = Clock()
    engine = Escalator(
        playbook,
        lambda: open_store(settings.resolved_database_url, history_turns=50),
        settings,
        clock=clock,
    )
    try:
        ask(engine, session_id="monday")
        clock.now += timedelta(days=2)
        outcome = ask(engine, session_id="wednesday")
        assert outcome.decision is not None
        assert (outcome.decision.shown, outcome.decision.strength) == (True, "standard")
    finally:
        engine.close()


def test_a_server_without_a_secret_is_refused(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path, database_url="postgresql+asyncpg://db/tay")
    with pytest.raises(ConfigurationError, match="TAY_USER_KEY_SECRET is not set"):
        Escalator.from_settings(settings)


def test_a_server_of_sql_without_a_redis_is_refused_at_the_start(tmp_path: Path) -> None:
    settings = load_settings(
        home=tmp_path, database_url="postgresql+asyncpg://db/tay", user_key_secret="x" * 40
    )
    threads = set(threading.enumerate())
    with pytest.raises(ConfigurationError, match="need TAY_REDIS_URL"):
        Escalator.from_settings(settings)
    left = {thread.name for thread in set(threading.enumerate()) - threads}
    assert not any("tay-background" in name for name in left)


MANY = """
import asyncio, sys
from pathlib import Path
from tay_middleware import EscalationStep, load_settings
from tay_middleware.langchain import ScriptedChatModel

async def main(home, count):
    settings = load_settings(
        home=Path(home), grace_seconds=10, recall_timeout_seconds=10, redis_timeout_seconds=5
    )
    step = EscalationStep(bound=ScriptedChatModel(), settings=settings)
    who = {"configurable": {"user_id": "ada", "session_id": "s1"}}
    question = "Can you review my pricing structure and tell me what's wrong?"
    replies = await asyncio.gather(*(step.ainvoke(question, who) for _ in range(count)))
    step.close()
    print(sum(reply.response_metadata["tay"]["shown"] for reply in replies))

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


@pytest.mark.scale
def test_of_200_turns_of_one_user_over_four_processes_one_is_shown(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MANY, str(tmp_path), "50"]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    shown = sum(int(run.communicate()[0]) for run in runs)
    rows = read_latest(f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}", 500)
    assert shown == 1
    assert len(rows) == 200
    assert sum(row.shown for row in rows) == 1


@pytest.mark.scale
def test_of_200_turns_of_one_user_over_four_processes_on_valkey_one_is_shown(
    tmp_path: Path, redis_url: str
) -> None:
    environment = {**os.environ, "TAY_REDIS_URL": redis_url, "TAY_USER_KEY_SECRET": "s" * 32}
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", MANY, str(tmp_path / f"home {number}"), "50"],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for number in range(4)
    ]
    assert sum(int(run.communicate()[0]) for run in runs) == 1
