"""Who judges a question: the cascade of `decide`, or whatever an evaluation puts in its place."""

from typing import Protocol

from tay_middleware.domain import Detection, Turn


class Judgement(Protocol):
    """What is known of one question so far."""

    best: Detection
    """The best detection so far; it may grow better until it is settled."""

    earlier_gates: tuple[tuple[str, ...], ...]
    """The gates that the user's latest earlier messages close, oldest first, one entry each."""

    async def settled(self, within_seconds: float) -> Detection:
        """The best detection there is within so many seconds; never later."""


class TurnJudge(Protocol):
    """Judges turns; one serves all."""

    def begin(self, turn: Turn) -> Judgement:
        """Judge a turn as far as that takes no time, and start what takes longer.

        Called on the engine's background loop, where the judgement is settled too.
        """
