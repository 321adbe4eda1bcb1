"""What mentions are worth at a threshold: credited sales, and, by a holdout, what they add.

Only what somebody was shown has an outcome. Above the threshold in force every mention of the log
has one; below it nobody was ever shown anything, so nothing is said there, however many questions
there are. The unit is the user. What mentions *add* is the difference between users who were shown
theirs and those of the holdout whose mentions were decided and held back, by the doubly robust
estimator (Robins, Rotnitzky and Zhao 1994): chances of the arms are known, and a simple model of
the outcome by score and arm takes noise away; it is right if either of the two is.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from tay_middleware.analytics.metrics import wilson

CONFIDENCE = 0.95
"""Of every interval, where nothing else is said."""

LEAST_EFFECTIVE = 200
"""An estimate from fewer effective users than this is refused."""

LEAST_CONVERSIONS = 5
"""Each arm must have as many buyers, as for every verdict of an experiment."""

BANDS = 5
"""Groups of users by their score in the outcome's model, of the same size."""

PRIOR_USERS = 20.0
"""How many users of the whole arm every band is mixed with: small bands say little."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A user to whom a mention was due, with what she did within the window after it.

    `score` is the highest of her due questions: up to it a threshold leaves her a mention.
    `treated` is whether she was shown hers, `chance` with which probability she was to be. `net` is
    what she paid less what the mentions cost that she took badly, in minor units.
    """

    score: float
    treated: bool
    chance: float
    purchases: float
    net: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A sum over users with its 95 % interval; `None` everywhere when `refused` says why."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    effective: float = 0.0
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """What mentions add: purchases, and money less what annoyance costs, in minor units."""

    purchases: Estimate
    net: Estimate


def effective_sample(subjects: Sequence[Subject]) -> float:
    """Kish's effective number of users, for the weights 1 / (chance of what each one got)."""
    weights = [_weight(one) for one in subjects]
    squares = sum(weight * weight for weight in weights)
    return sum(weights) ** 2 / squares if squares else 0.0


def added(subjects: Sequence[Subject], confidence: float = CONFIDENCE) -> Added:
    """What the mentions of these users added, in all; refused where the log cannot say."""
    effective = effective_sample(subjects)
    reason = _too_thin(subjects, effective)
    if reason is not None:
        refused = Estimate(effective=effective, refused=reason)
        return Added(refused, refused)
    return Added(
        _robust(subjects, [one.purchases for one in subjects], effective, confidence),
        _robust(subjects, [one.net for one in subjects], effective, confidence),
    )


def credited(bought: int, users: int) -> Estimate:
    """Share of users with a mention who bought what it offered, with Wilson's interval."""
    if users < LEAST_EFFECTIVE:
        return Estimate(
            effective=float(users),
            refused=f"{users:,} users with a closed window, {LEAST_EFFECTIVE} are needed",
        )
    low, high = wilson(bought / users, users, normal(CONFIDENCE))
    return Estimate(bought / users, low, high, float(users))


def normal(confidence: float) -> float:
    """How many standard errors an interval of a confidence reaches."""
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def _too_thin(subjects: Sequence[Subject], effective: float) -> str | None:
    if not any(not one.treated for one in subjects):
        return "nobody was held out: without a holdout the log cannot say what a mention adds"
    if effective < LEAST_EFFECTIVE:
        return f"an effective sample of {effective:,.0f} users, {LEAST_EFFECTIVE} are needed"
    for treated, name in ((True, "shown"), (False, "held out")):
        buyers = sum(one.purchases > 0 for one in subjects if one.treated is treated)
        if buyers < LEAST_CONVERSIONS:
            return f"{buyers} buyers among the {name}, {LEAST_CONVERSIONS} are needed"
    return None


def _robust(
    subjects: Sequence[Subject], outcomes: Sequence[float], effective: float, confidence: float
) -> Estimate:
    """The sum of the users' doubly robust scores, and the normal interval of their spread."""
    bands = _bands(subjects)
    means = _means(subjects, outcomes, bands)
    scores = []
    for one, outcome, band in zip(subjects, outcomes, bands, strict=True):
        told, silent = means[band, True], means[band, False]
        score = told - silent
        if one.treated:
            score += (outcome - told) / one.chance
        else:
            score -= (outcome - silent) / (1 - one.chance)
        scores.append(score)
    many, total = len(scores), math.fsum(scores)
    mean = total / many
    spread = math.sqrt(math.fsum((score - mean) ** 2 for score in scores) * many / (many - 1))
    reach = normal(confidence) * spread
    return Estimate(total, total - reach, total + reach, effective)


def _bands(subjects: Sequence[Subject]) -> list[int]:
    order = sorted(range(len(subjects)), key=lambda at: subjects[at].score)
    bands = [0] * len(subjects)
    for place, at in enumerate(order):
        bands[at] = place * BANDS // len(order)
    return bands


def _means(
    subjects: Sequence[Subject], outcomes: Sequence[float], bands: Sequence[int]
) -> Mapping[tuple[int, bool], float]:
    """Mean outcome by band and arm, each mixed with `PRIOR_USERS` of the whole arm."""
    sums: dict[tuple[int, bool], list[float]] = defaultdict(lambda: [0.0, 0.0])
    whole: dict[bool, list[float]] = {True: [0.0, 0.0], False: [0.0, 0.0]}
    for one, outcome, band in zip(subjects, outcomes, bands, strict=True):
        for cell in (sums[band, one.treated], whole[one.treated]):
            cell[0] += outcome
            cell[1] += 1
    means = {arm: cell[0] / cell[1] if cell[1] else 0.0 for arm, cell in whole.items()}
    return {
        (band, arm): (sums[band, arm][0] + PRIOR_USERS * means[arm])
        / (sums[band, arm][1] + PRIOR_USERS)
        for band in range(BANDS)
        for arm in (True, False)
    }


def _weight(one: Subject) -> float:
    return 1 / one.chance if one.treated else 1 / (1 - one.chance)
