"""An empty database of each kind."""

from functools import partial
from pathlib import Path

import pytest

from tests.analytics.experiments.rows import Play
from tests.databases import migrated
from tests.databases import play as scene_on


@pytest.fixture(params=["sqlite", "postgres"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Play:
    """Runs a scene on it."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'tay.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    else:
        migrated(url)

    return partial(scene_on, url)
