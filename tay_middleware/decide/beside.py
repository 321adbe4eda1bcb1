"""The encoder beside a chat: opened in the background, run on one thread, never waited for in vain.

Until it is open, when too many questions wait for it, or when it failed to open, there is no second
opinion and the built-in scorer's stands. Threads do not survive a fork: a child opens its own.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from tay_middleware.decide.encoder import Encoder
from tay_middleware.decide.opinion import Opinion
from tay_middleware.domain import Message
from tay_middleware.errors import ConfigurationError

MOST_WAITING = 64
"""Questions that may wait: at some 5 ms each, a later one would come after any grace."""

_log = logging.getLogger("tay_middleware")


@dataclass(slots=True)
class _Room:
    """One process's thread and encoder, and how many questions are with it."""

    pid: int
    threads: ThreadPoolExecutor
    encoder: "Future[Encoder | None]"
    waiting: int = 0


class EncoderBeside:
    """An encoder that is opened by `start`, or by the first who asks for it."""

    def __init__(self, open_: Callable[[], Encoder]) -> None:
        self._open = open_
        self._room: _Room | None = None

    def start(self) -> None:
        """Begin to open it; returns at once."""
        self._here()

    def opened(self) -> Encoder | None:
        """The encoder, waited for; `None` when it cannot be opened (said once in the log)."""
        return self._here().encoder.result()

    async def judge(self, text: str, history: Sequence[Message] = ()) -> Opinion | None:
        """Its opinion, or `None` when it is not open yet or too busy."""
        room = self._here()
        if not room.encoder.done() or room.waiting >= MOST_WAITING:
            return None
        encoder = room.encoder.result()
        if encoder is None:
            return None
        loop = asyncio.get_running_loop()
        try:
            asked = loop.run_in_executor(room.threads, encoder.judge, text, history)
        except RuntimeError:  # Python ends: its threads take nothing any more, and turns still come
            return None
        room.waiting += 1
        try:
            return await asked
        finally:
            room.waiting -= 1

    async def aclose(self) -> None:
        """Let its thread end after what waits for it, and the encoder go; who asks next opens it.

        Of a parent process nothing is touched: its thread is not here, and its locks may be held.
        """
        room, self._room = self._room, None
        if room is not None and room.pid == os.getpid():
            room.threads.shutdown(wait=False)

    def _here(self) -> _Room:
        room = self._room
        if room is None or room.pid != os.getpid():
            threads = ThreadPoolExecutor(1, thread_name_prefix="tay-encoder")
            room = _Room(os.getpid(), threads, threads.submit(self._opened))
            self._room = room
        return room

    def _opened(self) -> Encoder | None:
        try:
            return self._open()
        except ConfigurationError as error:
            _log.warning("the built-in scorer decides alone: %s", error)
            return None
