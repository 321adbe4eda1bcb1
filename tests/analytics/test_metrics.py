"""Rates: intervals and plain words."""

import pytest

from tay_middleware.analytics.metrics import CONVERSION_TARGET, compared, rate


def test_the_interval_is_wilsons() -> None:
    measured = rate(10, 100)
    assert (measured.low, measured.high) == pytest.approx((0.0552291, 0.1743657), abs=1e-6)


def test_nothing_counted_is_no_rate_but_too_little_data() -> None:
    assert rate(0, 0).share is None
    assert compared(rate(0, 0), CONVERSION_TARGET) == "too little data"


def test_only_an_interval_inside_the_target_is_within_it() -> None:
    assert compared(rate(700, 10_000), CONVERSION_TARGET) == "within the target"
    assert compared(rate(7, 100), CONVERSION_TARGET).startswith("not sure yet")
    assert compared(rate(300, 1_000), CONVERSION_TARGET) == "above the target"
    assert compared(rate(1, 1_000), CONVERSION_TARGET) == "below the target"
