"""A spool of a test's own, opened and closed around a scene."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tay_middleware.storage.spool import Spool


def play(path: Path, scene: Callable[[Spool], Awaitable[Any]], **options: Any) -> Any:
    """What the scene returns."""

    async def opened() -> Any:
        spool = Spool(path, **options)
        try:
            return await scene(spool)
        finally:
            await spool.aclose()

    return asyncio.run(opened())
