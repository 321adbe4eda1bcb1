"""Rates of things that users do several times, with intervals that know it.

Users are dealt into `GROUPS` groups by their key. The variance of a rate is that of its delete-one-
group jackknife (Kott, 2001); beside the binomial one it gives the design effect, which shrinks the
sample of a Wilson interval (Korn and Graubard, 1998; Dean and Pagano, 2015). Groups add up over
days, so a period is the sum of its days.
"""

from collections.abc import Sequence
from math import sqrt
from zlib import crc32

from tay_middleware.analytics.metrics import Rate, rate

GROUPS = 32

T95 = 2.0395134463964077
"""The 97.5 % point of Student's t with `GROUPS` - 1 degrees of freedom."""

Counts = Sequence[int]
"""So many of each group."""


def group_of(user_key: str) -> int:
    """The group of a user, the same for ever."""
    return crc32(user_key.encode("utf-8", "surrogatepass")) % GROUPS


def clustered(hits: Counts, n: Counts) -> Rate:
    """The share of hits in n, both by group, with its 95 % interval.

    Raises:
        ValueError: there are more hits than n in all.
    """
    all_hits, all_n = sum(hits), sum(n)
    plain = rate(all_hits, all_n)
    share = plain.share
    if share is None:
        return plain
    binomial = share * (1 - share) / all_n
    effect = max(1.0, _variance(hits, n) / binomial) if binomial else 1.0
    low, high = _wilson(share, all_n / effect)
    return Rate(all_hits, all_n, share, low, high)


def difference(
    one: tuple[Counts, Counts], other: tuple[Counts, Counts]
) -> tuple[float, ...] | None:
    """`one` less `other`, each (hits, n) by group: the difference of shares and its 95 % interval.

    Both may be of the same users: groups are left out of both at once. `None` while either is of
    nothing in some half of the users.
    """
    (hits, n), (other_hits, other_n) = one, other
    if not sum(n) or not sum(other_n):
        return None
    whole = sum(hits) / sum(n) - sum(other_hits) / sum(other_n)
    left = []
    for at in range(GROUPS):
        rest, other_rest = sum(n) - n[at], sum(other_n) - other_n[at]
        if not rest or not other_rest:
            return None
        left.append((sum(hits) - hits[at]) / rest - (sum(other_hits) - other_hits[at]) / other_rest)
    half = T95 * sqrt(_jackknifed(left, whole))
    return whole, whole - half, whole + half


def _variance(hits: Counts, n: Counts) -> float:
    all_hits, all_n = sum(hits), sum(n)
    left = [
        (all_hits - out) / (all_n - of) for out, of in zip(hits, n, strict=True) if all_n > of > 0
    ]
    return _jackknifed(left, all_hits / all_n)


def _jackknifed(left: Sequence[float], whole: float) -> float:
    """The variance, of what is left without each group."""
    if len(left) < 2:
        return 0.0
    return (len(left) - 1) / len(left) * sum((one - whole) ** 2 for one in left)


def _wilson(share: float, n: float) -> tuple[float, float]:
    square = T95 * T95
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = T95 / (1 + square / n) * sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)
