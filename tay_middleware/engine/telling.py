"""What is told once in a process: a chain that is built for every request would repeat it."""

import logging
from functools import cache

_log = logging.getLogger("tay_middleware")


@cache
def tell_once(message: str, level: int = logging.WARNING) -> None:
    """Log it, where that has not been told yet."""
    _log.log(level, "%s", message)
