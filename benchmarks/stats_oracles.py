"""Our own formulas held against scipy, statsmodels and GrowthBook's published vectors.

Each oracle comes to its figure another way: numerical integration instead of a sum, a solved
equation instead of a closed form, a library's distribution instead of logarithms of ours.
"""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from scipy import integrate, optimize, stats
from statsmodels.stats import power, proportion

from tay_middleware.analytics.experiments import plan
from tay_middleware.analytics.experiments.annoyance import ALTERNATIVES, evidence
from tay_middleware.analytics.experiments.beat import Posterior, chance_to_beat, expected_loss
from tay_middleware.analytics.experiments.ratio import CONCENTRATIONS
from tay_middleware.analytics.experiments.ratio import evidence as imbalance
from tay_middleware.analytics.experiments.sequence import ALPHA, multiplier, tuned
from tay_middleware.analytics.experiments.tally import Cell, Sum, difference
from tay_middleware.decide.assign import bucket

CLOSE = 1e-6

GROWTHBOOK = (
    ("seed", "a", 0.0505),
    ("seed", "b", 0.2696),
    ("foo", "ab", 0.2575),
    ("foo", "def", 0.2019),
    ("89123klj", "8952klfjas09ujkasdf", 0.124),
    ("90850943850283058242805", "123", 0.7516),
    ("()**(%$##$%#$#", '___)((*":&', 0.0128),
)
"""Of the hash, version 2, as GrowthBook publishes them for whoever writes an SDK."""

COUNTS = (
    ((10, 200), (16, 210)),
    ((0, 20), (3, 19)),
    ((105, 2010), (160, 2035)),
    ((50, 990), (40, 1010)),
)
"""Conversions and users of two arms."""

SIZES = (((510, 490), (0.5, 0.5)), ((200, 900), (0.2, 0.8)), ((30, 41, 29), (1, 1, 1)))
"""Users by arm, and the shares that were planned."""

PLANS = ((0.05, 0.6, (1, 1)), (0.02, 0.5, (0.2, 0.8)), (0.02, 0.5, (0.1, 0.9)))
"""Baseline, lift and shares."""


def hash_vectors() -> float:
    """GrowthBook's vectors."""
    return max(abs(bucket(seed, value) - expected) for seed, value, expected in GROWTHBOOK)


def hash_again() -> float:
    """FNV-1a once more, from its published definition, over bytes."""
    off = 0.0
    for number in range(2_000):
        twice = str(_fnv1a(f"layer-1user-{number}".encode())).encode()
        off = max(off, abs(bucket("layer-1", f"user-{number}") - _fnv1a(twice) % 10_000 / 10_000))
    return off


def beating() -> float:
    """scipy's integral of one Beta's density times the other's distribution."""
    off = 0.0
    for one, other in _posteriors():
        ours, theirs = _beta(one), _beta(other)
        exact = _integral(partial(_density_above, ours, theirs), one)
        off = max(off, abs(chance_to_beat(one, other) - exact))
    return off


def losing() -> float:
    """scipy's integral of the chance that the loss is larger, over all losses."""
    off = 0.0
    for one, other in _posteriors():
        ours, theirs = _beta(one), _beta(other)
        exact = _integral(partial(_between, ours, theirs), one)
        off = max(off, abs(expected_loss(one, other) - exact))
    return off


def always_valid() -> float:
    """The mixture that the interval is made of, integrated and solved by scipy."""
    off = 0.0
    for users, planned in ((200, 4_000), (4_000, 4_000), (20_000, 4_000)):
        rho = tuned(planned, ALPHA)

        def surplus(s: float, n: float = users, r: float = rho) -> float:
            mean, spread = s * r * r / (n * r * r + 1), r / math.sqrt(n * r * r + 1)
            peak = mean * s - mean * mean * n / 2 - mean * mean / (2 * r * r)

            def tilted(x: float) -> float:
                return math.exp(x * s - x * x * n / 2 - x * x / (2 * r * r) - peak)

            area = integrate.quad(tilted, mean - 12 * spread, mean + 12 * spread, epsabs=1e-12)[0]
            return math.log(area / (r * math.sqrt(2 * math.pi))) + peak + math.log(ALPHA)

        edge = optimize.brentq(surplus, 0.1, 50 * math.sqrt(users), xtol=1e-12)
        off = max(off, abs(multiplier(users, rho, ALPHA) - edge / math.sqrt(users)))
    return off


