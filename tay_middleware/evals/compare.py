"""Two runs on the same rows: which decisions flipped, and whether the difference is more than luck.

Rows are matched by file and id. A row of which the label changed is left out and counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tay_middleware.errors import InputError
from tay_middleware.evals.run import RowRef, Run, TierRun
from tay_middleware.evals.statistics import Difference, Tally, mcnemar, paired_bootstrap


@dataclass(frozen=True, slots=True)
class Flip:
    """A row that one run had right and the other wrong; `before` and `after` are offers."""

    key: str
    escalate: bool
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the second run does better (`won`) and worse (`lost`) than the first.

    `p` is McNemar's exact two-sided p. The differences are of the second less the first. `left_out`
    counts rows that only one run has or whose label changed.
    """

    tiers: tuple[str, str]
    rows: int
    left_out: int
    won: tuple[Flip, ...]
    lost: tuple[Flip, ...]
    p: float
    f1: Difference | None
    precision: Difference | None
    recall: Difference | None
    same_data: bool


_Said = Mapping[tuple[str, str], tuple[RowRef, str | None]]


def compare(first: Run, second: Run, first_tier: str, second_tier: str) -> Comparison:
    """Compare a tier of one run with a tier of another.

    Raises:
        InputError: a tier is not there, or the runs share no row.
    """
    one, other = _said(first, first_tier), _said(second, second_tier)
    shared = [key for key in one if key in other and _label(one[key]) == _label(other[key])]
    if not shared:
        raise InputError("the two runs have no row in common")
    won: list[Flip] = []
    lost: list[Flip] = []
    families: dict[str, tuple[Tally, Tally]] = {}
    for key in shared:
        (row, before), (_, after) = one[key], other[key]
        was, now = families.get(row.family, (Tally(), Tally()))
        families[row.family] = (was + _tally(row, before), now + _tally(row, after))
        right = (before is not None) == row.escalate, (after is not None) == row.escalate
        if right[0] != right[1]:
            flip = Flip("/".join(key), row.escalate, before, after)
            (won if right[1] else lost).append(flip)
    return Comparison(
        tiers=(first_tier, second_tier),
        rows=len(shared),
        left_out=len({*one, *other}) - len(shared),
        won=tuple(won),
        lost=tuple(lost),
        p=mcnemar(len(lost), len(won)),
        f1=paired_bootstrap(families, lambda tally: tally.f1),
        precision=paired_bootstrap(families, lambda tally: tally.precision),
        recall=paired_bootstrap(families, lambda tally: tally.recall),
        same_data=first.data == second.data,
    )


def _said(run: Run, name: str) -> _Said:
    tier = run.tiers.get(name, TierRun())
    if not tier.said:
        judged = [known for known, own in run.tiers.items() if own.said]
        raise InputError(f"the run has no questions judged by {name!r}, but by {judged}")
    return {(row.file, row.id): (row, said) for row, said in zip(run.rows, tier.said, strict=True)}


def _label(one: tuple[RowRef, str | None]) -> bool:
    return one[0].escalate


def _tally(row: RowRef, said: str | None) -> Tally:
    if row.escalate:
        return Tally(found=1) if said is not None else Tally(missed=1)
    return Tally(false=1) if said is not None else Tally(passed=1)
