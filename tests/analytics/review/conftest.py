"""One simulation for all tests of reviews."""

import pytest

from tay_middleware.simulate import Order, Result, simulate
from tests.analytics.review.stage import UNTIL
from tests.uncounted import uncounted


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A hundred and twenty people, ten weeks."""
    home = tmp_path_factory.mktemp("review")
    with uncounted():
        return simulate(Order(UNTIL, users=120, days=70, seed=4, home=home))
