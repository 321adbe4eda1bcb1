"""Trying again what heals, and only while there is time."""

import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
)

from tay_middleware.decide.classify.outcome import CallFailed

T = TypeVar("T")

MOST_TRIES = 4
"""A server that failed four times within some seconds is the breaker's business."""

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 2.0
"""Backoff doubles from the first to the longest; the pause is a random part of it, so that many who
failed at once do not come back at once."""


async def with_tries(
    call: Callable[[], Awaitable[T]],
    seconds_left: float,
    randomness: Callable[[], float] = random.random,
) -> T:
    """Await `call()`, again when it failed in a way that heals.

    Args:
        call: makes one request.
        seconds_left: no try starts later than this from now, and no pause is begun that would end
            later; the caller bounds the last try itself.
        randomness: uniform in [0, 1).

    Raises:
        CallFailed: the last failure.
    """

    def pause(state: RetryCallState) -> float:
        failed = state.outcome.exception() if state.outcome else None
        asked = failed.retry_after_seconds if isinstance(failed, CallFailed) else None
        most = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (state.attempt_number - 1))
        return most * randomness() if asked is None else asked + FIRST_PAUSE_SECONDS * randomness()

    retrying = AsyncRetrying(
        retry=retry_if_exception(lambda error: isinstance(error, CallFailed) and error.heals),
        wait=pause,
        stop=stop_after_attempt(MOST_TRIES) | stop_before_delay(max(0.0, seconds_left)),
        reraise=True,
    )
    return await retrying(call)
