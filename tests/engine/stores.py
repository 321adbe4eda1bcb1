"""Stores that misbehave in one way each, around a real one or none."""

import asyncio
import threading
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tay_middleware.domain import History
from tay_middleware.errors import StorageUnavailable
from tay_middleware.storage import LoggedTurn, TurnRecord, TurnStore, Verdict


class EmptyStore:
    """Remembers what it was told and grants everything; the base of the stores below."""

    def __init__(self) -> None:
        self.records: list[TurnRecord] = []
        self.retracted: list[UUID] = []
        self.closed = False

    async def open(self) -> None:
        return None

    async def recall(self, user_key: str, now: datetime) -> History:
        return History()

    async def commit(self, record: TurnRecord) -> Verdict:
        self.records.append(record)
        return Verdict(granted=True, addition=record.decision.addition)

    async def retract(self, record: TurnRecord) -> None:
        self.retracted.append(record.id)

    async def latest(self, limit: int) -> Sequence[LoggedTurn]:
        return ()

    async def paused(self, _now: datetime, /) -> frozenset[str]:
        return frozenset()

    async def aclose(self) -> None:
        self.closed = True


class HangingRecall(EmptyStore):
    async def recall(self, user_key: str, now: datetime) -> History:
        await asyncio.sleep(3600)
        raise AssertionError


class HangingCommit(EmptyStore):
    """Takes the mention and does not answer until it is let go: an answer that comes too late."""

    def __init__(self) -> None:
        super().__init__()
        self._let_go = asyncio.Event()
        self.reached = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def commit(self, record: TurnRecord) -> Verdict:
        if record.decision.shown:
            self._loop = asyncio.get_running_loop()
            self.reached.set()
            await self._let_go.wait()
        return await super().commit(record)

    def let_go(self) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._let_go.set)


class SlowRecall(EmptyStore):
    """Answers after a while, and says so."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds
        self.recalled = threading.Event()

    async def recall(self, user_key: str, now: datetime) -> History:
        await asyncio.sleep(self._seconds)
        self.recalled.set()
        return History()


class FailingRecall(EmptyStore):
    async def recall(self, user_key: str, now: datetime) -> History:
        raise StorageUnavailable("the store is locked")


class FailingCommit(EmptyStore):
    async def commit(self, record: TurnRecord) -> Verdict:
        if record.decision.shown:
            raise StorageUnavailable("the disk is full")
        return await super().commit(record)


class FailingOpen(EmptyStore):
    """Does not open for the first `failures` times."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures

    async def open(self) -> None:
        if self.failures:
            self.failures -= 1
            raise StorageUnavailable("nobody is there")


class DenyingStore(EmptyStore):
    async def commit(self, record: TurnRecord) -> Verdict:
        self.records.append(record)
        return Verdict(granted=False)


_checked: type[TurnStore] = EmptyStore
