"""The servers of tests are there when they say so."""

from collections.abc import Iterator

import pytest

from tests.fixtures_servers import started
from tests.servers import Valkey, wait_until


@pytest.fixture
def own_valkey() -> Iterator[Valkey]:
    """A Valkey that a test may freeze and kill."""
    yield from started(lambda: Valkey(appendonly="yes", appendfsync="always"), "nothing")


def test_servers_of_tests_say_when_they_are_ready(own_valkey: Valkey) -> None:
    wait_until(own_valkey.answers, "it does not answer", 1)
