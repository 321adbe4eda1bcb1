"""The model card: what was learned from, by which recipe, and its worth on strangers' rows."""

from collections.abc import Mapping
from typing import Any, Protocol

from sklearn.metrics import average_precision_score, brier_score_loss

from tay_middleware.decide.opinion import Opinion
from tay_middleware.evals.statistics import Tally
from tay_middleware.training.examples import Example, authors_of
from tay_middleware.training.folds import LEAST_POSITIVES, Fold

_SLICES = 12
"""Slices in a card: the largest."""


class Lesson(Protocol):
    """What a run learned from."""

    @property
    def examples(self) -> tuple[Example, ...]:
        """The rows."""

    @property
    def folds(self) -> tuple[Fold, ...]:
        """Who was left out together."""

    @property
    def data(self) -> str:
        """The hash of the label files."""


def card_of(
    tier: str, lesson: Lesson, recipe: Mapping[str, float], opinions: Mapping[str, Opinion]
) -> dict[str, Any]:
    """The card of one run, as JSON; every figure is of scorers that did not see the author."""
    rows = lesson.examples
    slices: dict[str, list[Example]] = {}
    for example in rows:
        for name in set(example.slices):
            slices.setdefault(name, []).append(example)
    largest = sorted(slices, key=lambda name: -len(slices[name]))[:_SLICES]
    authors = {author: [e for e in rows if e.author == author] for author in authors_of(rows)}
    return {
        "tier": tier,
        "data": lesson.data,
        "rows": len(rows),
        "positives": sum(e.escalate for e in rows),
        "authors": len(authors),
        "folds": [fold.name for fold in lesson.folds],
        "recipe": dict(recipe),
        "all": _figures(rows, opinions),
        "by_author": {name: _figures(found, opinions) for name, found in authors.items()},
        "by_slice": {name: _figures(slices[name], opinions) for name in largest},
    }


def _figures(
    rows: "list[Example] | tuple[Example, ...]", opinions: Mapping[str, Opinion]
) -> dict[str, float | int | None]:
    labels = [e.escalate for e in rows]
    chances = [opinions[e.id].escalate for e in rows]
    tally = sum(
        (
            Tally(
                found=int(label and chance >= 0.5),
                false=int(not label and chance >= 0.5),
                missed=int(label and chance < 0.5),
                passed=int(not label and chance < 0.5),
            )
            for label, chance in zip(labels, chances, strict=True)
        ),
        Tally(),
    )
    told: dict[str, float | int | None] = {
        "n": tally.n,
        "positives": tally.positives,
        "false": tally.false,
        "brier": round(float(brier_score_loss(labels, chances)), 4) if any(labels) else None,
    }
    if tally.positives >= LEAST_POSITIVES:
        offers = sum(e.escalate and opinions[e.id].offer == e.offer for e in rows)
        told |= {
            "precision": _rounded(tally.precision),
            "recall": _rounded(tally.recall),
            "f1": _rounded(tally.f1),
            "average_precision": round(float(average_precision_score(labels, chances)), 4),
            "offer_right": round(offers / tally.positives, 4),
        }
    return told


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
