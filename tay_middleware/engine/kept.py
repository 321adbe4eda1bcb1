"""Judgements of turns whose reply is no answer yet: the next step of the turn takes its own up.

A tool loop is one turn that asks a model many times. Without this every step would judge the same
question anew, and a language model would be asked for its opinion as often.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from tay_middleware.domain import Turn
from tay_middleware.engine.judging import Judgement

KEPT_SECONDS = 120.0
"""Longer than nearly every tool takes; after that the question is judged anew."""

KEPT_TURNS = 1000
"""Loops that are under way at one time in one process; of more, the oldest are judged anew."""


@dataclass(frozen=True, slots=True)
class _Kept:
    turn: Turn
    judgement: Judgement
    until: float
    loop: asyncio.AbstractEventLoop


class KeptJudgements:
    """Judgements under way by turn id; for use on the background loop alone."""

    def __init__(self, most: int = KEPT_TURNS) -> None:
        """Keep at most so many."""
        self._most = most
        self._kept: dict[UUID, _Kept] = {}

    async def keep(self, turn: Turn, judgement: Judgement) -> None:
        """Keep the judgement of `turn` as it is; what is kept too long is given up."""
        loop = asyncio.get_running_loop()
        before = self._kept.pop(turn.turn_id, None)
        self._kept[turn.turn_id] = _Kept(turn, judgement, loop.time() + KEPT_SECONDS, loop)
        dropped = [*([before] if before is not None else []), *self._too_old(loop.time())]
        for kept in dropped:
            if kept.loop is loop:
                await kept.judgement.settled(0.0)

    def taken(self, turn: Turn) -> Judgement | None:
        """What was kept of `turn`, if the same was asked; it is kept no longer."""
        kept = self._kept.get(turn.turn_id)
        loop = asyncio.get_running_loop()
        if kept is None or kept.loop is not loop or kept.until < loop.time():
            return None
        if _asked(kept.turn) != _asked(turn):
            return None
        return self._kept.pop(turn.turn_id).judgement

    def _too_old(self, now: float) -> Iterator[_Kept]:
        """The oldest, which come first, taken out."""
        while self._kept:
            oldest = next(iter(self._kept))
            if len(self._kept) <= self._most and self._kept[oldest].until >= now:
                return
            yield self._kept.pop(oldest)


def _asked(turn: Turn) -> tuple[object, ...]:
    """What a judgement is of."""
    return turn.question, turn.transcript, dict(turn.signals)
