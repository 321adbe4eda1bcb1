"""One background event loop for all I/O of an engine, and the store that lives on it.

Callers come from any thread and any event loop, or none; the store belongs to one loop. So work is
handed over to this one. It belongs to one process: after a fork the child makes its own and leaves
the parent's untouched (closing an inherited SQLite file would drop the child's own locks).
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal

from tay_middleware.errors import ConfigurationError
from tay_middleware.storage import TurnStore

CLOSE_SECONDS = 1.0
"""Longest wait for the store to close: an exit that hangs is worse than a file closed by the OS."""


class Background:
    """A loop on a daemon thread, the store on it, and the tasks that nobody waits for."""

    def __init__(
        self,
        open_store: Callable[[], TurnStore],
        let_go: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        """Start the loop.

        Args:
            open_store: makes the unopened store.
            let_go: called on the loop at the end, for what else holds connections.

        Raises:
            ConfigurationError: no store is known for what the settings name.
        """
        self._store = open_store()
        self._exits = ExitStack()
        self._portal: BlockingPortal = self._exits.enter_context(
            start_blocking_portal("asyncio", name="tay-background")
        )
        self._thread_id = self._portal.call(threading.get_ident)
        self._loop = self._portal.call(asyncio.get_running_loop)
        self._let_go = let_go
        self._opened = False
        self._opening = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._of_user: dict[str, set[asyncio.Future[None]]] = {}
        self._closed = False

    def start(self, function: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        """Start `function(*args)` on the loop from any other thread, without waiting for it."""
        self._loop.call_soon_threadsafe(self._track, function, args)

    def call(self, function: Callable[..., None], *args: Any) -> None:
        """Call a plain function on the loop from any other thread, without waiting for it."""
        self._loop.call_soon_threadsafe(function, *args)

    def warm_up(self, timeout_seconds: float) -> None:
        """Open the store now and wait for it.

        Raises:
            ConfigurationError: the store must not be used as it is.
            StorageError: it does not open.
            TimeoutError: it takes too long; it goes on opening.
        """
        self._portal.start_task_soon(self._open).result(timeout_seconds)

    def flush(self, timeout_seconds: float) -> bool:
        """Wait, from another thread, for all work so far; whether all of it ended in time."""
        return self._portal.call(self._drained, timeout_seconds)

    async def store(self) -> TurnStore:
        """The store, opened; a failed opening is tried again by the next caller.

        Raises:
            StorageError: it does not open.
        """
        # Nobody is starting anything who could be told, in a forked child say: the store keeps what
        # it can, and says in the log what is wrong.
        if not self._opened:
            with suppress(ConfigurationError):
                await self._open()
        return self._store

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` without anyone waiting; call it on the loop only."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @contextmanager
    def working_for(self, user_key: str | None) -> Iterator[None]:
        """While the block lasts, `settled(user_key)` waits for it; on the loop only."""
        if user_key is None:
            yield
            return
        done = self._loop.create_future()
        self._of_user.setdefault(user_key, set()).add(done)
        try:
            yield
        finally:
            self._forget(user_key, done)
            done.set_result(None)

    async def settled(self, user_key: str) -> None:
        """Wait for the background work of one user that is under way now."""
        mine = self._of_user.get(user_key)
        if mine:
            await asyncio.wait(set(mine))

    def close(self, timeout_seconds: float) -> None:
        """Finish what is under way, bounded, then give back store, loop and thread. Idempotent."""
        if self._closed or threading.get_ident() == self._thread_id:
            return
        self._closed = True
        self._portal.call(self._wind_up, timeout_seconds)
        self._exits.close()

    async def _open(self) -> None:
        if self._opened:
            return
        async with self._opening:
            if not self._opened:
                await self._store.open()
                self._opened = True

    def _track(self, function: Callable[..., Coroutine[Any, Any, None]], args: Any) -> None:
        self.spawn(function(*args))

    async def _drained(self, timeout_seconds: float) -> bool:
        """Wait until nothing is under way: what ends may have started something more."""
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_seconds
        while self._tasks:
            left = until - loop.time()
            if left <= 0:
                return False
            await asyncio.wait(set(self._tasks), timeout=left)
        return True

    async def _wind_up(self, timeout_seconds: float) -> None:
        await self._drained(timeout_seconds)
        late = list(self._tasks)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        await _ended(self._store.aclose())
        if self._let_go is not None:
            await _ended(self._let_go())

    def _forget(self, user_key: str, done: "asyncio.Future[None]") -> None:
        mine = self._of_user.get(user_key, set())
        mine.discard(done)
        if not mine:
            self._of_user.pop(user_key, None)


async def _ended(closing: Coroutine[Any, Any, None]) -> None:
    """Wait for `closing`, bounded; how it ended does not matter any more."""
    task = asyncio.ensure_future(closing)
    await asyncio.wait({task}, timeout=CLOSE_SECONDS)
    if task.done():
        task.exception()
    else:
        task.cancel()
