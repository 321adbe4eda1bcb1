"""Puts deliveries into the inbox, many in one transaction when many come at once.

A request is answered when the transaction that holds its delivery is committed, and not before.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from tay_middleware.storage import Database
from tay_middleware.storage.payments import inbox

MOST_ROWS = 500
"""Deliveries in one transaction."""


class Intake:
    """One for a server; it lives on one event loop."""

    def __init__(self, database: Database) -> None:
        """Make one that writes to `database`."""
        self._database = database
        self._waiting: list[tuple[Mapping[str, Any], asyncio.Future[bool]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def put(self, row: Mapping[str, Any]) -> bool:
        """Store a delivery; returns when it is safe.

        Returns:
            Whether it is: `False` if another delivery came under its name before.

        Raises:
            StorageError: it is not stored.
        """
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((row, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await done

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_ROWS], self._waiting[MOST_ROWS:]
            (outcome,) = await asyncio.gather(
                self._database.write(inbox.store, [row for row, _ in batch]),
                return_exceptions=True,
            )
            for row, done in batch:
                if done.done():
                    continue
                if isinstance(outcome, BaseException):
                    done.set_exception(outcome)
                else:
                    done.set_result(row["id"] not in outcome)
