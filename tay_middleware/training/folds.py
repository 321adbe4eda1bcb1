"""Leave-one-author-out: the only split whose figures hold on a stranger's questions.

Within one author's file a scorer reads 0.89 F1 and then 0.63 on another author's; so whole authors
are left out, and families go with them. Authors of rows that never escalate are paired with others:
leaving out two at once is stricter, and saves hours.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tay_middleware.errors import ConfigurationError
from tay_middleware.training.calibration import Scored
from tay_middleware.training.examples import OUTPUTS, Example, authors_of

LEAST_POSITIVES = 70
"""An author with fewer positives does not make a fold of their own."""

_TOLD = 3
"""Authors whose rows are counted in a refusal."""

_LEAST_FOLDS = 2
"""One is left out while the other is learned from."""

Scorer = Callable[[str, list[Example], list[Example]], np.ndarray]
"""Trains on its second argument and scores its third; the first names the fold. Shape of what it
gives: (rows, len(OUTPUTS)), before calibration, NaN in the column of an output it does not have."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Authors whose rows are scored by a scorer that never saw any of them."""

    held_out: tuple[str, ...]

    @property
    def name(self) -> str:
        """The authors, joined."""
        return "+".join(self.held_out)


def folds_of(
    examples: Sequence[Example],
    least_positives: int = LEAST_POSITIVES,
    most: int | None = None,
) -> tuple[Fold, ...]:
    """One fold for each author with positives; the others ride along, in order of appearance.

    Args:
        examples: all rows.
        least_positives: fewer do not make a fold of their own.
        most: folds at most; several authors are then left out together, which is stricter, for
            less is learned from, and quicker.

    Raises:
        ConfigurationError: fewer than two folds can be made: nobody is left to learn from.
    """
    authors = authors_of(examples)
    positives = dict.fromkeys(authors, 0)
    for example in examples:
        positives[example.author] += example.escalate
    heads = [name for name in authors if positives[name] >= least_positives]
    riders = [name for name in authors if positives[name] < least_positives]
    if min(len(heads), most or len(heads)) < _LEAST_FOLDS:
        raise ConfigurationError(_too_few(positives, least_positives))
    count = min(len(heads), most or len(heads))
    groups: list[list[str]] = [heads[at::count] for at in range(count)]
    for at, name in enumerate(riders):
        groups[-1 - at % len(groups)].append(name)
    return tuple(Fold(tuple(group)) for group in groups)


def _too_few(positives: Mapping[str, int], least: int) -> str:
    most = sorted(positives, key=lambda name: -positives[name])[:_TOLD]
    told = ", ".join(f"{name or 'no author'} {positives[name]}" for name in most)
    return (
        f"training leaves authors out in turn: it needs two of them with {least} rows that "
        f"escalate each; here most have {told}. "
        "Train on your rows beside ours: tay train evals/data FILE"
    )


def out_of_fold(examples: Sequence[Example], folds: Sequence[Fold], score: Scorer) -> Scored:
    """Score every row by a scorer that was trained without its author."""
    scores = np.full((len(examples), len(OUTPUTS)), np.nan)
    fold_of = np.full(len(examples), -1)
    for number, fold in enumerate(folds):
        held = [at for at, e in enumerate(examples) if e.author in fold.held_out]
        learn = [e for e in examples if e.author not in fold.held_out]
        scores[held] = score(fold.name, learn, [examples[at] for at in held])
        fold_of[held] = number
    return Scored(OUTPUTS, scores, fold_of)
