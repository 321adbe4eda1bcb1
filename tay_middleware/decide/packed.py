"""Rows of whole numbers, each row one long integer: adding up rows is one addition a row.

The scorer adds up some hundred rows of thirty-three numbers for every question. Number by number
that is most of what it costs in plain Python; and numbers that lie all over the memory cost as much
again.
"""

import struct
from collections.abc import Iterable, Sequence

_UP = 1 << 19
"""Every number is moved up by this, so that it is positive and no lane borrows from the next."""

MOST_ROWS = (1 << 32) // (2 * _UP) - 1
"""As many rows can be added up."""


class PackedRows:
    """Rows of as many whole numbers each, none of them 2^19 or more from zero; immutable.

    No row is 0.
    """

    def __init__(self, rows: Iterable[Sequence[int]], width: int) -> None:
        self._lanes = struct.Struct(f"<{width}I")
        pack, up = self._lanes.pack, _UP.__add__
        self.rows = [int.from_bytes(pack(*map(up, row)), "little") for row in rows]

    def sums(self, rows: Sequence[int]) -> list[int]:
        """Some of the rows, at most `MOST_ROWS`, added up number by number."""
        up = len(rows) * _UP
        lanes = self._lanes.unpack(sum(rows).to_bytes(self._lanes.size, "little"))
        return [lane - up for lane in lanes]
