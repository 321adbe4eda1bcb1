"""Figures of played conversations: turns all right, events all right, mentions where none belongs.

Never mentioning anything makes five of six turns right; so look at the events, the turns on which a
need is labelled.
"""

from collections.abc import Sequence

from tay_middleware.evals.conversations import Conversations
from tay_middleware.evals.figures import count, share
from tay_middleware.evals.play import Played
from tay_middleware.evals.run import Figure, TurnResult


def dialogue(
    played: Sequence[Played], conversations: Conversations
) -> tuple[dict[str, Figure], list[TurnResult]]:
    """Figures `conversations.*`, and every turn beside its label."""
    results = [_result(one, conversations) for one in played]
    events = [one for one in results if one.detected]
    quiet = [one for one in results if not one.shows]
    false = sum(one.shown for one in quiet)
    both = [one for one in played if one.shown and one.turn.expected.shown]
    offers = sum(one.decision.get("offer") == one.turn.expected.offer for one in both)
    return {
        "conversations.turns": Figure(value=len(results), n=len(results)),
        "conversations.turn_accuracy": share(sum(one.right for one in results), len(results)),
        "conversations.event_accuracy": share(sum(one.right for one in events), len(events)),
        "conversations.false_mentions": count(false, len(quiet)),
        "conversations.false_mention_share": share(false, len(quiet)),
        "conversations.offer_accuracy": share(offers, len(both)),
    }, results


def _result(one: Played, conversations: Conversations) -> TurnResult:
    expected = one.turn.expected
    suppressed = one.decision.get("suppressed")
    strength = one.decision.get("strength") if one.shown else None
    accepted = {expected.suppressed}
    if conversations.marked("accepts_sensitive", one.turn.key):
        accepted.add("sensitive")
    right = (
        one.shown == expected.shown
        and suppressed in accepted
        and strength == (expected.strength if expected.shown else None)
    )
    return TurnResult(
        key=one.turn.key,
        expected=_told(expected.shown, expected.suppressed, expected.strength, expected.offer),
        got=_told(one.shown, suppressed, strength, one.decision.get("offer")),
        detected=expected.detected,
        shows=expected.shown,
        shown=one.shown,
        right=right,
    )


def _told(shown: object, suppressed: object, strength: object, offer: object) -> str:
    if shown:
        return f"{offer}, {strength}"
    return f"held back: {suppressed}" if suppressed else "nothing"
