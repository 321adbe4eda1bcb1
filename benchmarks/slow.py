"""An engine whose judgement takes as long as a classifier would, without one.

The wait is put where the classifier's own is: a judgement that is begun beside the reply and
settled later. The engine takes any judge; a reply that ends sooner waits for it a part of the
grace at most.
"""

import asyncio
from dataclasses import replace

from tay_middleware import Escalator, load_playbook
from tay_middleware.decide.stages import make_cascade
from tay_middleware.domain import Detection, Turn
from tay_middleware.engine.judging import Judgement, TurnJudge
from tay_middleware.settings import Settings
from tay_middleware.storage import open_store_of


class SlowJudgement:
    """A judgement that is settled at a time and not before."""

    def __init__(self, inner: Judgement, until: float) -> None:
        self._inner = inner
        self._until = until
        self.best = inner.best
        self.earlier_gates = inner.earlier_gates

    async def settled(self, within_seconds: float) -> Detection:
        """What the judgement within settles on, in its time."""
        left = self._until - asyncio.get_running_loop().time()
        waits = max(0.0, min(within_seconds, left))
        await asyncio.sleep(waits)
        settled = await self._inner.settled(within_seconds - waits)
        self.best = replace(settled)
        return self.best


class SlowJudge:
    """Judges as another does, and settles no sooner than after so many seconds."""

    def __init__(self, inner: TurnJudge, seconds: float) -> None:
        self._inner = inner
        self._seconds = seconds

    def begin(self, turn: Turn) -> Judgement:
        """Begin a judgement; called on the engine's loop."""
        until = asyncio.get_running_loop().time() + self._seconds
        return SlowJudgement(self._inner.begin(turn), until)


def engine_with_classifier(settings: Settings, seconds: float) -> Escalator:
    """The engine of the settings; with `seconds`, every judgement takes at least so long."""
    if not seconds:
        return Escalator.from_settings(settings)
    playbook = load_playbook(settings.prompts_dir)
    judge = SlowJudge(make_cascade(playbook, settings), seconds)
    return Escalator(playbook, lambda: open_store_of(settings), settings, judge=judge)
