"""One turn under way: begun with the question, settled with the reply, abandoned or dropped."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tay_middleware.decide.replies import Obstacle
from tay_middleware.domain import Decision, ReplyStatus, Turn
from tay_middleware.engine.failopen import Guard
from tay_middleware.engine.handover import Handover, Outcome
from tay_middleware.engine.preparation import Preparation
from tay_middleware.storage import TurnRecord

_NO_ANSWER_YET = frozenset({Obstacle.TOOL_CALLS, Obstacle.NOT_TEXT})
"""What is no text may be a tool call that a parser has made an object of."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The model's finished reply as the engine needs it.

    `obstacle` is why nothing may be added by what its surface knows, `None` when something may:
    then the text itself is asked (see `engine.facts`).
    """

    text: str
    obstacle: Obstacle | None = None

    @property
    def is_answer(self) -> bool:
        """Whether it is one; a reply that calls tools is not one yet, the same turn goes on."""
        return self.obstacle != Obstacle.TOOL_CALLS


class Work(Protocol):
    """What a pending turn asks of its engine; every call returns at once and never raises."""

    def settle(self, pending: "Pending", reply: Reply, handover: Handover) -> None:
        """Decide, record, and deliver the outcome to `handover`."""

    def abandon(self, pending: "Pending", status: ReplyStatus) -> None:
        """Log the question of a turn that has no reply."""

    def drop(self, pending: "Pending") -> None:
        """Give up what was begun for a turn, and log nothing."""

    def take_back(self, pending: "Pending") -> None:
        """Undo a mention that was granted and never handed over."""

    def degraded(self, pending: "Pending") -> Decision | None:
        """The decision of a turn on which we failed, as far as it is known."""


class Pending:
    """A turn between question and reply. Settle, abandon or drop it; the first call counts.

    Without `work` (mode `off`, or a start that failed) it is silent: every outcome is empty.
    """

    def __init__(
        self,
        turn: Turn,
        guard: Guard,
        grace_seconds: float,
        preparation: Preparation,
        work: Work | None,
        when_answered: Callable[[], None] | None = None,
    ) -> None:
        self.turn = turn
        self.guard = guard
        self.preparation = preparation
        self._work = work
        self._grace_seconds = grace_seconds
        self._when_answered = when_answered
        self._ended = False
        self.record: TurnRecord | None = None
        """What its mention was committed as. The background's alone, which sets it before anybody
        has the outcome."""

    def settle(self, reply: Reply) -> Outcome:
        """What to append to `reply`; waits at most the grace and never raises."""
        work = self._end()
        if work is None:
            return Outcome()
        handover = Handover()
        work.settle(self, reply, handover)
        try:
            outcome = handover.wait(self._grace_seconds)
        except BaseException:
            self._lost(handover, work)
            raise
        self._answered_by(reply)
        return outcome or self._late(work)

    async def asettle(self, reply: Reply) -> Outcome:
        """As `settle`, for a caller on an event loop.

        Raises:
            asyncio.CancelledError: the caller was cancelled; the mention is taken back.
        """
        work = self._end()
        if work is None:
            return Outcome()
        handover = Handover()
        work.settle(self, reply, handover)
        try:
            outcome = await handover.wait_async(self._grace_seconds)
        except BaseException:
            self._lost(handover, work)
            raise
        self._answered_by(reply)
        return outcome or self._late(work)

    def abandon(self, status: ReplyStatus) -> None:
        """Say that there is no finished reply. Returns at once, never raises, idempotent."""
        work = self._end()
        if work is not None:
            work.abandon(self, status)

    def drop(self) -> None:
        """Forget the turn: it is another one's, who logs it. As `abandon`, and writes nothing."""
        work = self._end()
        if work is not None:
            work.drop(self)

    def take_back(self) -> None:
        """Undo the mention of a settled turn that did not reach anybody. Returns at once."""
        if self._work is not None:
            self._work.take_back(self)

    def _end(self) -> Work | None:
        """The work to do if this is the first call that ends the turn."""
        ended, self._ended = self._ended, True
        return None if ended else self._work

    def _answered_by(self, reply: Reply) -> None:
        if self._when_answered is not None and reply.obstacle not in _NO_ANSWER_YET:
            self._when_answered()

    def _late(self, work: Work) -> Outcome:
        self.guard.note("deadline", TimeoutError())
        return Outcome(decision=work.degraded(self))

    def _lost(self, handover: Handover, work: Work) -> None:
        """The caller was stopped while waiting: what was granted meanwhile was never woven."""
        outcome = handover.give_up()
        if outcome is not None and outcome.addition is not None:
            work.take_back(self)
