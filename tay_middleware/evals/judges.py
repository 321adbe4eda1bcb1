"""Who decides on labelled rows: the stages of the cascade, live or from committed opinions.

A judge that fails on a row does not stop the run, and the row is not left out: it is handed on with
the error, and counts as a wrong answer whatever its label.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from tay_middleware.decide import Circumstances, Detector, decide
from tay_middleware.domain import Detection, History, Strength, Suppression, Turn
from tay_middleware.evals.rows import Row
from tay_middleware.playbook import Playbook

_NOBODY, _SOME_TIME = UUID(int=0), datetime(2026, 3, 2, tzinfo=UTC)
"""The stateless decision looks at neither; the wording, which does, is not looked at."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a judge says of one row.

    `detection` is `None`, and `error` a text, when it failed. `suppressed` and `strength` are what
    the stateless policy makes of it (ownership, sensitive earlier messages; no history).
    `unsure` tells that the language model would have been asked.
    """

    detection: Detection | None
    suppressed: Suppression | None = None
    strength: Strength | None = None
    unsure: bool = False
    error: str | None = None

    @property
    def mentions(self) -> bool:
        """Whether an offer would be mentioned to a user without a history."""
        return self.detection is not None and self.detection.escalate and self.suppressed is None

    @property
    def outcome(self) -> tuple[str | None, str | None, str | None]:
        """What may show: offer, strength and suppression; all `None` for nothing at all."""
        if self.detection is None or not (self.detection.escalate or self.suppressed):
            return None, None, None
        strength = None if self.strength is None else self.strength.value
        suppressed = None if self.suppressed is None else self.suppressed.value
        return self.detection.offer, strength, suppressed


class Judge(Protocol):
    """Decides on rows."""

    name: str

    def judge(self, rows: Sequence[Row]) -> list[Judged]:
        """One `Judged` a row, in order; never raises for a row."""


Found = tuple[Detection, tuple[tuple[str, ...], ...]]
"""A detection, and the gates that the user's earlier messages close."""


class StatelessPolicy:
    """Makes a `Judged` of a detection, as `tay decide` would: all judges share it."""

    def __init__(self, playbook: Playbook) -> None:
        self._playbook = playbook

    def attempt(
        self,
        row: Row,
        find: Callable[[Row], Found],
        is_unsure: Callable[[Detection], bool] = lambda _: False,
    ) -> Judged:
        """What `find` says of a row, policy included; a failure becomes an error."""
        try:
            detection, earlier_gates = find(row)
            unsure = is_unsure(detection)
            return self.judged(row, detection, earlier_gates, unsure=unsure)
        except Exception as error:  # noqa: BLE001 - any failure is a wrong answer, and is counted
            return Judged(None, error=f"{type(error).__name__}: {error}")

    def judged(
        self,
        row: Row,
        detection: Detection,
        earlier_gates: tuple[tuple[str, ...], ...] = (),
        *,
        unsure: bool = False,
    ) -> Judged:
        """The detection with what the stateless policy adds."""
        turn = Turn(
            turn_id=_NOBODY,
            question=row.question,
            asked_at=_SOME_TIME,
            user_id=row.id,
            tier=row.tier,
            owned_offers=frozenset(row.owned_offers),
            transcript=row.history,
        )
        around = Circumstances(stateless=True, earlier_gates=earlier_gates)
        decision = decide(turn, detection, History(), self._playbook, around)
        return Judged(decision.detection, decision.suppressed, decision.strength, unsure)


class KeywordJudge:
    """The keyword stage alone."""

    def __init__(self, playbook: Playbook) -> None:
        self.name = "keywords"
        self._detector = Detector(playbook)
        self._policy = StatelessPolicy(playbook)

    def judge(self, rows: Sequence[Row]) -> list[Judged]:
        """Judge each row by its words."""
        return [self._policy.attempt(row, self._found) for row in rows]

    def _found(self, row: Row) -> Found:
        detection = self._detector.detect(row.question, row.history)
        earlier = tuple(
            self._detector.detect(message.content).gates
            for message in row.history
            if message.role == "user"
        )
        return detection, earlier
