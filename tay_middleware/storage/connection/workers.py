"""A few daemon threads that run database work for one event loop, whole calls at a time.

Not a `ThreadPoolExecutor`: that refuses work once the interpreter begins to exit, which is exactly
when the last decisions are flushed; and its threads would hold up the exit of a process whose
database hangs.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

from tay_middleware.errors import StorageUnavailable, TayError

T = TypeVar("T")

_log = logging.getLogger("tay_middleware")

_Call = tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]


class Workers:
    """`count` threads, started at the first call; calls are taken in the order they were made."""

    def __init__(self, count: int, name: str) -> None:
        self._count = count
        self._name = name
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._ends: list[Future[None]] = []

    async def run(
        self,
        function: Callable[..., T],
        *args: Any,
        if_cancelled: Callable[[], object] | None = None,
    ) -> T:
        """Run `function(*args)` on a thread; a cancelled call runs to its end, or not at all.

        Whoever is cancelled cannot know which: `if_cancelled` is run behind it then, and nobody
        waits for that; the log tells where it fails. Call it on one event loop only.

        Raises:
            StorageUnavailable: the system gives no thread.
        """
        if not self._threads:
            self._start()
        done: Future[T] = Future()
        self._calls.put((done, function, args))
        try:
            return await asyncio.wrap_future(done)
        except asyncio.CancelledError:
            if if_cancelled is not None:
                behind: Future[object] = Future()
                behind.add_done_callback(self._tell)
                self._calls.put((behind, if_cancelled, ()))
            raise

    async def close(self) -> None:
        """Wait until all calls so far are done, then end the threads. Idempotent.

        Cancelled, it leaves the threads to end by themselves; calling it again waits for them.
        """
        threads, self._threads = self._threads, []
        for _ in threads:
            self._calls.put(None)
        ends = list(self._ends)
        # Shielded: a cancelled wait must not cancel the threads' own marks that they have ended.
        await asyncio.gather(*(asyncio.shield(asyncio.wrap_future(end)) for end in ends))
        self._ends = [end for end in self._ends if end not in ends]

    def _start(self) -> None:
        """Start as many threads as the system gives; one is enough to go on with."""
        for at in range(self._count):
            end: Future[None] = Future()
            thread = threading.Thread(
                target=self._work, args=(end,), name=f"{self._name}-{at}", daemon=True
            )
            try:
                thread.start()
            except RuntimeError as error:
                if self._threads:
                    return
                raise StorageUnavailable("no thread can be started") from error
            self._threads.append(thread)
            self._ends.append(end)

    def _tell(self, behind: Future[object]) -> None:
        error = behind.exception()
        if error is not None:
            message = f": {error}" if isinstance(error, TayError) else ""
            _log.warning(
                "%s: a call that was cancelled cannot be made up for (%s%s); the log may lack a "
                "turn, or count a mention that nobody saw",
                self._name,
                type(error).__name__,
                message,
            )

    def _work(self, end: Future[None]) -> None:
        while (call := self._calls.get()) is not None:
            done, function, args = call
            if not done.set_running_or_notify_cancel():
                continue
            try:
                done.set_result(function(*args))
            except BaseException as error:  # noqa: BLE001 - it is handed to whoever waits for it
                done.set_exception(error)
            # Let go of the last call's values while waiting for the next.
            del call, done, function, args
        end.set_result(None)
