"""What a rate would be if nobody were held out: the holdout keeps mentions back, no threshold does.

About: users without an id are never held out, and the share is today's.
"""

from dataclasses import replace

from tay_middleware.analytics.catalogue import Measure
from tay_middleware.analytics.metrics import Rate, compared


def with_all_shown(rate: Rate, share: float) -> Rate:
    """Mentions of all questions, were nobody held out.

    Args:
        rate: mentions shown, of all questions.
        share: of users who are held out, in [0, 1).
    """
    number, low, high = (
        None if one is None else min(1.0, one / (1 - share))
        for one in (rate.share, rate.low, rate.high)
    )
    return Rate(min(rate.n, round(rate.hits / (1 - share))), rate.n, number, low, high)


def measured_with_all_shown(rate: Measure, share: float) -> Measure:
    """The same of a measure, held against its target anew."""
    if not share or rate.number is None:
        return rate
    hits = round(rate.number * rate.n)
    found = with_all_shown(Rate(hits, rate.n, rate.number, rate.low, rate.high), share)
    stands = rate.stands if rate.target is None else compared(found, rate.target)
    return replace(rate, number=found.share, low=found.low, high=found.high, stands=stands)
