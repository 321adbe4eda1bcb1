"""Work at scale runs without counting lines, which takes as long again as the work itself.

A simulated month passes the same lines ten thousand times; they are counted where a test passes
them once. The floor of the coverage is that of the lines that are counted.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from coverage import Coverage

at_scale = pytest.mark.no_cover
"""Marks a test whose lines are not counted; its fixtures are, but for what is `uncounted`."""


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
