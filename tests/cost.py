"""What a call costs, as steadily as a shared machine allows."""

import time
from collections.abc import Callable

TRIES = 5


def least_cpu_seconds(call: Callable[[], object]) -> float:
    """CPU seconds of one call, the least of several: a neighbour's load only ever adds to it."""
    least = float("inf")
    for _ in range(TRIES):
        begun = time.process_time()
        call()
        least = min(least, time.process_time() - begun)
    return least
