"""Judges of the learned tiers: on committed opinions for rows that scorers learn from, else live.

Both go through the same pure steps of the cascade as a chat does; only where the opinion comes from
differs. A row without a committed opinion is an error, and so a wrong answer.
"""

from collections.abc import Mapping, Sequence

from tay_middleware.decide.cascade import Cascade, Judgement, Until
from tay_middleware.decide.opinion import Opinion
from tay_middleware.domain import Detection, Turn
from tay_middleware.evals.judges import Found, Judged, StatelessPolicy
from tay_middleware.evals.rows import Row
from tay_middleware.playbook import Playbook


class CommittedJudge:
    """Decides on out-of-fold opinions.

    Args:
        name: of the tier.
        cascade: the stages, for their rules; no scorer of it is asked.
        first: opinions of the built-in tier, by row id.
        second: those of the encoder, `None` for the built-in tier alone.
    """

    def __init__(
        self,
        name: str,
        playbook: Playbook,
        cascade: Cascade,
        first: Mapping[str, Opinion],
        second: Mapping[str, Opinion] | None = None,
    ) -> None:
        self.name = name
        self._cascade = cascade
        self._first, self._second = first, second
        self._policy = StatelessPolicy(playbook)

    def judge(self, rows: Sequence[Row]) -> list[Judged]:
        """Judge each row by the opinions that are committed for it."""
        return [self._judged(row) for row in rows]

    def _judged(self, row: Row) -> Judged:
        return self._policy.attempt(row, self._found, self._cascade.is_unsure)

    def _found(self, row: Row) -> Found:
        seen = self._cascade.detector.examine(row.question, row.history).detection
        first = self._first[row.id]
        detection = self._cascade.scored(seen, first)
        if self._second is not None and not self._cascade.is_sure(seen, detection, first):
            detection = self._cascade.refined(seen, first, self._second[row.id])
        return detection, self._cascade.earlier_gates(row.history)


class LiveJudge:
    """Asks the scorers that ship, up to a stage; only on rows that they did not learn from."""

    def __init__(self, name: str, playbook: Playbook, cascade: Cascade, until: Until) -> None:
        self.name = name
        self._cascade = cascade
        self._until = until
        self._policy = StatelessPolicy(playbook)

    def judge(self, rows: Sequence[Row]) -> list[Judged]:
        """Judge each row as `tay decide --until` would."""
        return [self._policy.attempt(row, self._found, self._cascade.is_unsure) for row in rows]

    def _found(self, row: Row) -> Found:
        detection = self._cascade.detect(row.question, row.history, until=self._until)
        return detection, self._cascade.earlier_gates(row.history, self._until)


class LiveTurns:
    """Judges the turns of conversations as a chat does, but waits for every stage."""

    def __init__(self, cascade: Cascade, until: Until) -> None:
        self._cascade = cascade
        self._until = until

    def begin(self, turn: Turn) -> Judgement:
        """The judgement of a turn, settled from the start."""
        detection: Detection = self._cascade.detect(
            turn.question, turn.transcript, turn.signals, self._until
        )
        return Judgement(detection, self._cascade.earlier_gates(turn.transcript, self._until))
