"""History and cool-down in a file, the log in another database: for simulations on a server.

Production has Redis for the first and `tay drain` between the two. Here the events wait in memory
until `written`, which applies them by the drain's own code; a process that dies loses them.
"""

from collections.abc import Sequence
from datetime import datetime

from tay_middleware.domain import History, Suppression
from tay_middleware.storage.base import LoggedTurn, TurnRecord, TurnStore, Verdict
from tay_middleware.storage.database import Database
from tay_middleware.storage.ledger import apply
from tay_middleware.storage.sql import question_row
from tay_middleware.storage.turns.events import Event


class MirroredStore:
    """A `TurnStore` over another one, which keeps what is to be written elsewhere."""

    def __init__(self, store: TurnStore) -> None:
        """Make one over an unopened store."""
        self.paused_names: frozenset[str] = frozenset()
        self._store = store
        self._events: list[Event] = []

    async def written(self, database: Database, now: datetime) -> None:
        """Write what waits into the log; call it while no turn is under way.

        Raises:
            StorageError: it is not written, and waits on.
        """
        events = list(self._events)
        if events:
            await database.write(apply, events, {0}, now)
            del self._events[: len(events)]

    async def open(self) -> None:
        """See `TurnStore`."""
        await self._store.open()

    async def recall(self, user_key: str, now: datetime) -> History:
        """See `TurnStore`."""
        return await self._store.recall(user_key, now)

    async def commit(self, record: TurnRecord) -> Verdict:
        """See `TurnStore`."""
        verdict = await self._store.commit(record)
        if not verdict.duplicate:
            kept = record if verdict.granted else record.denied(Suppression.COOLDOWN)
            turn = record.turn
            self._events.append(Event("turn", turn.turn_id, question_row(kept), turn.user_key))
        return verdict

    async def retract(self, record: TurnRecord) -> None:
        """See `TurnStore`; of a turn that is asked once, as it is in a simulation."""
        await self._store.retract(record)
        self._events.append(Event("retract", record.turn.turn_id, record_id=record.id))

    async def latest(self, limit: int) -> Sequence[LoggedTurn]:
        """See `TurnStore`."""
        return await self._store.latest(limit)

    async def paused(self, _now: datetime, /) -> frozenset[str]:
        """What whoever keeps the log has said is paused."""
        return self.paused_names

    async def aclose(self) -> None:
        """See `TurnStore`."""
        await self._store.aclose()
