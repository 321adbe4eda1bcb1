"""An end is a time or a length, and never a guess."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tay_middleware.ending import LONGEST, ending
from tests.builders import NOON

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("said", "long"),
    [
        ("3 days", 3 * DAY),
        ("1 day", DAY),
        ("12h", 12 * HOUR),
        ("12 Hours", 12 * HOUR),
        (" 90 min ", 1.5 * HOUR),
        ("30m", HOUR / 2),
        ("2w", 14 * DAY),
        ("3650d", LONGEST),
    ],
)
def test_a_length_is_counted_from_now(said: str, long: timedelta) -> None:
    assert ending(said, NOON) == NOON + long


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("2026-12-01", datetime(2026, 12, 1, tzinfo=UTC)),
        ("2026-12-01 09:00", datetime(2026, 12, 1, 9, tzinfo=UTC)),
        ("2026-12-01T09:00Z", datetime(2026, 12, 1, 9, tzinfo=UTC)),
        ("2026-12-01T09:00:00+01:00", datetime(2026, 12, 1, 8, tzinfo=UTC)),
    ],
)
def test_a_time_is_of_utc_where_it_names_no_zone(said: str, at: datetime) -> None:
    assert ending(said, NOON) == at


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("soon", "is no end"),
        ("3 months", "is no end"),
        ("-3 days", "is no end"),
        ("1.5 days", "is no end"),
        ("3", "is no end"),
        ("\u0663 days", "is no end"),
        ("2026-13-01", "is no end"),
        ("9999-12-31T23:59:59-23:59", "is no end"),
        ("0h", "is over already"),
        ("2026-03-02T11:59:59Z", "is over already"),
        ("999999 weeks", "more than ten years away"),
        ("3651 days", "more than ten years away"),
        ("2126-01-01", "more than ten years away"),
    ],
)
def test_what_is_no_end_is_refused_with_its_reason(said: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        ending(said, NOON)


@given(some.text(max_size=40))
def test_whatever_is_said_is_an_end_to_come_or_refused(said: str) -> None:
    try:
        found = ending(said, NOON)
    except ValueError:
        return
    assert NOON < found <= NOON + LONGEST
