"""Which arm a user is in: GrowthBook's hash, version 2, so that assignments stay put for good.

Source: GrowthBook SDK specification, `hash(seed, value, version 2)`: FNV-1a (32 bit) of
`seed + value`, written as decimal digits, hashed again, modulo 10,000. Changing anything here
reassigns every user of every running test.
"""

from collections.abc import Sequence
from functools import lru_cache

BUCKETS = 10_000
"""Resolution of an assignment; weights finer than 0.0001 are lost."""

REMEMBERED = 4_096
"""Places that are kept: the same user is asked for the same seeds again and again."""

_OFFSET = 0x811C9DC5
_PRIME = 0x01000193


@lru_cache(maxsize=REMEMBERED)
def bucket(seed: str, value: str) -> float:
    """Where `value` falls in [0, 1) under `seed`, in steps of 1 / `BUCKETS`."""
    return _fnv1a(str(_fnv1a(seed + value))) % BUCKETS / BUCKETS


def choose(seed: str, value: str, weights: Sequence[float]) -> int:
    """The index of the arm that `value` belongs to; arms share [0, 1) by `weights`.

    Raises:
        ValueError: no weight is positive.
    """
    total = sum(weights)
    if total <= 0:
        raise ValueError("no arm has a positive weight")
    place, edge, last = bucket(seed, value), 0.0, 0
    for index, weight in enumerate(weights):
        if weight <= 0:
            continue
        last, edge = index, edge + weight / total
        if place < edge:
            return index
    return last


def _fnv1a(text: str) -> int:
    value = _OFFSET
    for character in text:
        value = ((value ^ ord(character)) * _PRIME) & 0xFFFFFFFF
    return value
