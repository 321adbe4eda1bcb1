"""Running servers for tests of the web side."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.stage import Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server on the embedded default, for all tests of a module."""
    running = Site(tmp_path_factory.mktemp("site") / "tay").start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def admin(site: Site) -> dict[str, str]:
    """A token that opens everything."""
    return site.token("read", "write", "export", "erase", "feedback")


@pytest.fixture(params=["sqlite", "postgres"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """A fresh server on each database. On PostgreSQL turns go by Redis and the drain."""
    url, settings = None, {}
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
        settings = {"TAY_REDIS_URL": request.getfixturevalue("redis_url")}
    running = Site(tmp_path / "tay", url, **settings).start()
    yield running
    running.stop()
