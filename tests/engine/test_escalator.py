import asyncio
import gc
import logging
import os
import pickle
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tay_middleware.domain import Kind, ReplyStatus, Suppression
from tay_middleware.engine import Escalator, Outcome, Reply
from tay_middleware.errors import ConfigurationError
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings, load_settings
from tay_middleware.storage import LoggedTurn, TurnStore, open_store, read_latest
from tests.builders import NOON
from tests.engine.stores import (
    DenyingStore,
    EmptyStore,
    FailingCommit,
    FailingOpen,
    FailingRecall,
    HangingCommit,
    HangingRecall,
)

NEED = "Can you review my pricing structure and tell me what's wrong?"
NO_NEED = "how do i pluck a hairline"
ANSWER = Reply("Start with one honest hour, and divide what is left by it.")

EngineOf = Callable[..., Escalator]


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def engine(playbook: Playbook, settings: Settings) -> Iterator[Escalator]:
    """An engine on a real store of the test's own."""
    url = settings.resolved_database_url
    made = Escalator(playbook, lambda: open_store(url, history_turns=50), settings)
    yield made
    made.close()


@pytest.fixture
def engine_on(playbook: Playbook, settings: Settings) -> Iterator[EngineOf]:
    """Makes engines on a store of the test's choice; they are closed afterwards."""
    made: list[Escalator] = []

    def make(store: TurnStore, *, grace_seconds: float = 0.2) -> Escalator:
        short = settings.model_copy(
            update={"grace_seconds": grace_seconds, "recall_timeout_seconds": 0.05}
        )
        engine = Escalator(playbook, lambda: store, short, clock=Clock())
        made.append(engine)
        return engine

    yield make
    for engine in made:
        engine.close()


def ask(engine: Escalator, question: str = NEED, **who: object) -> Outcome:
    turn = engine.turn(question=question, **{"user_id": "ada", "session_id": "s1", **who})  # type: ignore[arg-type]  # values of an app
    return engine.begin(turn).settle(ANSWER)


def logged(engine: Escalator) -> list[LoggedTurn]:
    assert engine.flush(5)
    return list(read_latest(engine.settings.resolved_database_url, 500))


# What a turn comes to.


def test_a_question_that_deserves_it_gets_one_sentence(engine: Escalator) -> None:
    outcome = ask(engine)
    assert outcome.decision is not None
    assert outcome.decision.shown
    assert outcome.addition is not None
    assert outcome.addition.startswith("\n\n")


def test_a_plain_question_gets_nothing(engine: Escalator) -> None:
    outcome = ask(engine, NO_NEED)
    assert outcome.addition is None
    assert outcome.decision is not None
    assert outcome.decision.kind is Kind.NONE


def test_both_are_logged(engine: Escalator) -> None:
    ask(engine, NO_NEED)
    ask(engine)
    rows = logged(engine)
    assert [(row.question, row.detected, row.shown) for row in reversed(rows)] == [
        (NO_NEED, False, False),
        (NEED, True, True),
    ]


def test_a_second_mention_right_after_is_held_back_and_logged_so(engine: Escalator) -> None:
    ask(engine)
    assert ask(engine).addition is None
    assert [row.suppressed for row in logged(engine)] == ["cooldown", None]


def test_a_turn_sees_the_one_before_it_even_when_that_is_not_written_yet(engine: Escalator) -> None:
    ask(engine, "no thanks, I'm not looking for a program")
    outcome = ask(engine)
    assert outcome.decision is not None
    assert outcome.decision.suppressed is Suppression.DECLINED


def test_the_same_turn_again_gets_the_same_words_and_no_second_row(engine: Escalator) -> None:
    first = ask(engine, turn_id="t-1")
    again = ask(engine, turn_id="t-1")
    assert again.addition == first.addition is not None
    assert len(logged(engine)) == 1


def test_the_same_turn_on_another_wording_of_the_reply_still_gets_its_words(
    engine: Escalator,
) -> None:
    first = ask(engine, turn_id="t-1")
    turn = engine.turn(question=NEED, user_id="ada", session_id="s1", turn_id="t-1")
    again = engine.begin(turn).settle(Reply("Another answer altogether, this time.\n"))
    assert again.addition is not None
    assert first.addition is not None
    assert again.addition == "\n" + first.addition.strip()


