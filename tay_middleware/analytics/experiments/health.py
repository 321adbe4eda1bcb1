"""Whether an experiment can be believed at all; looked at before its outcome is."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from tay_middleware.analytics.experiments.buyers import Traced
from tay_middleware.analytics.experiments.frame import Frame
from tay_middleware.analytics.experiments.ratio import ALARM, evidence
from tay_middleware.analytics.experiments.verdict import Health
from tay_middleware.storage.reading.experiments import Cohort

MOST_CROSSED = 0.05
"""The share of users in two arms above which leaving them out may bend the result."""

FEWEST_CROSSED = 10
"""So few say nothing yet."""


def health(
    frame: Frame, cohorts: Sequence[Cohort], crossed: int, paused: Collection[str], traced: Traced
) -> Health:
    """Look at the sizes of the arms, at users in two of them, at pauses, and at whose sales are."""
    ratio = math.exp(-max(0.0, _imbalance(frame, cohorts)))
    users = sum(cohort.users for cohort in cohorts)
    problems = (*_problems(frame, ratio, crossed, users, paused), *traced.problems())
    return Health(ratio, crossed, problems, tuple(traced.doubts()))


def _problems(
    frame: Frame, ratio: float, crossed: int, users: int, paused: Collection[str]
) -> Iterator[str]:
    if ratio < ALARM:
        yield (
            f"the arms have other sizes than planned (p = {ratio:.1g}): something sends users to "
            "arms unevenly, or loses those of one arm"
        )
    if crossed >= FEWEST_CROSSED and crossed > MOST_CROSSED * (crossed + users):
        yield f"{crossed} of {crossed + users} users were in two arms: were the weights changed?"
    if frame.offer in paused:
        yield f"the offer {frame.offer} is paused"
    for arm, said in frame.says.items():
        stopped = sorted(said & set(paused))
        if stopped:
            yield f"arm {arm} is paused: {', '.join(stopped)}"


def _imbalance(frame: Frame, cohorts: Sequence[Cohort]) -> float:
    """The evidence against the planned sizes, over all versions of the playbook.

    Versions with the same chances are one; evidence of others adds up, as that of independent
    experiments does.
    """
    by_version: dict[str, dict[str, Cohort]] = defaultdict(dict)
    for cohort in cohorts:
        by_version[cohort.playbook_version][cohort.arm] = cohort
    pooled: dict[tuple[tuple[str, float], ...], dict[str, int]] = defaultdict(dict)
    for arms in by_version.values():
        chances = {arm: round(cohort.chance, 6) for arm, cohort in arms.items()}
        if sum(chances.values()) < 1 - 1e-4:
            chances = _completed(frame, chances)
        counts = pooled[tuple(sorted(chances.items()))]
        for arm, cohort in arms.items():
            counts[arm] = counts.get(arm, 0) + cohort.users
    return sum(evidence(counts, dict(chances)) for chances, counts in pooled.items())


def _completed(frame: Frame, chances: dict[str, float]) -> dict[str, float]:
    """The chances with those of arms that nobody was in: an arm that gets nobody is broken too."""
    missing = 1 - sum(chances.values())
    absent = {arm: chance for arm, chance in frame.chances.items() if arm not in chances}
    if abs(sum(absent.values()) - missing) < 1e-3:
        return {**chances, **{arm: round(chance, 6) for arm, chance in absent.items()}}
    return {**chances, "nobody": missing}
