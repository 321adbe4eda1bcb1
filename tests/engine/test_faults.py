import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.event import listen

from tay_middleware.domain import Suppression
from tay_middleware.engine import Escalator
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings, load_settings
from tay_middleware.storage import EmbeddedStore
from tests.engine.scenes import ANSWER, NEED, EngineOf, ask
from tests.engine.stores import (
    DenyingStore,
    EmptyStore,
    FailingCommit,
    FailingOpen,
    FailingRecall,
    HangingCommit,
    HangingRecall,
    SlowRecall,
)


def test_a_history_that_hangs_costs_no_time_and_no_reply(
    engine_on: EngineOf, caplog: pytest.LogCaptureFixture
) -> None:
    engine = engine_on(HangingRecall())
    begun = time.monotonic()
    with caplog.at_level(logging.WARNING, "tay_middleware"):
        outcome = ask(engine)
    assert time.monotonic() - begun < 2.5
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
    engine = engine_on(store, grace_seconds=1.0)
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
    store = FailingOpen(failures=3)  # the start, the pauses, the first turn's history
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


def _query_only(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA query_only=ON")


def test_a_database_that_refuses_to_be_written_leaves_the_reply_alone(
    playbook: Playbook, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    store = EmbeddedStore(settings.resolved_database_url, history_turns=50)
    listen(store._engine, "connect", _query_only)
    engine = Escalator(playbook, lambda: store, settings)
    with caplog.at_level(logging.WARNING, "tay_middleware"):
        outcome = ask(engine)
        assert engine.flush(5)
    engine.close()
    assert outcome.addition is None
    assert outcome.decision is not None
    assert outcome.decision.suppressed is Suppression.DEGRADED
    assert len(caplog.messages) == 1
    assert "attempt to write a readonly database" in caplog.messages[0]
    assert engine.degraded_counts["commit"] == 1


def test_a_slow_history_is_waited_for_while_the_reply_streams(engine_on: EngineOf) -> None:
    store = SlowRecall(seconds=0.15)
    engine = engine_on(store)
    pending = engine.begin(engine.turn(question=NEED, user_id="ada", session_id="s1"))
    store.recalled.wait(5)
    outcome = pending.settle(ANSWER)
    assert outcome.addition is not None
    assert engine.degraded_counts == {}
