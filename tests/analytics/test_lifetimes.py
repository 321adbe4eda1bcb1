"""Time to a sale: mentions that are still waiting count for what they are."""

from datetime import date, timedelta
from importlib import import_module
from random import Random

import pytest

from tay_middleware.analytics.lifetimes import DAY_SECONDS, TimeToSale, time_to_sale
from tay_middleware.analytics.metrics import rate
from tay_middleware.analytics.review.sentences import sold_in

TODAY = date(2026, 11, 25)


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def test_the_curve_agrees_with_statsmodels() -> None:
    duration = import_module("statsmodels.duration.survfunc")
    random = Random(3)
    shown = {days_ago(ago): 40 for ago in range(2, 40)}
    waits, times, events = [], [], []
    for day, number in shown.items():
        watched = min(14, (TODAY - day).days - 1)
        for _ in range(number):
            after = random.expovariate(1 / 20)
            sold = after < watched
            if sold:
                waits.append((day, after * DAY_SECONDS))
            times.append(int(after) + 1 if sold else watched)
            events.append(int(sold))
    found = time_to_sale(shown, waits, today=TODAY, window_days=14, matured_until=days_ago(14))
    # A day's sales come before those who are watched no longer than that day.
    theirs = duration.SurvfuncRight(
        [time if event else time + 0.5 for time, event in zip(times, events, strict=True)], events
    )
    for point in found.curve:
        at = list(theirs.surv_times).index(point.day) if point.day in theirs.surv_times else None
        if at is not None:
            assert point.share == pytest.approx(1 - theirs.surv_prob[at], abs=1e-9)


def test_young_mentions_do_not_make_the_last_week_look_bad() -> None:
    shown = {days_ago(20): 100, days_ago(2): 900}
    waits = [(days_ago(20), 5.5 * DAY_SECONDS)] * 10
    found = time_to_sale(shown, waits, today=TODAY, window_days=14, matured_until=days_ago(14))
    assert found.curve[-1].share == pytest.approx(0.1)
    assert (found.n, found.mean_days, found.median_days) == (10, 5.5, 5.5)


def test_nothing_is_said_of_nothing() -> None:
    found = time_to_sale({}, [], today=TODAY, window_days=14, matured_until=TODAY)
    assert (found.n, found.mean_days, found.curve) == (0, None, ())


def test_when_everything_is_sold_the_curve_ends_at_one() -> None:
    shown = {days_ago(20): 3}
    waits = [(days_ago(20), 0.5 * DAY_SECONDS)] * 3
    found = time_to_sale(shown, waits, today=TODAY, window_days=14, matured_until=TODAY)
    assert [point.share for point in found.curve] == [1.0]


@pytest.mark.parametrize("sold", [0, 12])
def test_nothing_or_everything_sold_has_the_interval_of_a_rate(sold: int) -> None:
    """Of twelve that are all sold, six on the first day and six on the second."""
    waits = [(days_ago(20), (0.5 + one % 2) * DAY_SECONDS) for one in range(sold)]
    shown = {days_ago(20): 12}
    found = time_to_sale(shown, waits, today=TODAY, window_days=14, matured_until=TODAY)
    last, wilsons = found.curve[-1], rate(sold, 12)
    assert last.share == wilsons.share
    assert last.low == pytest.approx(wilsons.low)
    assert last.high == pytest.approx(wilsons.high)
    assert last.high - last.low > 0.2


def test_where_nothing_is_sold_those_who_are_watched_no_longer_say_nothing() -> None:
    shown = {days_ago(20): 12, days_ago(2): 100}
    found = time_to_sale(shown, [], today=TODAY, window_days=14, matured_until=TODAY)
    assert found.curve[0].high == pytest.approx(rate(0, 112).high)
    assert found.curve[-1].high == pytest.approx(rate(0, 12).high)


def test_that_no_closed_mention_was_sold_does_not_deny_the_money_of_young_ones() -> None:
    none = TimeToSale(0, None, None, ())
    assert list(sold_in(none)) == [
        "None of the mentions whose window is closed was sold; the table counts young ones too."
    ]
    assert list(sold_in(TimeToSale(2, 3.0, 2.5, (), untimed=1))) == [
        "3.0 days on average; half of the 2 sales within 2.5 days.",
        "1 sale is left out: the admin did not say when.",
    ]
