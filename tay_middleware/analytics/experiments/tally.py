"""Users and purchases, counted by arm and stratum, and the difference that they make."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tay_middleware.storage.reading.experiments import Cohort, Purchase


@dataclass(frozen=True, slots=True)
class Sum:
    """Of one value per user: how many users, the sum, the sum of squares. Adds up."""

    users: int = 0
    total: float = 0.0
    squares: float = 0.0

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.users + other.users, self.total + other.total, self.squares + other.squares)

    @property
    def mean(self) -> float:
        """Per user."""
        return self.total / self.users

    @property
    def variance(self) -> float:
        """Of one user's value, unbiased; 0 for a single user."""
        if self.users < 2:
            return 0.0
        return max(0.0, (self.squares - self.total**2 / self.users) / (self.users - 1))


@dataclass(frozen=True, slots=True)
class Cell:
    """The matured users of one arm in one stratum: who bought at all, and for how much."""

    conversions: Sum
    revenue: Mapping[str, Sum] = field(default_factory=dict)


Cells = Mapping[tuple[str, str], Cell]
"""By arm and version of the playbook."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Of means, one arm less the control, weighted over strata; `users` are those of both.

    `arm` and `control` are what each would be if its users were spread over the strata as these
    are weighted: with one stratum just what they are.
    """

    estimate: float
    standard_error: float
    users: int
    arm: "Standardised"
    control: "Standardised"


@dataclass(frozen=True, slots=True)
class Standardised:
    """A mean, and of how many users in one stratum it would be as sure."""

    mean: float
    users: float


def cells(
    cohorts: Iterable[Cohort],
    purchases: Iterable[Purchase],
    *,
    window_days: float,
    now: datetime,
    offer: str | None,
) -> Cells:
    """Count the matured users and what they bought within their window.

    Args:
        cohorts: the users.
        purchases: all that they bought after their first exposure.
        window_days: how long a purchase counts.
        now: the moment for which it is counted.
        offer: of which offer purchases count; `None` of any.
    """
    window = timedelta(days=window_days)
    spent: dict[tuple[str, str], dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for one in purchases:
        if one.first_at + window > now or one.at >= one.first_at + window:
            continue
        if offer is not None and one.offer != offer:
            continue
        mine = spent[one.arm, one.playbook_version][one.user_key]
        name = one.currency or ""
        mine[name] = mine.get(name, 0) + one.net
    return {
        (cohort.arm, cohort.playbook_version): _cell(
            cohort.matured, spent[cohort.arm, cohort.playbook_version]
        )
        for cohort in cohorts
    }


def pooled(found: Cells, arm: str) -> Cell:
    """One arm over all strata."""
    mine = [cell for (name, _), cell in found.items() if name == arm]
    revenue: dict[str, Sum] = {}
    for cell in mine:
        for currency, amounts in cell.revenue.items():
            revenue[currency] = revenue.get(currency, Sum()) + amounts
    whole = sum((cell.conversions for cell in mine), Sum())
    return Cell(
        whole,
        {
            name: Sum(whole.users, amounts.total, amounts.squares)
            for name, amounts in revenue.items()
        },
    )


def difference(
    found: Cells, arm: str, control: str, *, currency: str | None = None
) -> Difference | None:
    """How much more an arm's users buy, or spend in a currency, than the control's.

    Strata weigh by Mantel and Haenszel, n1 n0 / (n1 + n0), so that one in which an arm has nobody
    weighs nothing. The variance is that of each arm over all strata: never too small. `None` where
    no stratum has users of both.
    """
    versions = {version for _, version in found}
    pairs = [(_sum(found, arm, v, currency), _sum(found, control, v, currency)) for v in versions]
    pairs = [(one, other) for one, other in pairs if one.users and other.users]
    if not pairs:
        return None
    ours, theirs = _added([one for one, _ in pairs]), _added([other for _, other in pairs])
    weights = [one.users * other.users / (one.users + other.users) for one, other in pairs]
    shares = [weight / sum(weights) for weight in weights]
    here = _standardised(shares, [one for one, _ in pairs])
    there = _standardised(shares, [other for _, other in pairs])
    variance = ours.variance / here.users + theirs.variance / there.users
    return Difference(here.mean - there.mean, variance**0.5, ours.users + theirs.users, here, there)


def _cell(users: int, spent: Mapping[str, Mapping[str, int]]) -> Cell:
    amounts: dict[str, Sum] = {}
    for by_currency in spent.values():
        for currency, amount in by_currency.items():
            if currency:
                known = amounts.get(currency, Sum(users))
                amounts[currency] = Sum(users, known.total + amount, known.squares + amount**2)
    return Cell(Sum(users, len(spent), len(spent)), amounts)


def _sum(found: Cells, arm: str, version: str, currency: str | None) -> Sum:
    cell = found.get((arm, version))
    if cell is None:
        return Sum()
    if currency is None:
        return cell.conversions
    return cell.revenue.get(currency, Sum(cell.conversions.users))


def _standardised(shares: Sequence[float], sums: Sequence[Sum]) -> Standardised:
    """One arm over strata that weigh so much."""
    parts = list(zip(shares, sums, strict=True))
    mean = sum(share * one.mean for share, one in parts)
    return Standardised(mean, 1 / sum(share**2 / one.users for share, one in parts))


def _added(sums: Sequence[Sum]) -> Sum:
    return sum(sums, Sum())
