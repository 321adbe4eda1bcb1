"""What a review is made of."""

import pytest

from tay_middleware.analytics.review.document import Action


@pytest.mark.parametrize(
    ("undo", "said"),
    [
        ("the effect is in doubt again", "when the effect is in doubt again"),
        ("never, for nothing is in force yet", "never, for nothing is in force yet"),
    ],
)
def test_a_step_says_when_it_is_taken_back_or_that_it_never_is(undo: str, said: str) -> None:
    assert Action("what", "why", "how", "expected", undo).taken_back == said
