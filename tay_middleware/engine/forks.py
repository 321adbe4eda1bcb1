"""What starts afresh in a child process, where memory was inherited and threads were not."""

import os
import weakref
from functools import cache
from typing import Protocol


class Forked(Protocol):
    """Something with threads or locks of its own process."""

    def after_fork(self) -> None:
        """Start afresh, and leave what is the parent's untouched; called in the child."""


def starts_afresh_in_children(one: Forked) -> None:
    """Let `one` start afresh in every child from now on; what is dead is not kept alive for it."""
    registered().add(one)


@cache
def registered() -> weakref.WeakSet[Forked]:
    """All of this process. What is registered for a fork stays for good: once for all."""
    alive: weakref.WeakSet[Forked] = weakref.WeakSet()

    def in_child() -> None:
        for one in list(alive):
            one.after_fork()

    os.register_at_fork(after_in_child=in_child)
    return alive
