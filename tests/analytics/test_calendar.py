"""Periods by their names."""

import pytest

from tay_middleware.analytics.calendar import after, before, name_of, named, span_of
from tay_middleware.errors import InputError


@pytest.mark.parametrize(
    ("name", "since", "days", "then"),
    [
        ("2026-W53", "2026-12-28", 7, "2027-W01"),
        ("2026-12", "2026-12-01", 31, "2027-01"),
        ("2026-Q4", "2026-10-01", 92, "2027-Q1"),
    ],
)
def test_periods_have_names(name: str, since: str, days: int, then: str) -> None:
    period = named(name)
    assert period.since.date().isoformat() == since
    assert (period.until - period.since).days == days
    assert after(name) == then
    assert before(then) == name
    assert name_of(span_of(name), period.since.date()) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "2026",
        "2026-47",
        "2026-W7",
        "2026-W99",
        "x-W01",
        "2026-W00",
        "2026-00",
        "0000-01",
        "9999-12",
        "\uff12026-01",
    ],
)
def test_other_names_name_nothing(name: str) -> None:
    with pytest.raises(InputError):
        named(name)