def ratios() -> float:
    """scipy's Dirichlet-multinomial against its multinomial."""
    off = 0.0
    for counts, chances in SIZES:
        shares = np.array(chances) / sum(chances)
        users = sum(counts)
        priors = [
            float(stats.dirichlet_multinomial(one * shares, users).logpmf(counts))
            for one in CONCENTRATIONS
        ]
        mean = float(np.logaddexp.reduce(priors)) - math.log(len(priors))
        exact = mean - stats.multinomial(users, shares).logpmf(counts)
        names = "ABC"[: len(counts)]
        found = imbalance(
            dict(zip(names, counts, strict=True)), dict(zip(names, chances, strict=True))
        )
        off = max(off, abs(found - float(exact)))
    return off


def reactions() -> float:
    """scipy's binomial at each alternative against the limit."""
    off = 0.0
    for users, bad, limit in ((100, 22, 0.1), (40, 2, 0.1), (3_000, 320, 0.1), (50, 30, 0.5)):
        rates = [limit * times for times in ALTERNATIVES if limit * times < 1]
        logs = [float(stats.binom.logpmf(bad, users, rate)) for rate in rates]
        base = float(stats.binom.logpmf(bad, users, limit))
        exact = float(np.logaddexp.reduce(np.array(logs) - base)) - math.log(len(rates))
        off = max(off, abs(evidence(users, bad, limit) - exact))
    return off


def differences() -> float:
    """scipy's Welch test on the very values of the users."""
    off = 0.0
    for (hits, users), (others, all_others) in COUNTS:
        cells = {
            ("B", "v"): Cell(Sum(users, hits, hits)),
            ("A", "v"): Cell(Sum(all_others, others, others)),
        }
        found = difference(cells, "B", "A")
        assert found is not None
        ones = [
            np.repeat([1.0, 0.0], [n, of - n]) for n, of in ((hits, users), (others, all_others))
        ]
        exact = float(stats.ttest_ind(*ones, equal_var=False).statistic)
        off = max(off, abs(found.estimate / found.standard_error - exact))
    return off


def sample_sizes() -> float:
    """statsmodels' power of the planned number; a user more or less is a rounding."""
    off = 0.0
    for base, lift, shares in PLANS:
        users = plan(base, lift, shares).read_once
        effect = proportion.proportion_effectsize(base * (1 + lift), base)
        test = power.NormalIndPower()
        low, high = (
            float(test.power(effect, n * shares[0] / sum(shares), ALPHA, shares[1] / shares[0]))
            for n in (users - 1, users)
        )
        off = max(off, 0.0 if low < 0.8 <= high else 1.0)
    return off


ORACLES: Mapping[str, tuple[str, Callable[[], float]]] = {
    "hash, version 2": ("GrowthBook's vectors", hash_vectors),
    "hash, 2,000 users": ("FNV-1a from its definition", hash_again),
    "chance to beat": ("scipy, integrated", beating),
    "expected loss": ("scipy, integrated", losing),
    "always-valid interval": ("scipy, mixture solved", always_valid),
    "sample ratio": ("scipy, Dirichlet-multinomial", ratios),
    "bad reactions": ("scipy, binomial", reactions),
    "difference of rates": ("scipy, Welch", differences),
    "sample size": ("statsmodels, power", sample_sizes),
}
"""What is checked → by what, and how far the two are apart."""


def _posteriors() -> list[tuple[Posterior, Posterior]]:
    return [(Posterior.of(*one), Posterior.of(*other)) for one, other in COUNTS]


def _density_above(ours: Any, theirs: Any, x: float) -> float:
    return float(ours.pdf(x) * theirs.cdf(x))


def _between(ours: Any, theirs: Any, x: float) -> float:
    return float(ours.cdf(x) * theirs.sf(x))


def _beta(one: Posterior) -> Any:
    return stats.beta(one.hits, one.misses)


def _integral(function: Callable[[float], float], around: Posterior) -> float:
    spread = math.sqrt(around.mean * (1 - around.mean) / (around.hits + around.misses))
    middle = [min(0.999, max(0.001, around.mean + step * spread)) for step in (-4, 0, 4)]
    return float(integrate.quad(function, 0, 1, points=middle, limit=500, epsabs=1e-12)[0])


def _fnv1a(data: bytes) -> int:
    value = 2166136261
    for byte in data:
        value = (value ^ byte) * 16777619 % 2**32
    return value
