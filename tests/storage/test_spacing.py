from datetime import datetime, timedelta

import pytest

from tay_middleware.storage.turns.spacing import Span, turns_passed
from tests.builders import NOON


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def span(asked: float, answered: float) -> Span:
    return at(asked), at(answered)


MENTION = span(-2, 0)


@pytest.mark.parametrize(
    ("spans", "passed"),
    [
        ([], 0),
        ([MENTION], 0),
        ([MENTION, span(1, 2), span(3, 4)], 2),
        ([span(3, 4), MENTION, span(1, 2)], 2),
        ([MENTION, span(-1, 1)], 0),
        ([MENTION, span(-1, 1), span(2, 3)], 1),
        ([MENTION, span(1, 5), span(2, 3), span(4, 6)], 0),
        ([MENTION, span(1, 2), span(3, 6), span(4, 5), span(7, 8)], 2),
        ([MENTION, span(1, 2), span(3, 99)], 1),
        ([MENTION, span(0, 0)], 0),
        ([span(-9, -8), span(-5, -4), MENTION, span(1, 2)], 1),
    ],
    ids=[
        *("nothing", "the mention alone", "one after another", "in any order"),
        *("under way with the mention", "and one after it", "a burst", "a burst between"),
        *("under way with the question", "at the same instant", "before the mention"),
    ],
)
def test_only_turns_of_their_own_pass(spans: list[Span], passed: int) -> None:
    assert turns_passed(at(0), spans, at(90)) == passed
