"""What she said in so many words, and what was only guessed: a guess holds for the session.

A learned head has no phrase to show, and a weak phrase may be about something else. What such a
guess closes is kept under a name of its own, beside what the same gate keeps of her own words: a
guess of today must not shorten what she said yesterday.
"""

from collections.abc import Iterable

from tay_middleware.domain import ClosedGate, Detection, Turn

GUESSED = "guessed_"
"""Before the name of a gate that is kept for the session that it was guessed in."""

OPTED_IN = "opted_in"
"""The name under which it is kept that she took back her noes, the guessed ones too."""


def outright(detection: Detection) -> frozenset[str]:
    """The closed gates that she closed in so many words, or in answer to a mention."""
    phrases = {found.group for found in detection.closed_by}.difference(detection.weakly)
    return frozenset(detection.gates).intersection(phrases.union(detection.answers))


def guessed(name: str, turn: Turn) -> tuple[ClosedGate, ...]:
    """What is kept of a guess; nothing where there is no session that it could hold for."""
    if turn.session_id is None:
        return ()
    return (ClosedGate(f"{GUESSED}{name}", turn.asked_at, turn.session_id),)


def since_opted_in(kept: Iterable[ClosedGate]) -> tuple[ClosedGate, ...]:
    """What is kept from after the last time that she opted in; all of it where she never did."""
    listed = tuple(kept)
    back = [one.at for one in listed if one.gate == OPTED_IN]
    return tuple(one for one in listed if not back or one.at > max(back))
