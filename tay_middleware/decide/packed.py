"""Rows of small whole numbers, each one long integer: adding up rows is one addition a row.

The scorer adds up some sixty rows for every question. Number by number that is most of what it
costs in plain Python; and numbers that lie all over the memory cost as much again.
"""

import struct
from collections.abc import Sequence

_BITS = 16
"""Of the lane of a number."""

MOST_ROWS = 1 << (_BITS - 8)
"""As many rows of signed bytes are added up before a lane is full; of more, so many at a time."""

LARGEST_SQUARE = 1 << 23
"""The squares of as many rows fill no more than a lane of 32 bits."""


class Packing:
    """Rows of two halves, each of `width` signed bytes and a square, as integers; immutable.

    An integer is the sum of its numbers, each times 2 to the place of its lane. So a row may be put
    together from its halves, and rows added up, by plain addition.
    """

    def __init__(self, width: int) -> None:
        self._half = struct.Struct(f"<{width}hI")
        self._row = struct.Struct(f"<{width}hI{width}hI")
        top, lanes = 1 << (_BITS - 1), range(0, width * _BITS, _BITS)
        self._top_bits = sum(top << at for at in lanes)
        self._half_bits = 8 * self._half.size
        self._all_top_bits = self._top_bits | self._top_bits << self._half_bits

    def first(self, numbers: Sequence[int], square: int) -> int:
        """The first half of a row; no half is 0, for its square is 1 or more.

        Raises:
            ValueError: the square is none, or larger than can be added up.
        """
        if not 0 < square <= LARGEST_SQUARE:
            raise ValueError(f"a square of {square} where 1 to {LARGEST_SQUARE} may stand")
        told = int.from_bytes(self._half.pack(*numbers, square), "little")
        # Bit by bit a lane holds -1 as 65535: its top bit turned, it holds the number and 32768.
        return (told ^ self._top_bits) - self._top_bits

    def second(self, numbers: Sequence[int], square: int) -> int:
        """The second half of a row, likewise."""
        return self.first(numbers, square) << self._half_bits

    def sums(self, rows: Sequence[int]) -> tuple[int, ...]:
        """Rows added up number by number: the first half, its square, the second, its square."""
        if len(rows) > MOST_ROWS:
            some, others = self.sums(rows[:MOST_ROWS]), self.sums(rows[MOST_ROWS:])
            return tuple(map(sum, zip(some, others, strict=True)))
        told = (sum(rows) + self._all_top_bits) ^ self._all_top_bits
        return self._row.unpack(told.to_bytes(self._row.size, "little"))
