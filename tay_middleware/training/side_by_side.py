"""Long runs of one kind, each in a process of its own, with one share done for all of them."""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from typing import Any, TypeVar

RunT = TypeVar("RunT")

Work = Callable[[RunT, Callable[[float], None]], None]
"""A function of a module, which other processes import: does a run, says what share is done."""

LOOK_SECONDS = 0.5

_shares: Any = None
"""In a process that works: the share done of every run."""


def side_by_side(
    work: Work[RunT], runs: Sequence[RunT], jobs: int, progress: Callable[[float], None]
) -> None:
    """Do `work` on every run, at most `jobs` at a time; runs that are under way end first.

    Raises:
        Exception: what a run raised; those that had not begun then never begin.
    """
    context = get_context("spawn")  # a fork would inherit locks of threads that are not there
    shares = context.Array("d", len(runs))
    pool = ProcessPoolExecutor(
        min(jobs, len(runs)), mp_context=context, initializer=_begin, initargs=(shares,)
    )
    try:
        begun, waiting = 0, set[Future[None]]()
        while waiting or begun < len(runs):
            # No more than work: the pool would hand one on that no cancelling reaches any more.
            while begun < len(runs) and len(waiting) < jobs:
                waiting.add(pool.submit(_do, work, begun, runs[begun]))
                begun += 1
            ended, waiting = wait(waiting, LOOK_SECONDS, FIRST_COMPLETED)
            for one in ended:
                one.result()
            progress(math.fsum(shares[:]) / len(runs))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin(shares: Any) -> None:
    global _shares  # noqa: PLW0603 - shared memory reaches a process only when it is made
    _shares = shares


def _do(work: Work[RunT], number: int, run: RunT) -> None:
    def told(share: float) -> None:
        _shares[number] = share

    work(run, told)
    told(1.0)
