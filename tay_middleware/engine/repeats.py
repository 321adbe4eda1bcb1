"""Which questions of a run have their answer: what is asked again after it is another turn.

A retry and the steps of a tool loop ask the same words in the same run until there is an answer. A
conversation that lies in one run (a socket that is traced, a batch of one person) may ask the same
words again hours later.
"""

import threading
from collections import OrderedDict
from hashlib import blake2b

MOST = 20_000
"""Answered questions that are remembered, 4 MB; at five turns a second those of an hour."""


class Repeats:
    """Numbers what is asked again under one seed, from any number of threads.

    What was forgotten, the oldest first, is taken for the same turn when it is asked once more.
    """

    def __init__(self, most: int = MOST) -> None:
        """Remember at most `most` seeds."""
        self._most = most
        self._answers: OrderedDict[bytes, int] = OrderedDict()
        self._lock = threading.Lock()

    def current(self, seed: str) -> int:
        """Which of the turns of `seed` asks now: 0 until that one is answered, then 1."""
        with self._lock:
            return self._answers.get(_key(seed), 0)

    def answered(self, seed: str, number: int) -> None:
        """Note that this turn of `seed` has its answer; of those that run side by side all do."""
        key = _key(seed)
        with self._lock:
            self._answers[key] = max(self._answers.get(key, 0), number + 1)
            self._answers.move_to_end(key)
            if len(self._answers) > self._most:
                self._answers.popitem(last=False)

    def after_fork(self) -> None:
        """In a child process: a lock that the parent held at the fork is held for ever."""
        self._lock = threading.Lock()


def _key(seed: str) -> bytes:
    return blake2b(seed.encode("utf-8", "surrogatepass"), digest_size=16).digest()
