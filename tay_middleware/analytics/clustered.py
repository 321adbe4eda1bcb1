"""Rates of things that users do several times, with intervals that know it.

Users are dealt into `GROUPS` groups by their key. The variance of a rate is that of its delete-one-
group jackknife (Kott, 2001); beside the binomial one it gives the design effect, which shrinks the
sample of a Wilson interval (Korn and Graubard, 1998; Dean and Pagano, 2015). Groups add up over
days, so a period is the sum of its days.
"""

from collections.abc import Sequence
from math import sqrt
from zlib import crc32

from tay_middleware.analytics.metrics import Z95, Rate, rate, wilson

GROUPS = 32

LEAST_GROUPS = 5
"""With users in fewer groups than these nothing is known of how users differ."""

LEAST_SALES = 5
"""As many hits, and as many misses, must be on either side of a difference: with none of them on a
side its variance would seem to be nothing."""

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
    groups = sum(1 for one in n if one)
    low, high = (
        wilson(share, all_n / effect, student(groups - 1)) if groups >= LEAST_GROUPS else (0.0, 1.0)
    )
    return Rate(all_hits, all_n, share, low, high)


def difference(
    one: tuple[Counts, Counts], other: tuple[Counts, Counts]
) -> tuple[float, ...] | None:
    """`one` less `other`, each (hits, n) by group: the difference of shares and its 95 % interval.

    Both may be of the same users: groups are left out of both at once. `None` while either has too
    few hits or misses, or is of too few users.
    """
    (hits, n), (other_hits, other_n) = one, other
    fewest = min(sum(hits), sum(n) - sum(hits), sum(other_hits), sum(other_n) - sum(other_hits))
    groups = min(sum(1 for at in side if at) for side in (n, other_n))
    if fewest < LEAST_SALES or groups < LEAST_GROUPS:
        return None
    whole = sum(hits) / sum(n) - sum(other_hits) / sum(other_n)
    left = []
    for at in range(GROUPS):
        rest, other_rest = sum(n) - n[at], sum(other_n) - other_n[at]
        if not rest or not other_rest:
            return None
        left.append((sum(hits) - hits[at]) / rest - (sum(other_hits) - other_hits[at]) / other_rest)
    half = student(groups - 1) * sqrt(_jackknifed(left, whole))
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


def student(degrees: int) -> float:
    """The 97.5 % point of Student's t, by Cornish and Fisher; within 2 % from 4 degrees on."""
    third, fifth = Z95**3, Z95**5
    return (
        Z95 + (third + Z95) / (4 * degrees) + (5 * fifth + 16 * third + 3 * Z95) / (96 * degrees**2)
    )
