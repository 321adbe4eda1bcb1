from datetime import timedelta

import pytest

from tay_middleware.visits import visit_began
from tests.builders import NOON

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("hours_ago", "began"),
    [
        ((), 0),
        ((1, 5, 16), 16),
        ((1, 5, 17), 5),
        ((12,), 0),
        ((5, 17, 1, 18), 5),
        ((-1, 3, -20), 3),
    ],
)
def test_a_visit_begins_after_the_last_pause(hours_ago: tuple[int, ...], began: int) -> None:
    earlier = [NOON - ago * HOUR for ago in hours_ago]
    assert visit_began(NOON, earlier, 12 * HOUR) == NOON - began * HOUR
