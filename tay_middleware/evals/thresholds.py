"""Which probability is enough: the threshold with the best F1 whose precision holds a floor.

Chosen on out-of-fold opinions; and once more nested, each author's rows judged by the threshold
that all the others choose, which is what the choice is worth on somebody new.

Each row is judged twice by the real rules, at the lowest threshold and at one that nothing reaches.
What is mentioned at the second is mentioned at any (a wish to buy, a need that the phrases agree
on), and what is not at the first never is: a gate, an owner, a follow-up, one indicator alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tay_middleware.errors import InputError
from tay_middleware.evals.answers import Answer
from tay_middleware.evals.rows import Row
from tay_middleware.evals.statistics import Tally
from tay_middleware.playbook import Playbook
from tay_middleware.playbook.patch import patch as playbook_patch

ABOVE_ALL = 1_000.0
"""A score that no words reach; of probabilities the highest is 1."""

_KEYS = {
    "builtin": ("cascade", "scorer", "threshold"),
    "encoder": ("cascade", "encoder", "threshold"),
}
"""Tier → the keys of `policy.yaml` that lead to its threshold."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Up to which threshold a row gets a mention: infinite for any, minus infinite for none."""

    row: Row
    highest: float


@dataclass(frozen=True, slots=True)
class Point:
    """What one threshold comes to."""

    threshold: float
    tally: Tally


@dataclass(frozen=True, slots=True)
class Chosen:
    """The threshold chosen on all rows, what it comes to there, and nested by author.

    `by_author` is author → the threshold that the other authors choose. `meets` is false where no
    threshold holds the floor: then it is the one with the best precision.
    """

    best: Point
    meets: bool
    nested: Tally
    by_author: dict[str, float]
    sweep: tuple[Point, ...]


def with_threshold(playbook: Playbook, tier: str, *, lowest: bool) -> Playbook:
    """The playbook with the tier's threshold at its lowest, or where nothing reaches it."""
    policy = playbook.policy
    if tier not in _KEYS:
        least = 0.0 if lowest else ABOVE_ALL
        change: dict[str, object] = {
            "threshold": policy.threshold.model_copy(update={"min_score": least})
        }
    else:
        stage = _KEYS[tier][1]
        rule = getattr(policy.cascade, stage)
        moved = rule.model_copy(update={"threshold": 0.0 if lowest else ABOVE_ALL})
        change = {"cascade": policy.cascade.model_copy(update={stage: moved})}
    return replace(playbook, policy=policy.model_copy(update=change))


def reaches(lowest: Sequence[Answer], highest: Sequence[Answer]) -> list[Reach]:
    """How far each row reaches, of its answers at the lowest threshold and where none reaches."""
    return [
        Reach(
            low.row,
            math.inf if high.said else low.score if low.said else -math.inf,
        )
        for low, high in zip(lowest, highest, strict=True)
    ]


def choose(answers: Sequence[Reach], least_precision: float) -> Chosen:
    """Choose a threshold: a row gets a mention where it reaches that far.

    Args:
        answers: rows with what out-of-fold opinions make of them.
        least_precision: the floor of precision, between 0 and 1.

    Raises:
        InputError: there is no positive row, no author, or no row that a threshold moves.
    """
    if not any(one.row.escalate for one in answers):
        raise InputError("no row is labelled to escalate: there is nothing to choose by")
    points = sweep(answers)
    best, meets = _best(points, least_precision)
    nested, by_author = Tally(), {}
    for author in sorted({one.row.author for one in answers}):
        others = [one for one in answers if one.row.author != author]
        if not any(one.row.escalate for one in others):
            continue
        point, _ = _best(sweep(others), least_precision)
        by_author[author] = point.threshold
        own = [one for one in answers if one.row.author == author]
        nested += _at(own, point.threshold)
    return Chosen(best, meets, nested, by_author, points)


def sweep(answers: Sequence[Reach]) -> tuple[Point, ...]:
    """Every threshold that changes anything, rising, to three digits."""
    candidates = sorted({round(one.highest, 3) for one in answers if 0 < one.highest < math.inf})
    ordered = sorted(answers, key=lambda one: one.highest, reverse=True)
    positives = sum(one.row.escalate for one in answers)
    points: list[Point] = []
    found = false = place = 0
    for threshold in reversed(candidates):
        while place < len(ordered) and ordered[place].highest >= threshold:
            found += ordered[place].row.escalate
            false += not ordered[place].row.escalate
            place += 1
        passed = len(ordered) - positives - false
        points.append(Point(threshold, Tally(found, false, positives - found, passed)))
    return tuple(reversed(points))


def patch(policy: Path, tier: str, threshold: float) -> str:
    """The change of `policy.yaml` as a unified diff; nothing is written.

    Raises:
        ConfigurationError: the file holds no threshold for the tier.
    """
    keys = _KEYS.get(tier, ("threshold", "min_score"))
    return playbook_patch(policy, keys, threshold, "prompts/policy.yaml")


def _best(points: Sequence[Point], least_precision: float) -> tuple[Point, bool]:
    """The point with the best F1 above the floor; of equals the higher threshold."""
    if not points:
        raise InputError("no threshold changes anything on these rows")
    holding = [point for point in points if (point.tally.precision or 0.0) >= least_precision]
    if holding:
        return max(holding, key=lambda point: (point.tally.f1 or 0.0, point.threshold)), True
    return max(points, key=lambda point: (point.tally.precision or 0.0, point.threshold)), False


def _at(answers: Sequence[Reach], threshold: float) -> Tally:
    return sum((_one(one.row.escalate, said=one.highest >= threshold) for one in answers), Tally())


def _one(label: bool, *, said: bool) -> Tally:
    if label:
        return Tally(found=1) if said else Tally(missed=1)
    return Tally(false=1) if said else Tally(passed=1)
