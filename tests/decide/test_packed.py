"""Rows that are added up as long integers say what adding number by number says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tay_middleware.decide.features import features, spoken
from tay_middleware.decide.packed import MOST_ROWS, PackedRows
from tests.builders import no_need

LARGEST = 2**19 - 1
NUMBERS = st.integers(-LARGEST, LARGEST)


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=40))
def test_sums_are_those_of_the_numbers(table: list[tuple[int, int, int]]) -> None:
    packed = PackedRows(table, width=3)
    assert packed.sums(packed.rows) == [sum(column) for column in zip(*table, strict=True)]


@pytest.mark.parametrize("number", [-LARGEST, LARGEST])
def test_as_many_of_the_largest_as_there_may_be_fit(number: int) -> None:
    packed = PackedRows([(number, -number, 0)], width=3)
    (row,) = packed.rows
    assert packed.sums([row] * MOST_ROWS) == [number * MOST_ROWS, -number * MOST_ROWS, 0]


def test_nothing_found_is_nothing() -> None:
    assert PackedRows([(1, 2)], width=2).sums([]) == [0, 0]
    assert PackedRows([(0, 0)], width=2).rows[0] > 0  # a row that is found is never 0
    assert PackedRows([], width=2).rows == []


def test_no_question_has_more_features_than_are_added_up() -> None:
    words = (
        f"{first}{second}{third}word"
        for first in "abcdefghij"
        for second in "abcdefghij"
        for third in "abcdefghijklmnop"
    )
    found = features(spoken(" ".join(words)), no_need())
    assert 1000 < len(found.terms) <= MOST_ROWS
    assert len(found.words) <= MOST_ROWS
