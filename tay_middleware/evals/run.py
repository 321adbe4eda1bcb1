"""What one evaluation found, as it is kept in JSON: every figure with its n, every row's answer.

A report, a comparison and the gates are made from this alone, so that an old run can be looked at
without its judges.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from tay_middleware.errors import ConfigurationError

NAMED = (
    *("n", "positives", "errors", "precision", "recall", "f1", "average_precision"),
    *("offer_accuracy", "rate", "brier", "pairs_right"),
)
"""Figures of all labelled questions together that stand at the top level of the JSON."""

NAMED_CONVERSATIONS = (
    *("turn_accuracy", "event_accuracy", "offer_accuracy"),
    *("false_mentions", "false_mention_share"),
)
"""The same of conversations, with `conversation_` before the name."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Figure(_Frozen):
    """One figure: `value` is `None` where it cannot be computed; `n` is what it was counted over.

    `low` and `high` are the ends of its 95 % interval, where it has one.
    """

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None


class Part(_Frozen):
    """The counts of a file, an author or a slice.

    `found`, `false`, `missed` and `passed` are rows; `offers_right` counts found ones with the
    labelled offer, of the `offers` whose label names one (`None` in earlier runs: all that are
    found); `pairs` minimal pairs, `pairs_right` those of which every row is right, `errors` rows on
    which the judge failed (they are among `false` and `missed`).
    """

    found: int = 0
    false: int = 0
    missed: int = 0
    passed: int = 0
    offers_right: int = 0
    offers: int | None = None
    pairs: int = 0
    pairs_right: int = 0
    errors: int = 0
    f1_low: float | None = None
    f1_high: float | None = None


class RowRef(_Frozen):
    """A labelled row, as far as runs are compared by it."""

    id: str
    file: str
    author: str
    family: str
    escalate: bool
    offer: str | None


class Change(_Frozen):
    """A decision that a change of wording changed: `kind` names the change."""

    kind: str
    id: str
    before: str
    after: str


class TurnResult(_Frozen):
    """One turn of a conversation as it was played, beside what its label says.

    `detected` and `shows` are the label's, `shown` is what happened. `right` is shown, suppressed
    and strength all as labelled. `offer_right` is `None` where the label names no offer.
    """

    key: str
    expected: str
    got: str
    detected: bool
    shows: bool
    shown: bool
    right: bool
    offer_right: bool | None


class TierRun(_Frozen):
    """Everything that one tier came to. `said` and `scores` run along the rows of the run.

    `said` holds the offer that would be mentioned, `None` for none; `probabilities` is `None` where
    the tier computes none.
    """

    figures: dict[str, Figure] = {}
    files: dict[str, Part] = {}
    authors: dict[str, Part] = {}
    slices: dict[str, Part] = {}
    said: list[str | None] = []
    scores: list[float] = []
    probabilities: list[float | None] = []
    gates: dict[str, tuple[int, int]] = {}
    changes: list[Change] = []
    turns: list[TurnResult] = []
    remarks: list[str] = []


class Run(_Frozen):
    """One evaluation. `data` is file → SHA-256; `tiers` stand in order, the best one last.

    `ours` tells that the labels are this project's own.
    """

    data: dict[str, str]
    ours: bool = True
    rows: list[RowRef] = []
    tiers: dict[str, TierRun] = {}

    @property
    def headline(self) -> str | None:
        """The tier whose figures stand at the top level: the last one that judged questions."""
        judged = [name for name, tier in self.tiers.items() if tier.said]
        played = [name for name, tier in self.tiers.items() if tier.turns and name != "labels"]
        found = judged or played
        return found[-1] if found else None

    def told(self) -> dict[str, object]:
        """The run as plain JSON: the named figures first, then everything."""
        by_tier = {name: named(tier.figures) for name, tier in self.tiers.items()}
        return {
            "tier": self.headline,
            **(by_tier[self.headline] if self.headline else {}),
            "tiers": by_tier,
            "run": self.model_dump(mode="json"),
        }


def named(figures: Mapping[str, Figure]) -> dict[str, float]:
    """The named figures of a tier that can be computed, as plain numbers."""
    told: dict[str, float] = {}
    for prefix, before, names in (
        ("labelled", "", NAMED),
        ("conversations", "conversation_", NAMED_CONVERSATIONS),
    ):
        for name in names:
            figure = figures.get(f"{prefix}.{name}")
            if figure is None or figure.value is None:
                continue
            told[before + name] = figure.value
            if name == "f1" and figure.low is not None and figure.high is not None:
                told |= {"f1_low": figure.low, "f1_high": figure.high}
    return told


def write_run(path: Path, run: Run) -> None:
    """Write a run, whole or not at all.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    draft = path.with_name(f"{path.name}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(run.told(), indent=1) + "\n", encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written: {error.strerror}") from error


def read_run(path: Path) -> Run:
    """Read what `write_run` wrote.

    Raises:
        ConfigurationError: the file is no run of ours.
    """
    try:
        return Run.model_validate(json.loads(path.read_text(encoding="utf-8"))["run"])
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        raise ConfigurationError(f"{path}: is no run that tay eval wrote: {error}") from error
