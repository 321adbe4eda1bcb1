"""Scores made probabilities: Platt scaling (Platt 1999), fitted on out-of-fold scores alone.

The opinions of a fold are calibrated by the other folds; the model that ships by all of them. So no
row's own label ever moves its own probability.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from tay_middleware.decide.opinion import ESCALATE, GATE, OFFER, ON_TOPIC
from tay_middleware.training.examples import Example

PLAIN = (1.0, 0.0)
"""Slope and intercept that change nothing."""

_LEAST = 8
"""Fewer rows of either label say nothing about a slope."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Out-of-fold scores: one output → one score a row; NaN where a fold had no such output."""

    outputs: tuple[str, ...]
    scores: np.ndarray
    fold_of: np.ndarray


def label_of(output: str, example: Example) -> bool | None:
    """What a row says of an output, `None` where it says nothing."""
    if output == ESCALATE:
        return example.escalate
    if output == ON_TOPIC:
        return example.on_topic
    if output.startswith(OFFER):
        return example.offer == output.removeprefix(OFFER) if example.escalate else None
    return example.gates.get(output.removeprefix(GATE))


def calibrations(
    scored: Scored, examples: Sequence[Example], without: int | None = None
) -> Mapping[str, tuple[float, float]]:
    """Slope and intercept of every output, from all folds but one (or from all).

    Offers exclude one another: their scores are kept as they are, for a softmax or shares.
    """
    return {
        name: PLAIN
        if name.startswith(OFFER)
        else _platt(name, scored.scores[:, at], examples, scored.fold_of != without)
        for at, name in enumerate(scored.outputs)
    }


def _platt(
    name: str, scores: np.ndarray, examples: Sequence[Example], used: np.ndarray
) -> tuple[float, float]:
    labels = [label_of(name, example) for example in examples]
    rows = [
        at
        for at, label in enumerate(labels)
        if label is not None and used[at] and not np.isnan(scores[at])
    ]
    told = np.array([labels[at] for at in rows], dtype=bool)
    if min(told.sum(), (~told).sum()) < _LEAST:
        return PLAIN
    fitted = LogisticRegression(C=1e3).fit(scores[rows, None], told)
    return float(fitted.coef_[0][0]), float(fitted.intercept_[0])
