"""An engine whose decision takes as long as a classifier would, without one.

The wait is put where a classifier belongs: into the preparation of a turn, on the background loop,
beside detection and history. A reply that ends sooner waits for it at most the grace.
"""

import asyncio

from tay_middleware import Escalator
from tay_middleware.domain import Turn
from tay_middleware.engine.failopen import Guard
from tay_middleware.engine.preparation import Preparation, Prepared
from tay_middleware.engine.work import TurnWork
from tay_middleware.settings import Settings


class SlowWork(TurnWork):
    """Prepares as usual, and not before `seconds` have passed."""

    seconds: float = 0.0

    async def prepare(self, turn: Turn, guard: Guard, preparation: Preparation) -> Prepared:
        """Detection and history, and the wait beside them."""
        prepared, _ = await asyncio.gather(
            super().prepare(turn, guard, preparation), asyncio.sleep(self.seconds)
        )
        return prepared


def engine_with_classifier(settings: Settings, seconds: float) -> Escalator:
    """The engine of the settings, whose preparation takes at least `seconds`."""
    engine = Escalator.from_settings(settings)
    if seconds:
        work = engine._work  # noqa: SLF001 - the seam of this benchmark
        work.__class__ = SlowWork
        work.seconds = seconds  # type: ignore[attr-defined]  # it has become one
    return engine
