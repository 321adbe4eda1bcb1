"""A turn that is asked again: what was seen of it stays, whatever becomes of the second asking."""

import asyncio
import threading
from collections.abc import Callable
from uuid import UUID

import pytest

from tay_middleware.engine import Escalator, Outcome
from tay_middleware.engine.pending import Pending
from tay_middleware.errors import StorageUnavailable
from tay_middleware.settings import Settings
from tay_middleware.storage import EmbeddedStore, TurnRecord, Verdict
from tests.engine.scenes import ANSWER, NEED, EngineOf, ask, logged

TURN = UUID(int=7)


class Late(EmbeddedStore):
    """A file that answers, once it is `slow`, when it is let go; or that fails after it is done."""

    def __init__(self, url: str) -> None:
        super().__init__(url, history_turns=50)
        self.slow = self.fails = False
        self.reached, self._free = threading.Event(), threading.Event()

    async def commit(self, record: TurnRecord) -> Verdict:
        if self.slow and record.decision.shown:
            self.reached.set()
            await asyncio.to_thread(self._free.wait, 20)
        verdict = await super().commit(record)
        if self.fails and record.decision.shown:
            raise StorageUnavailable("the answer is lost")
        return verdict

    def let_go(self) -> None:
        self._free.set()


@pytest.fixture
def store(settings: Settings) -> Late:
    return Late(settings.resolved_database_url)


@pytest.fixture
def engine(engine_on: EngineOf, store: Late, settings: Settings) -> Escalator:
    """One on which the turn was asked and its mention seen."""
    made = engine_on(store, grace_seconds=1.0)
    assert ask(made, turn_id=TURN).addition is not None
    assert made.flush(5)
    return made


def again(engine: Escalator) -> Pending:
    turn = engine.turn(question=NEED, user_id="ada", session_id="s1", turn_id=TURN)
    return engine.begin(turn)


def cancelled(engine: Escalator, store: Late) -> None:
    async def scene() -> None:
        waiting = asyncio.ensure_future(again(engine).asettle(ANSWER))
        await asyncio.to_thread(store.reached.wait, 5)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    store.slow = True
    asyncio.run(scene())
    store.let_go()


def late(engine: Escalator, store: Late) -> None:
    store.slow = True
    assert again(engine).settle(ANSWER).addition is None
    store.let_go()


def not_handed_on(engine: Escalator, store: Late) -> None:
    pending = again(engine)
    assert pending.settle(ANSWER).addition is not None
    pending.take_back()


def lost(engine: Escalator, store: Late) -> None:
    store.fails = True
    assert again(engine).settle(ANSWER).addition is None


@pytest.mark.parametrize("leave", [cancelled, late, not_handed_on, lost])
def test_a_mention_that_was_seen_stays_though_its_turn_is_asked_again_and_left(
    engine: Escalator, store: Late, leave: Callable[[Escalator, Late], None]
) -> None:
    leave(engine, store)
    assert [(row.turn_id, row.shown, row.suppressed) for row in logged(engine)] == [
        (TURN, True, None)
    ]
    store.slow = store.fails = False
    assert ask(engine, turn_id=UUID(int=8)).addition is None


def test_a_mention_that_the_first_asker_lost_and_the_second_has_counts_as_shown(
    engine_on: EngineOf, store: Late
) -> None:
    engine = engine_on(store)
    first, second = again(engine), again(engine)
    outcomes: list[Outcome] = [pending.settle(ANSWER) for pending in (first, second)]
    assert outcomes[0].addition == outcomes[1].addition is not None
    first.take_back()
    assert [row.shown for row in logged(engine)] == [True]
    second.take_back()
    assert [row.suppressed for row in logged(engine)] == ["degraded"]