def test_a_reply_that_cannot_be_added_to_stays_alone(engine: Escalator) -> None:
    pending = engine.begin(engine.turn(question=NEED, user_id="ada"))
    outcome = pending.settle(Reply("", obstacle="tool_calls"))
    assert outcome.addition is None
    assert [row.suppressed for row in logged(engine)] == ["unweavable"]


def test_an_abandoned_turn_is_logged_without_a_mention(engine: Escalator) -> None:
    engine.begin(engine.turn(question=NEED, user_id="ada")).abandon(ReplyStatus.ABANDONED)
    rows = logged(engine)
    assert [(row.detected, row.shown, row.suppressed) for row in rows] == [
        (True, False, "unweavable")
    ]


def test_a_retry_that_worked_replaces_the_turn_that_failed(engine: Escalator) -> None:
    def begin() -> Outcome:
        turn = engine.turn(question=NEED, user_id="ada", turn_id="t-1")
        return engine.begin(turn).settle(ANSWER)

    failed = engine.turn(question=NEED, user_id="ada", turn_id="t-1")
    engine.begin(failed).abandon(ReplyStatus.FAILED)
    assert engine.flush(5)
    assert begin().addition is not None
    assert [row.shown for row in logged(engine)] == [True]


def test_the_first_ending_of_a_turn_counts(engine: Escalator) -> None:
    pending = engine.begin(engine.turn(question=NEED, user_id="ada"))
    pending.abandon(ReplyStatus.FAILED)
    assert pending.settle(ANSWER) == Outcome()
    assert len(logged(engine)) == 1


def test_an_anonymous_user_gets_a_gentle_mention(engine: Escalator) -> None:
    outcome = ask(engine, user_id=None, session_id=None)
    assert outcome.decision is not None
    assert (outcome.decision.shown, outcome.decision.strength) == (True, "gentle")


def test_an_anonymous_session_is_not_asked_twice(engine: Escalator) -> None:
    assert ask(engine, user_id=None).addition is not None
    assert ask(engine, user_id=None).addition is None


def test_the_log_keeps_no_address(engine: Escalator) -> None:
    ask(engine, f"{NEED} write to ada@example.com")
    assert "ada@example.com" not in (logged(engine)[0].question or "")


# Modes.


def test_shadow_decides_and_logs_and_says_nothing(settings: Settings) -> None:
    engine = Escalator.from_settings(load_settings(**{**settings.model_dump(), "mode": "shadow"}))
    try:
        outcome = ask(engine)
        assert outcome.addition is None
        assert [(row.detected, row.suppressed) for row in logged(engine)] == [(True, "mode")]
    finally:
        engine.close()


def test_off_touches_nothing_at_all(tmp_path: Path) -> None:
    engine = Escalator.from_settings(load_settings(mode="off", home=tmp_path / "nowhere"))
    assert ask(engine) == Outcome()
    assert not (tmp_path / "nowhere").exists()
    engine.close()


# What goes wrong stays ours.


def test_a_history_that_hangs_costs_no_time_and_no_reply(
    engine_on: EngineOf, caplog: pytest.LogCaptureFixture
) -> None:
    engine = engine_on(HangingRecall(), grace_seconds=2.0)
    begun = time.monotonic()
    with caplog.at_level(logging.WARNING, "tay_middleware"):
        outcome = ask(engine)
    assert time.monotonic() - begun < 1.0
    assert outcome.addition is None
    assert outcome.decision is not None
    assert outcome.decision.suppressed is Suppression.DEGRADED
    assert engine.degraded_counts == {"recall": 1}
    assert len(caplog.messages) == 1


def test_a_history_that_fails_shows_nothing_and_is_logged_as_degraded(
    engine_on: EngineOf,
) -> None:
    store = FailingRecall()
    engine = engine_on(store)
    assert ask(engine).addition is None
    assert engine.flush(5)
    assert [record.decision.suppressed for record in store.records] == [Suppression.DEGRADED]


