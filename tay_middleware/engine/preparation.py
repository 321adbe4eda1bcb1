"""Detection and history of one turn, made beside the model and never before it."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from tay_middleware.domain import History
from tay_middleware.engine.judging import Judgement

HEAD_START_SECONDS = 0.005
"""How long the model goes first. Our work would start on another thread the moment the question
comes, and take the interpreter from the caller who is about to send the model's request; 5 ms later
the caller waits for the network. A model that answers sooner is not kept waiting: being asked for
the result starts the work at once. (A timer on the caller's own loop would spare our thread a
waking, and costs 0.2 ms to the first token: a loop with a second timer wakes later for its first.)
"""

LONGEST_RECALL_SECONDS = 60.0
"""The end of a recall that nobody asks for: of a turn that was neither settled nor abandoned."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is known of a turn before its reply: `history_known` is false when recall failed.

    The judgement may grow better until it is settled.
    """

    judgement: Judgement
    history: History
    history_known: bool


class Preparation:
    """Runs `prepare` once, on the background loop, after the head start or when asked for."""

    def __init__(
        self,
        prepare: "Callable[[Preparation], Coroutine[Any, Any, Prepared]]",
        recall_timeout_seconds: float,
    ) -> None:
        self._prepare = prepare
        self._recall_timeout_seconds = recall_timeout_seconds
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[Prepared] | None = None
        self._patience: asyncio.Timeout | None = None
        self._patient_until = 0.0

    @property
    def known(self) -> Prepared | None:
        """The result if it is there already; may be read from any thread."""
        task = self._task
        if task is None or not task.done() or task.cancelled() or task.exception() is not None:
            return None
        return task.result()

    def schedule(self) -> None:
        """Start after the head start; call it on the loop only."""
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(HEAD_START_SECONDS, self._started)

    async def result(self) -> Prepared:
        """The result, at once started if it is not yet; call it on the loop only.

        History has as long as the reply takes, and at least the recall's timeout; when both are
        over it is given up, and the result says that it is not known.
        """
        task = self._started()
        if task.done():
            return task.result()
        patience = asyncio.get_running_loop().call_at(self._patient_until, self._give_up)
        try:
            return await task
        finally:
            patience.cancel()

    async def history(self, recall: Coroutine[Any, Any, History]) -> History:
        """What `recall` gives; for `prepare` to await, on the loop. No task of its own: each costs.

        Raises:
            TimeoutError: it was given up.
        """
        async with asyncio.timeout(LONGEST_RECALL_SECONDS) as patience:
            self._patience = patience
            try:
                return await recall
            finally:
                self._patience = None

    def _give_up(self) -> None:
        if self._patience is not None:
            self._patience.reschedule(asyncio.get_running_loop().time())
            self._patience = None  # it can be moved once

    def _started(self) -> asyncio.Task[Prepared]:
        if self._timer is not None:
            self._timer.cancel()
        if self._task is None:
            loop = asyncio.get_running_loop()
            self._patient_until = loop.time() + self._recall_timeout_seconds
            self._task = loop.create_task(self._prepare(self))
        return self._task
