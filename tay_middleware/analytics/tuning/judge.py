"""Labelled questions, judged now: at which thresholds each would escalate.

Here the words are there, so nothing has to be inferred: the cascade says what the phrases thought,
and whether a question only follows up on another.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from tay_middleware.analytics.tuning.cases import ALWAYS, NEVER, Knob
from tay_middleware.analytics.tuning.measure import Labelled
from tay_middleware.decide.cascade import Cascade, Until
from tay_middleware.decide.combine import agrees
from tay_middleware.decide.stages import make_cascade
from tay_middleware.domain import Detection, Message, Stage
from tay_middleware.playbook import Playbook
from tay_middleware.playbook.cascade import StageRule
from tay_middleware.settings import Settings


class Row(Protocol):
    """What is read of a labelled question."""

    @property
    def question(self) -> str:
        """Its words."""

    @property
    def escalate(self) -> bool:
        """What a person said that it deserves."""

    @property
    def history(self) -> Sequence[Message]:
        """What was said before, oldest first."""


def judge(
    rows: Iterable[Row], playbook: Playbook, settings: Settings, knob: Knob
) -> list[Labelled]:
    """The rows with their scores, by the stages up to the one whose threshold moves."""
    until = {
        Knob.KEYWORDS: Until.KEYWORDS,
        Knob.SCORER: Until.SCORER,
        Knob.ENCODER: Until.ENCODER,
    }[knob]
    cascade = make_cascade(playbook, settings, until)
    rules: Mapping[Knob, StageRule] = {
        Knob.SCORER: playbook.policy.cascade.scorer,
        Knob.ENCODER: playbook.policy.cascade.encoder,
    }
    return [
        Labelled(_score(cascade, row, until, rules.get(knob), playbook), row.escalate)
        for row in rows
    ]


def _score(
    cascade: Cascade, row: Row, until: Until, rule: StageRule | None, playbook: Playbook
) -> float:
    seen = cascade.detector.detect(row.question, row.history)
    found = cascade.detect(row.question, row.history, until=until)
    if found.gates:
        return NEVER
    if found.purchase:
        return ALWAYS
    if rule is None or found.confidence is None:
        return _by_keywords(found, playbook)
    if found.stage is Stage.MODEL and seen.follows and found.confidence < rule.follow_up:
        return NEVER
    return ALWAYS if agrees(seen, rule) and found.confidence >= rule.agreed else found.confidence


def _by_keywords(found: Detection, playbook: Playbook) -> float:
    """The points, where the brief's rule holds; the log of a question without a need hides it."""
    total = found.scores.get("total", 0.0)
    if found.need:
        return total
    return total if total < playbook.policy.threshold.min_score else NEVER
