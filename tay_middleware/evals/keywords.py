"""The keyword stage on labelled questions: what it finds, what it says falsely, what closes gates.

A row on which the detector fails counts as a wrong answer, whatever its label. `DEVELOPMENT` files
were looked at while the phrases were written, so their figures flatter; only the others are true.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tay_middleware.domain import Detection, Message
from tay_middleware.evals.rows import Row, read_rows
from tay_middleware.evals.statistics import Interval, Tally, bootstrap

DEVELOPMENT = frozenset({"questions_b.jsonl", "off_topic.jsonl"})
"""Label files that phrases and weights were tuned on."""

TRAFFIC = frozenset({"traffic.jsonl"})
"""Files in the proportions of a real inbox: the only ones whose rate means anything."""


class Detects(Protocol):
    """Whatever judges a question by its words; `decide.Detector` does."""

    def detect(self, question: str, transcript: Sequence[Message] = ()) -> Detection:
        """What the question deserves."""


@dataclass(frozen=True, slots=True)
class FileReport:
    """The figures of one file, or of several together.

    `offers_right` counts found escalations with the labelled offer. `pairs` are families with both
    labels, `pairs_right` those of which every row is right. `gates` counts the gates that closed:
    name → (on rows that should not escalate, on rows that should).
    """

    name: str
    tally: Tally
    families: Mapping[str, Tally]
    offers_right: int = 0
    pairs: int = 0
    pairs_right: int = 0
    errors: int = 0
    gates: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def interval(self) -> Interval | None:
        """The 95 % interval of F1, families resampled."""
        return bootstrap(self.families, lambda tally: tally.f1)


@dataclass(frozen=True, slots=True)
class Report:
    """All files, then the development files and the held-out files each taken together."""

    files: tuple[FileReport, ...]
    development: FileReport | None
    held_out: FileReport | None


@dataclass(slots=True)
class _Counting:
    """Adds up the rows of one file."""

    families: dict[str, Tally] = field(default_factory=dict)
    labels: dict[str, set[bool]] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)
    offers_right: int = 0
    errors: int = 0
    gates: Counter[tuple[str, bool]] = field(default_factory=Counter)

    def add(self, row: Row, detection: Detection | None) -> None:
        said = not row.escalate if detection is None else detection.escalate
        verdict = _verdict(row.escalate, said)
        self.families[row.family] = self.families.get(row.family, Tally()) + verdict
        self.labels.setdefault(row.family, set()).add(row.escalate)
        if said != row.escalate:
            self.wrong.add(row.family)
        if detection is None:
            self.errors += 1
            return
        self.offers_right += said and row.escalate and detection.offer == row.offer
        self.gates.update((gate, row.escalate) for gate in detection.gates)

    def report(self, name: str) -> FileReport:
        pairs = {family for family, labels in self.labels.items() if len(labels) == 2}
        names = sorted({gate for gate, _ in self.gates})
        return FileReport(
            name=name,
            tally=sum(self.families.values(), Tally()),
            families=self.families,
            offers_right=self.offers_right,
            pairs=len(pairs),
            pairs_right=len(pairs - self.wrong),
            errors=self.errors,
            gates={gate: (self.gates[gate, False], self.gates[gate, True]) for gate in names},
        )


def evaluate_keywords(files: Sequence[Path], detector: Detects) -> Report:
    """Judge every row of every file.

    Raises:
        ConfigurationError: a file cannot be read as labels.
    """
    reports: list[FileReport] = []
    together = {True: _Counting(), False: _Counting()}
    for path in files:
        counting = _Counting()
        for row in read_rows(path):
            detection = _judge(detector, row)
            counting.add(row, detection)
            together[path.name in DEVELOPMENT].add(row, detection)
        reports.append(counting.report(path.name))
    development, held_out = together[True], together[False]
    return Report(
        tuple(reports),
        development.report("development") if development.families else None,
        held_out.report("held out") if held_out.families else None,
    )


def _judge(detector: Detects, row: Row) -> Detection | None:
    """The detection of a row, `None` when the detector failed on it."""
    try:
        return detector.detect(row.question, row.history)
    except Exception:  # noqa: BLE001 - any failure is a wrong answer, and is counted
        return None


def _verdict(label: bool, said: bool) -> Tally:
    if label:
        return Tally(found=1) if said else Tally(missed=1)
    return Tally(false=1) if said else Tally(passed=1)
