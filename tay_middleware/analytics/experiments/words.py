"""A verdict as it is said to a person."""

from tay_middleware.analytics.experiments.frame import SHOWN, Frame
from tay_middleware.analytics.experiments.verdict import Call, State

A_YEAR = 365
"""Days after which nobody counts them any more."""


def in_words(frame: Frame, call: Call, ship: str | None, days: int | None) -> str:
    """One line that says what to do; `days` is about how long to wait, if known."""
    if call is Call.UNHEALTHY:
        return "unhealthy: do not read"
    if call is Call.NO_DIFFERENCE:
        return "no difference worth having"
    if call is Call.SHIP:
        return _ship(frame, ship)
    return _wait(frame, days)


def _ship(frame: Frame, ship: str | None) -> str:
    if not frame.is_holdout:
        return f"ship {ship}"
    if ship == SHOWN:
        return "ship the mentions: they sell what would not be sold without them"
    return "stop the mentions: users without them buy more"


def _wait(frame: Frame, days: int | None) -> str:
    if frame.state is State.DRAFT:
        return "a draft: write its first day into experiments.yaml"
    if frame.state is State.PLANNED:
        return f"starts on {frame.start}"
    if frame.state is State.STOPPED:
        return "stopped before there was an answer"
    if days is None:
        return "keep collecting"
    if days > A_YEAR:
        return "keep collecting, more than a year left"
    return f"keep collecting, about {days} day{'s' if days != 1 else ''} left"
