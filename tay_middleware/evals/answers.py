"""A row with what a judge said of it: the unit that everything is counted from."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tay_middleware.evals.judges import Judge, Judged
from tay_middleware.evals.rows import Row
from tay_middleware.evals.statistics import Tally

CERTAIN = 100.0
"""The score of what is mentioned at any threshold, a wish to buy: more than any probability, and
than the points that words can give."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One row and its judgement.

    `file` is the stem of the label file. An answer with an error says the opposite of the label.
    """

    file: str
    row: Row
    judged: Judged

    @property
    def said(self) -> bool:
        """Whether an offer would be mentioned."""
        return not self.row.escalate if self.judged.error else self.judged.mentions

    @property
    def right(self) -> bool:
        """Whether that is what the label says."""
        return self.said == self.row.escalate

    @property
    def offer(self) -> str | None:
        """The offer that would be mentioned, `None` for none; `error` for one that failed."""
        if self.judged.error:
            return "error" if self.said else None
        return self.judged.detection.offer if self.said and self.judged.detection else None

    @property
    def names_an_offer(self) -> bool:
        """Whether the label says which offer is right; a label may say no more than `escalate`."""
        return self.row.escalate and self.row.offer is not None

    @property
    def probability(self) -> float | None:
        """The calibrated probability of a mention, 0 where a gate is closed; `None` without one."""
        found = self.judged.detection
        if found is None or found.confidence is None:
            return None
        return 0.0 if found.gates or self.judged.suppressed else found.confidence

    @property
    def score(self) -> float:
        """What rows are ranked by: the probability, or the keyword stage's points.

        0 where a gate is closed; at the wrong end for an error.
        """
        found = self.judged.detection
        if found is None:
            return 0.0 if self.row.escalate else CERTAIN
        if found.gates or self.judged.suppressed:
            return 0.0
        points = found.scores.get("total", 0.0) if found.confidence is None else found.confidence
        return CERTAIN if found.purchase else points


def answer(judge: Judge, rows: Mapping[str, Sequence[Row]]) -> list[Answer]:
    """The judge's answers to the rows of several files, by the stem of each."""
    return [
        Answer(file, row, judged)
        for file, own in rows.items()
        for row, judged in zip(own, judge.judge(own), strict=True)
    ]


def by_family(answers: Iterable[Answer]) -> dict[str, Tally]:
    """The counts of each family."""
    families: dict[str, list[Answer]] = {}
    for one in answers:
        families.setdefault(one.row.family, []).append(one)
    return {family: counted(own) for family, own in families.items()}


def counted(answers: Iterable[Answer]) -> Tally:
    """All answers, counted."""
    many = Counter((one.row.escalate, one.said) for one in answers)
    return Tally(many[True, True], many[False, True], many[True, False], many[False, False])


def pairs(answers: Iterable[Answer]) -> dict[str, bool]:
    """Minimal pairs (families with both labels) → whether every row of it is right."""
    labels: dict[str, set[bool]] = {}
    right: dict[str, bool] = {}
    for one in answers:
        labels.setdefault(one.row.family, set()).add(one.row.escalate)
        right[one.row.family] = right.get(one.row.family, True) and one.right
    return {family: right[family] for family, both in labels.items() if len(both) == 2}
