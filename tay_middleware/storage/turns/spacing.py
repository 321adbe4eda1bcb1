"""How many turns of a conversation really came after a mention.

A conversation is one thing after another. Turns that were under way at the same time, with the
mention or with each other, are no turns that "passed": else the fifth of many turns at once, or a
burst from another process a moment later, would be granted a second mention.
"""

from collections.abc import Sequence
from datetime import datetime

Span = tuple[datetime, datetime]
"""When a turn was asked and when its reply was complete."""

MOST_SPANS = 60
"""How many of the latest turns are looked at: a burst larger than this has no gaps either."""


def turns_passed(mentioned_at: datetime, spans: Sequence[Span], asked_at: datetime) -> int:
    """Count the turns between a mention and a question, those that overlap another one apart.

    Args:
        mentioned_at: when the reply with the mention was complete.
        spans: the other turns of the session, in any order, the one with the mention included or
            not.
        asked_at: when the question was asked that would carry the next mention.
    """
    ordered = sorted(spans)
    passed = 0
    busy_until = mentioned_at
    for at, (asked, answered) in enumerate(ordered):
        following = ordered[at + 1][0] if at + 1 < len(ordered) else None
        alone = asked > busy_until and (following is None or following > answered)
        if alone and answered < asked_at:
            passed += 1
        busy_until = max(busy_until, answered)
    return passed
