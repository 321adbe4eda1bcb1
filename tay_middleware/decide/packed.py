"""Rows of numbers, each row one long integer: adding up rows is one addition a row.

The scorer adds up some fifty rows of fifteen weights for every question. Number by number that is
most of what it costs in plain Python; and numbers that lie all over the memory cost as much again.
"""

import math
import struct
from collections.abc import Sequence

_LANE_BITS = 64

_TINY = 2.0**-200
"""What is less is nothing."""


class PackedRows:
    """Rows of as many numbers each, as `rows`; immutable.

    A number is a whole multiple of a power of two in a lane of 64 bits, moved up by as much as
    keeps it positive, so that no lane borrows from the next. What is cut off is less than
    `2 · most · largest / 2^62` a row. No row is 0.
    """

    def __init__(self, columns: Sequence[Sequence[float]], most: int) -> None:
        """Pack them.

        Args:
            columns: for each place in a row the numbers of all rows.
            most: how many rows are added up at most.
        """
        self._lanes = struct.Struct(f"<{len(columns)}Q")
        ends = [end for column in columns if column for end in (min(column), max(column))]
        largest = max([_TINY, *map(abs, ends)])
        self._up = up = 1 << (_LANE_BITS - 2 - most.bit_length())
        self._unit = math.ldexp(1.0, math.frexp(largest)[1]) / up
        finer = 1 / self._unit
        filled = [[int(number * finer) + up for number in column] for column in columns]
        pack = self._lanes.pack
        self.rows = [int.from_bytes(pack(*row), "little") for row in zip(*filled, strict=True)]

    def sums(self, rows: Sequence[int]) -> list[float]:
        """Some of the rows, at most `most`, added up number by number."""
        up, unit = len(rows) * self._up, self._unit
        lanes = self._lanes.unpack(sum(rows).to_bytes(self._lanes.size, "little"))
        return [(lane - up) * unit for lane in lanes]
