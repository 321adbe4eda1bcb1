"""Whether wording made for a tier pays: it beside the wording made for all, shown to that tier.

Cells are small, so each rate is drawn towards that of all mentions of the same offer and strength,
by as much as its size leaves open: a beta-binomial posterior, the strength of whose prior is found
by moments over all cells (empirical Bayes; Robbins, 1956). It comes to the probability that the
tier's own wording converts better. That is no ground to decide on: it is of mentions and not of
users, for several tiers, and looked at every week. What is sure an experiment of kind `tier` says.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from statistics import NormalDist, fmean

from tay_middleware.playbook import Experiment, Playbook
from tay_middleware.playbook.experiments import ExperimentKind

LEAST_PRIOR, MOST_PRIOR = 5.0, 500.0
"""Bounds, in mentions, of how much the prior weighs."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Matured mentions of one kind: `own` wording was made for the tier, other for any."""

    offer: str
    strength: str
    tier: str
    own: bool
    n: int
    sold: int


@dataclass(frozen=True, slots=True)
class Paid:
    """What a tier's own wording does, after shrinkage: shares, and how likely it is the better."""

    tier: str
    own_n: int
    own: float
    common_n: int
    common: float
    chance: float


def cells(rows: Iterable[tuple[str, str, str, str, int, int]]) -> list[Cell]:
    """Of rows (offer, strength, tier, wording, shown, sold); a wording's id names its tier."""
    counts: dict[tuple[str, str, str, bool], list[int]] = {}
    for offer, strength, tier, template, n, sold in rows:
        if not n:
            continue
        parts = template.split(".")
        is_own = len(parts) > 2 and parts[2] == tier
        known = counts.setdefault((offer, strength, tier, is_own), [0, 0])
        known[0] += n
        known[1] += sold
    return [Cell(*key, *found) for key, found in sorted(counts.items())]


def prior_strength(found: Sequence[Cell]) -> float:
    """How many mentions the prior is worth: many where cells differ by no more than chance."""
    n = sum(cell.n for cell in found)
    if not n or len(found) < 2:
        return MOST_PRIOR
    share = sum(cell.sold for cell in found) / n
    spread = sum(cell.n * (cell.sold / cell.n - share) ** 2 for cell in found if cell.n)
    chance = share * (1 - share)
    excess = spread - (len(found) - 1) * chance
    size = n - sum(cell.n**2 for cell in found) / n
    between = excess / size if size > 0 else 0.0
    if between <= 0 or not chance:
        return MOST_PRIOR
    return min(MOST_PRIOR, max(LEAST_PRIOR, chance / between - 1))


def worth_of_tiers(found: Sequence[Cell]) -> tuple[Paid, ...]:
    """Each tier that has wording of its own beside wording for all."""
    strength = prior_strength(found)
    base = _bases(found)
    return tuple(
        paid
        for tier in sorted({cell.tier for cell in found})
        if (paid := _paid(tier, found, base, strength)) is not None
    )


def is_of_tier(experiment: Experiment, tier: str) -> bool:
    """Whether a test compares a tier's own wording with that for all, wherever the two are said."""
    scope = experiment.scope
    return (
        experiment.kind is ExperimentKind.TIER
        and scope.tier in {None, tier}
        and scope.offer is None
        and scope.strength is None
    )


def is_drawn(playbook: Playbook | None, tier: str, since: datetime, until: datetime) -> bool:
    """Whether all that time chance decided who of a tier heard what was written for it."""
    tests = () if playbook is None else playbook.experiments.experiments.values()
    return any(
        is_of_tier(one, tier)
        and one.share >= 1
        and one.start is not None
        and one.start <= since.date()
        and (one.stop is None or until.date() <= one.stop)
        for one in tests
    )


def _bases(found: Sequence[Cell]) -> Mapping[tuple[str, str], float]:
    """The rate of each offer and strength over all tiers; the prior's mean."""
    every: dict[tuple[str, str], list[int]] = {}
    for cell in found:
        known = every.setdefault((cell.offer, cell.strength), [0, 0])
        known[0] += cell.n
        known[1] += cell.sold
    return {key: (sold + 0.5) / (n + 1) for key, (n, sold) in every.items()}


def _paid(
    tier: str, found: Sequence[Cell], base: Mapping[tuple[str, str], float], strength: float
) -> Paid | None:
    pairs = [
        (own, common)
        for own in found
        for common in found
        if own.own
        and not common.own
        and own.tier == common.tier == tier
        and (own.offer, own.strength) == (common.offer, common.strength)
    ]
    if not pairs:
        return None
    weights = [own.n * common.n / (own.n + common.n) for own, common in pairs]
    sides = [[_posterior(pair[at], base, strength) for pair in pairs] for at in (0, 1)]
    own_share, common_share = (_mean(side, weights) for side in sides)
    spread = sum(_variance(side, weights) for side in sides)
    chance = NormalDist().cdf((own_share - common_share) / sqrt(spread)) if spread else 0.5
    own_n = sum(own.n for own, _ in pairs)
    common_n = sum(common.n for _, common in pairs)
    return Paid(tier, own_n, own_share, common_n, common_share, chance)


def _posterior(
    cell: Cell, base: Mapping[tuple[str, str], float], strength: float
) -> tuple[float, float]:
    """Mean and variance of a cell's rate."""
    mean = base[cell.offer, cell.strength]
    hits, misses = cell.sold + strength * mean, cell.n - cell.sold + strength * (1 - mean)
    whole = hits + misses
    return hits / whole, hits * misses / (whole * whole * (whole + 1))


def _mean(side: Sequence[tuple[float, float]], weights: Sequence[float]) -> float:
    whole = sum(weights)
    if not whole:
        return fmean(mean for mean, _ in side)
    return sum(mean * weight for (mean, _), weight in zip(side, weights, strict=True)) / whole


def _variance(side: Sequence[tuple[float, float]], weights: Sequence[float]) -> float:
    whole = sum(weights) or 1.0
    return sum(
        spread * (weight / whole) ** 2 for (_, spread), weight in zip(side, weights, strict=True)
    )
