"""An empty database of each kind."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tay_middleware.storage import Database
from tests.analytics.experiments.rows import Play, Scene
from tests.databases import migrated


@pytest.fixture(params=["sqlite", "postgres"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Play:
    """Runs a scene on it."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    else:
        migrated(url)

    def run(scene: Scene) -> Any:
        async def opened() -> Any:
            database = Database(url)
            try:
                return await scene(database)
            finally:
                await database.aclose()

        return asyncio.run(opened())

    return run
