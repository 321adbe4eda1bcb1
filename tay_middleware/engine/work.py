"""What is done beside a reply: prepare, decide, commit, and undo what nobody was told of.

All of it runs on the background loop; the four verbs of `Work` hand it over there.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Any

from tay_middleware import weave
from tay_middleware.decide import Circumstances, decide, word
from tay_middleware.decide.cascade import EARLIER_MESSAGES
from tay_middleware.decide.replies import Obstacle, ReplyReader
from tay_middleware.domain import (
    Decision,
    History,
    Kind,
    ReplyStatus,
    Suppression,
    Turn,
    uuid7,
)
from tay_middleware.engine.background import Background
from tay_middleware.engine.facts import FoundFacts
from tay_middleware.engine.failopen import Guard
from tay_middleware.engine.handover import Handover, Outcome
from tay_middleware.engine.identity import recognised
from tay_middleware.engine.judging import TurnJudge
from tay_middleware.engine.kept import KeptJudgements
from tay_middleware.engine.links import TOKEN_BITS, tracked
from tay_middleware.engine.paused import PausedNames
from tay_middleware.engine.pending import Pending, Reply
from tay_middleware.engine.preparation import Preparation, Prepared
from tay_middleware.engine.records import make_record
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings
from tay_middleware.storage import TurnRecord

COMMIT_SECONDS = 10.0
"""Longest life of a commit that nobody waits for any more; then it counts as lost."""

JUDGING_SHARE = 0.6
"""Of the grace, for a judgement that is not settled when the reply ends; the rest is for history,
wording and commit."""

Writing = Coroutine[Any, Any, None]
"""What is still to be written of a turn; it never raises."""

LEAST_FOR_BUDGET = 50
"""Fewer questions than this say nothing about a share."""


class TurnWork:
    """The engine's hands: one for all turns, nothing of a turn is kept on it but its judgement."""

    def __init__(
        self,
        playbook: Playbook,
        settings: Settings,
        background: Callable[[], Background],
        clock: Callable[[], datetime],
        random_bits: Callable[[int], int],
        judge: TurnJudge,
    ) -> None:
        self._playbook = playbook
        self._settings = settings
        self._background = background
        self._clock = clock
        self._random_bits = random_bits
        self._judge = judge
        self._reader = ReplyReader(playbook.gates)
        self._kept = KeptJudgements()
        self._paused = PausedNames(clock, settings.pauses_seconds)
        self._shares: deque[bool] = deque(maxlen=playbook.policy.budget.over_questions)

    def settle(self, pending: Pending, reply: Reply, handover: Handover) -> None:
        """Decide, record, and deliver the outcome to `handover`; returns at once."""
        with pending.guard("settle"):
            # Counted from here, as the caller's grace is: a late start takes from the judgement.
            until = time.monotonic() + self._settings.grace_seconds * JUDGING_SHARE
            self._background().start(self._settle, pending, reply, handover, until)
            return
        handover.deliver(Outcome())

    def abandon(self, pending: Pending, status: ReplyStatus) -> None:
        """Log the question of a turn that has no reply; returns at once."""
        with pending.guard("abandon"):
            self._background().start(self._abandon, pending, status)

    def drop(self, pending: Pending) -> None:
        """Give up what was begun for a turn, and log nothing; returns at once."""
        with pending.guard("drop"):
            self._background().start(self._drop, pending)

    def take_back(self, pending: Pending) -> None:
        """Undo a mention that was granted and never handed over; returns at once."""
        with pending.guard("retract"):
            self._background().start(self._retract, pending)

    def degraded(self, pending: Pending) -> Decision | None:
        """The decision of a turn on which we failed, as far as its detection is known."""
        prepared = pending.preparation.known
        return None if prepared is None else _held_back(prepared, self._playbook)

    # On the background loop, from here on.

    async def prepare(self, turn: Turn, guard: Guard, preparation: Preparation) -> Prepared:
        """Detection and history of a turn; a history that fails is not known."""
        history, known = History(), turn.user_key is None
        with guard("paused"):
            if self._paused.is_due():
                self._background().spawn(self.read_paused(guard))
        judgement = self._kept.taken(turn) or self._judge.begin(turn)
        if turn.user_key is not None:
            with guard("recall"):
                found = await preparation.history(self._recall(turn.user_key))
                history, known = recognised(found.without(turn.turn_id), turn), True
        return Prepared(judgement, history, known)

    async def read_paused(self, guard: Guard) -> None:
        """Read again what is paused; a turn takes what is known by then."""
        with guard("paused"):
            store = await self._background().store()
            await self._paused.read(store.paused)

    async def _recall(self, user_key: str) -> History:
        background = self._background()
        await background.settled(user_key)
        store = await background.store()
        return await store.recall(user_key, self._clock())

    async def _settle(
        self, pending: Pending, reply: Reply, handover: Handover, until: float
    ) -> None:
        outcome, owed = Outcome(), None
        with pending.guard("settle"):
            outcome, owed = await self._outcome(pending, reply, until)
        if owed is None:
            delivered = handover.deliver(outcome)
        else:
            # Whoever gets the outcome may ask again at once: that turn waits for what is owed.
            with self._background().working_for(pending.turn.user_key):
                delivered = handover.deliver(outcome)
                await owed
        if not delivered and outcome.addition is not None:
            await self._retract(pending)

    async def _outcome(
        self, pending: Pending, reply: Reply, until: float
    ) -> tuple[Outcome, Writing | None]:
        """What came of the turn, and what is to be written when the caller has it."""
        prepared = await pending.preparation.result()
        # A reply that calls tools is not the answer yet: the same turn replied later replaces it.
        answered = reply.is_answer
        if answered:
            # Nobody waits for a judgement on which nothing hangs: nothing may be added.
            await self._settled(pending, prepared, 0.0 if reply.obstacle else until)
        else:
            with pending.guard("judge"):
                await self._kept.keep(pending.turn, prepared.judgement)
        decision = self._decide(pending, prepared, reply)
        status = ReplyStatus.REPLIED if answered else ReplyStatus.ABANDONED
        record = self._record(pending.turn, decision, status)
        if decision.addition is None:
            outcome = Outcome(decision)
            return self._counted(outcome) if answered else outcome, self._write(pending, record)
        with pending.guard("commit"):
            pending.record = record
            store = await self._background().store()
            verdict = await store.commit(record)
            if not verdict.granted:
                denied = record.denied(Suppression.COOLDOWN).decision
                return self._counted(Outcome(denied)), None
            words = (verdict.addition or decision.addition).strip()
            return self._counted(Outcome(decision, weave.addition(reply.text, words))), None
        # Perhaps it failed after it was done: make sure that it counts as not shown.
        return Outcome(_held_back(prepared, self._playbook)), self._undo(pending, record)

    async def _settled(self, pending: Pending, prepared: Prepared, until: float) -> None:
        """Let the judgement come to its end, if that is soon; what it has by then is `best`."""
        with pending.guard("judge"):
            left = until - time.monotonic()
            await prepared.judgement.settled(max(0.0, left))

    def _decide(self, pending: Pending, prepared: Prepared, reply: Reply) -> Decision:
        with pending.guard("decide"):
            around = self._circumstances(pending.turn, prepared, reply)
            decision = decide(
                pending.turn, prepared.judgement.best, prepared.history, self._playbook, around
            )
            words = word(decision, pending.turn, self._playbook, around.reply)
            if words is None:
                return decision
            public_url, bits = self._settings.public_url, self._random_bits(TOKEN_BITS)
            words = tracked(words, decision, self._playbook, public_url, bits)
            return self._woven(decision, reply, words)
        return _held_back(prepared, self._playbook)

    @staticmethod
    def _woven(decision: Decision, reply: Reply, words: str) -> Decision:
        """The decision with its exact characters; a reply that ends with the words has them."""
        added = weave.addition(reply.text, words)
        if added is not None:
            return replace(decision, addition=added)
        return replace(
            decision, kind=Kind.ORGANIC, suppressed=Suppression.ALREADY_MENTIONED, arm=None
        )

    def _circumstances(self, turn: Turn, prepared: Prepared, reply: Reply) -> Circumstances:
        share = None
        if len(self._shares) >= LEAST_FOR_BUDGET:
            share = sum(self._shares) / len(self._shares)
        earlier = prepared.judgement.earlier_gates
        if turn.user_key is None:
            before = self._reader.read_before(turn.transcript, EARLIER_MESSAGES)
            earlier = (*earlier, *(gates for _, gates in before))
        return Circumstances(
            reply=FoundFacts(reply, self._playbook, self._reader),
            mode=self._settings.mode,
            earlier_gates=earlier,
            recent_share=share,
            history_known=prepared.history_known,
            paused=self._paused.names,
        )

    def _counted(self, outcome: Outcome) -> Outcome:
        shown = outcome.addition is not None and outcome.decision is not None
        self._shares.append(bool(shown and outcome.decision and outcome.decision.shown))
        return outcome

    def _record(self, turn: Turn, decision: Decision, status: ReplyStatus) -> TurnRecord:
        now = self._clock()
        return make_record(
            turn,
            decision,
            status,
            record_id=uuid7(turn.asked_at, self._random_bits(74)),
            answered_at=now,
            playbook=self._playbook,
            store_text=self._settings.store_text,
        )

    async def _write(self, pending: Pending, record: TurnRecord) -> None:
        with pending.guard("record"):
            async with asyncio.timeout(COMMIT_SECONDS):
                store = await self._background().store()
                await store.commit(record)

    async def _undo(self, pending: Pending, record: TurnRecord) -> None:
        await self._retract(pending)
        await self._write(pending, record.denied(Suppression.DEGRADED))

    async def _retract(self, pending: Pending) -> None:
        record = pending.record
        if record is None:
            return
        with pending.guard("retract"):
            async with asyncio.timeout(COMMIT_SECONDS):
                store = await self._background().store()
                await store.retract(record)

    async def _drop(self, pending: Pending) -> None:
        with pending.guard("drop"):
            await self._settled(pending, await pending.preparation.result(), until=0.0)

    async def _abandon(self, pending: Pending, status: ReplyStatus) -> None:
        with pending.guard("abandon"):
            prepared = await pending.preparation.result()
            await self._settled(pending, prepared, until=0.0)
            reply = Reply("", Obstacle(status.value))
            decision = self._decide(pending, prepared, reply)
            with self._background().working_for(pending.turn.user_key):
                await self._write(pending, self._record(pending.turn, decision, status))


def _held_back(prepared: Prepared, playbook: Playbook) -> Decision:
    detection = prepared.judgement.best
    return Decision(
        detection=detection,
        kind=Kind.NONE,
        suppressed=Suppression.DEGRADED if detection.escalate else None,
        playbook_version=playbook.version,
        offer=detection.offer if detection.escalate else None,
        reason=detection.reason if detection.escalate else None,
        notes=("held back: a part of ours failed",),
    )
