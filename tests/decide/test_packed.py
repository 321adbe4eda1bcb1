"""Rows that are added up as long integers say what adding number by number says."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tay_middleware.decide.features import features, spoken
from tay_middleware.decide.model import MOST_FEATURES
from tay_middleware.decide.packed import PackedRows
from tests.builders import no_need

NUMBERS = st.floats(-1e4, 1e4, allow_nan=False)


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=40))
def test_sums_are_those_of_the_numbers(table: list[tuple[float, float, float]]) -> None:
    columns = list(zip(*table, strict=True))
    packed = PackedRows(columns, most=63)
    largest = max(2.0**-200, *(abs(number) for row in table for number in row))
    cut_off, rounded = len(table) * largest / 2**55, len(table) * largest / 2**52
    for found, column in zip(packed.sums(packed.rows), columns, strict=True):
        assert found == pytest.approx(math.fsum(column), abs=cut_off + rounded, rel=0)


@pytest.mark.parametrize("number", [-400.0, 400.0])
def test_as_many_of_the_largest_as_there_may_be_fit(number: float) -> None:
    packed = PackedRows([[number], [-number], [0.0]], most=MOST_FEATURES)
    (row,) = packed.rows
    assert packed.sums([row] * MOST_FEATURES) == pytest.approx(
        [number * MOST_FEATURES, -number * MOST_FEATURES, 0.0]
    )


def test_nothing_found_is_nothing() -> None:
    assert PackedRows([[1.0], [2.0]], most=3).sums([]) == [0.0, 0.0]
    assert PackedRows([[0.0], [0.0]], most=3).rows[0] > 0  # a row that is found is never 0
    assert PackedRows([[], []], most=3).rows == []


def test_no_question_has_more_features_than_are_added_up() -> None:
    words = (
        f"{first}{second}{third}word"
        for first in "abcdefghij"
        for second in "abcdefghij"
        for third in "abcdefghijklmnop"
    )
    found = features(spoken(" ".join(words)), no_need())
    assert 1000 < len(found.terms) <= MOST_FEATURES
    assert len(found.words) <= MOST_FEATURES
