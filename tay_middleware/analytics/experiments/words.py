"""A verdict as it is said to a person."""

from tay_middleware.analytics.experiments.frame import SHOWN, Frame
from tay_middleware.analytics.experiments.verdict import Call, State
from tay_middleware.analytics.experiments.waiting import Wait

A_YEAR = 365
"""Days after which nobody counts them any more."""


def in_words(frame: Frame, call: Call, ship: str | None, wait: Wait | None) -> str:
    """One line that says what to do; `wait` is what is waited for, if anything is."""
    if call is Call.UNHEALTHY:
        return "unhealthy: do not read"
    if call is Call.NO_DIFFERENCE:
        return "no difference worth having"
    if call is Call.NOT_BETTER:
        return _not_better(frame)
    if call is Call.SHIP:
        return _ship(frame, ship)
    return _wait(frame, wait)


def _not_better(frame: Frame) -> str:
    if frame.is_holdout:
        return "the mentions add nothing worth having, and may cost sales"
    return f"not better than {frame.control} by anything worth having, and may be worse"


def _ship(frame: Frame, ship: str | None) -> str:
    if not frame.is_holdout:
        return f"ship {ship}"
    if ship == SHOWN:
        return "ship the mentions: they sell what would not be sold without them"
    return "stop the mentions: users without them buy more"


def _wait(frame: Frame, wait: Wait | None) -> str:
    if frame.state is State.DRAFT:
        return "a draft: write its first day into experiments.yaml"
    if frame.state is State.PLANNED:
        return f"starts on {frame.start}"
    if frame.state is State.STOPPED:
        return "stopped before there was an answer"
    days = wait.days if wait is not None else None
    if wait is not None and wait.overdue is not None:
        more = f"; {_days(days)} more would tell" if days is not None else ""
        return f"it has had its users: {wait.overdue}{more}"
    return "keep collecting" if days is None else f"keep collecting, {_days(days)} left"


def _days(days: int) -> str:
    if days > A_YEAR:
        return "more than a year"
    return f"about {days} day{'s' if days != 1 else ''}"
