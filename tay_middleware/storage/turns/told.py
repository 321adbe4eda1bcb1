"""Who was told the words of a turn that had been committed before.

A turn that is asked again while its first asker still waits gets the same words. The log has one
row of it, and that counts as shown as long as one of them may have shown it.
"""

from collections import OrderedDict
from uuid import UUID

from tay_middleware.storage.base import TurnRecord

MOST = 1_000
"""Turns that are remembered: whoever takes a mention back does so within seconds."""


class Told:
    """The records that were told the words of one row, by turn; for one thread.

    It is known to this process alone: of a row that another process tells of as well it is the
    commit that made it that can take it back.
    """

    def __init__(self, most: int = MOST) -> None:
        """Remember at most `most` turns."""
        self._most = most
        self._of_turn: OrderedDict[UUID, set[UUID]] = OrderedDict()

    def note(self, record: TurnRecord, row_id: UUID) -> None:
        """A duplicate was told the words of the row."""
        turn_id = record.turn.turn_id
        self._of_turn.setdefault(turn_id, {row_id}).add(record.id)
        self._of_turn.move_to_end(turn_id)
        if len(self._of_turn) > self._most:
            self._of_turn.popitem(last=False)

    def was_last(self, record: TurnRecord, row_id: UUID) -> bool:
        """Let a record go that has shown nothing; whether nobody else was told.

        The last one stays noted, for the row may not be written at the first go.
        """
        told = self._of_turn.get(record.turn.turn_id, {row_id})
        if record.id not in told:
            return False
        if len(told) > 1:
            told.remove(record.id)
            return False
        return True
