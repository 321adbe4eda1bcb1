"""Rows that are added up as long integers say what adding number by number says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tay_middleware.decide.packed import LARGEST_SQUARE, MOST_ROWS, Packing

NUMBERS = st.tuples(*[st.integers(-128, 127)] * 3)
SQUARES = st.integers(1, 2**23)
HALVES = st.tuples(NUMBERS, SQUARES)
Half = tuple[tuple[int, int, int], int]

PACKING = Packing(3)


@given(st.lists(st.tuples(HALVES, HALVES), max_size=40))
def test_sums_are_those_of_the_numbers(table: list[tuple[Half, Half]]) -> None:
    rows = [PACKING.first(*first) + PACKING.second(*second) for first, second in table]
    flat = [(*one, first, *other, second) for (one, first), (other, second) in table]
    assert PACKING.sums(rows) == tuple(map(sum, zip(*flat, strict=True)) if flat else [0] * 8)


@given(HALVES, HALVES)
def test_a_row_may_have_either_half_alone(first: Half, second: Half) -> None:
    rows = [PACKING.first(*first), PACKING.second(*second)]
    assert PACKING.sums(rows) == (*first[0], first[1], *second[0], second[1])


@pytest.mark.parametrize("number", [-128, 127])
@pytest.mark.parametrize("times", [MOST_ROWS, MOST_ROWS + 1, 5 * MOST_ROWS])
def test_no_lane_runs_over_however_many_rows_there_are(number: int, times: int) -> None:
    row = PACKING.first((number, -number - 1, 0), 1) + PACKING.second((0, number, number), 2)
    first = (number * times, (-number - 1) * times, 0, times)
    second = (0, number * times, number * times, 2 * times)
    assert PACKING.sums([row] * times) == (*first, *second)


def test_nothing_found_is_nothing() -> None:
    assert Packing(2).sums([]) == (0, 0, 0, 0, 0, 0)
    assert PACKING.first((0, 0, 0), 1) > 0  # a row that is found is never 0


@pytest.mark.parametrize("square", [0, -1, LARGEST_SQUARE + 1])
def test_a_square_that_would_overflow_its_lane_is_refused(square: int) -> None:
    with pytest.raises(ValueError, match="square"):
        Packing(2).first((1, 2), square)


def test_the_largest_squares_fill_no_more_than_their_lane() -> None:
    packing = Packing(2)
    *_, square = packing.sums([packing.second((1, -2), LARGEST_SQUARE)] * MOST_ROWS)
    assert square == LARGEST_SQUARE * MOST_ROWS