def test_a_commit_that_fails_shows_nothing_and_is_taken_back(engine_on: EngineOf) -> None:
    store = FailingCommit()
    engine = engine_on(store)
    outcome = ask(engine)
    assert outcome.addition is None
    assert engine.flush(5)
    assert len(store.retracted) == 1
    assert [record.decision.suppressed for record in store.records] == [Suppression.DEGRADED]
    assert engine.degraded_counts == {"commit": 1}


def test_a_commit_after_the_deadline_is_taken_back(
    engine_on: EngineOf, caplog: pytest.LogCaptureFixture
) -> None:
    store = HangingCommit()
    engine = engine_on(store, grace_seconds=0.1)
    with caplog.at_level(logging.WARNING, "tay_middleware"):
        outcome = ask(engine)
    assert outcome.addition is None
    assert outcome.decision is not None
    assert outcome.decision.suppressed is Suppression.DEGRADED
    assert engine.degraded_counts == {"deadline": 1}
    store.let_go()
    assert engine.flush(5)
    assert len(store.retracted) == 1
    assert len(caplog.messages) == 1


def test_a_denied_mention_is_told_as_a_cooldown(engine_on: EngineOf) -> None:
    outcome = ask(engine_on(DenyingStore()))
    assert outcome.addition is None
    assert outcome.decision is not None
    assert outcome.decision.suppressed is Suppression.COOLDOWN


def test_a_wording_that_raises_leaves_the_reply_alone(
    playbook: Playbook, settings: Settings
) -> None:
    broken = tuple(
        replace(template, text="See https://evil.example/now") for template in playbook.templates
    )
    store = EmptyStore()
    engine = Escalator(replace(playbook, templates=broken), lambda: store, settings)
    try:
        outcome = ask(engine)
        assert outcome.addition is None
        assert outcome.decision is not None
        assert outcome.decision.suppressed is Suppression.DEGRADED
        assert engine.degraded_counts == {"decide": 1}
    finally:
        engine.close()


def test_a_store_that_opens_late_is_used_from_then_on(engine_on: EngineOf) -> None:
    store = FailingOpen(failures=2)
    engine = engine_on(store)
    assert ask(engine).addition is None
    assert engine.flush(5)
    assert ask(engine).addition is not None


def test_a_database_path_that_is_a_directory_leaves_the_reply_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "tay.db").mkdir()
    settings = load_settings(home=tmp_path)
    with caplog.at_level(logging.WARNING, "tay_middleware"):
        engine = Escalator.from_settings(settings)
        caplog.clear()
        outcome = ask(engine)
        assert engine.flush(5)
    engine.close()
    assert outcome.addition is None
    assert len(caplog.messages) == 1
    assert engine.degraded_counts["recall"] == 1


# Threads, loops, processes, and ends.


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
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(scene())
    store.let_go()
    assert engine.flush(5)
    assert len(store.retracted) == 1


def test_a_child_process_starts_afresh(engine: Escalator) -> None:
    assert ask(engine, user_id="parent").addition is not None
    child = os.fork()
    if child == 0:
        outcome = ask(engine, user_id="child")
        written = engine.flush(5)
        os._exit(0 if outcome.addition and written else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert ask(engine, user_id="parent-again").addition is not None
    assert {row.user_id for row in logged(engine)} == {"parent", "child", "parent-again"}


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


MANY = """
import asyncio, sys
from pathlib import Path
from tay_middleware import EscalationStep, load_settings
from tay_middleware.langchain import ScriptedChatModel

async def main(home, count):
    settings = load_settings(home=Path(home), grace_seconds=10, recall_timeout_seconds=10)
    step = EscalationStep(bound=ScriptedChatModel(), settings=settings)
    who = {"configurable": {"user_id": "ada", "session_id": "s1"}}
    question = "Can you review my pricing structure and tell me what's wrong?"
    replies = await asyncio.gather(*(step.ainvoke(question, who) for _ in range(count)))
    step.close()
    print(sum(reply.response_metadata["tay"]["shown"] for reply in replies))

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def test_of_200_turns_of_one_user_over_four_processes_one_is_shown(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MANY, str(tmp_path), "50"]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    shown = sum(int(run.communicate()[0]) for run in runs)
    rows = read_latest(f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}", 500)
    assert shown == 1
    assert len(rows) == 200
    assert sum(row.shown for row in rows) == 1
