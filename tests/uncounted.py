"""Work at scale: tests of a target of their own, which do not count lines.

Counting takes as long again as the work itself.

A simulated month passes the same lines ten thousand times; they are counted where a test passes
them once. The floor of the coverage is that of the lines that are counted.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest
from coverage import Coverage

TestT = TypeVar("TestT", bound=Callable[..., object])


def at_scale(test: TestT) -> TestT:
    """Marks a test of `make test-scale` whose lines are not counted.

    Those of its fixtures are, but for what is `uncounted`.
    """
    marked: TestT = pytest.mark.scale(pytest.mark.no_cover(test))
    return marked


@contextmanager
def uncounted() -> Iterator[None]:
    """What runs inside is not counted."""
    counting = Coverage.current()
    if counting is None:
        yield
        return
    counting.stop()
    try:
        yield
    finally:
        counting.start()
