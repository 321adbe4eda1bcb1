"""What the tests of payments share."""

import pytest


@pytest.fixture
def url(either_url: str) -> str:
    """A migrated database without rows, of both kinds."""
    return either_url
