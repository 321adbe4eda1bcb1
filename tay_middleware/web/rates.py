"""How often: requests of a token, failed attempts to get in, deliveries that are not genuine."""

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.exceptions import HTTPException

OF_TOKEN = RateLimitItemPerMinute(1200)
"""Requests of one token: a person clicks less, a script that needs more should page wider."""

OF_FAILURES = RateLimitItemPerMinute(30)
"""Failures of one address; 256 random bits are not guessed, but logs should not be filled."""

OF_CLICKS = RateLimitItemPerMinute(600)
"""Requests of one address that need no token."""


class Rates:
    """Counters of one process."""

    def __init__(self) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def spend(self, what: RateLimitItem, whose: str) -> None:
        """Count one.

        Raises:
            HTTPException: 429, it was one too many.
        """
        if not await self._limiter.hit(what, whose):
            raise too_many()


def too_many() -> HTTPException:
    """The answer to one request too many."""
    return HTTPException(429, "too many requests: wait a minute", {"retry-after": "60"})
