"""What the tests of storage share."""

from collections.abc import Iterator

import pytest

from tests.fixtures_servers import started
from tests.servers import Valkey


@pytest.fixture
def url(either_url: str) -> str:
    """A migrated database without rows, of both kinds."""
    return either_url


@pytest.fixture
def own_valkey() -> Iterator[Valkey]:
    """A Valkey that a test may freeze and kill."""
    yield from started(lambda: Valkey(appendonly="yes", appendfsync="always"), "nothing")
