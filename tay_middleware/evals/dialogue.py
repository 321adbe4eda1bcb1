"""Figures of played conversations: turns all right, events all right, mentions where none belongs.

Never mentioning anything makes five of six turns right; so look at the events, the turns on which a
need is labelled.
"""

from collections.abc import Sequence

from tay_middleware.evals.conversations import Conversations
from tay_middleware.evals.figures import count, share
from tay_middleware.evals.play import Played
from tay_middleware.evals.run import Figure, TurnResult


def results(played: Sequence[Played], conversations: Conversations) -> list[TurnResult]:
    """Every turn beside its label."""
    return [_result(one, conversations) for one in played]


def dialogue(turns: Sequence[TurnResult]) -> dict[str, Figure]:
    """Figures `conversations.*`."""
    events = [one for one in turns if one.detected]
    quiet = [one for one in turns if not one.shows]
    false = sum(one.shown for one in quiet)
    both = [one.offer_right for one in turns if one.shown and one.shows]
    named = [right for right in both if right is not None]
    return {
        "conversations.turns": Figure(value=len(turns), n=len(turns)),
        "conversations.turn_accuracy": share(sum(one.right for one in turns), len(turns)),
        "conversations.event_accuracy": share(sum(one.right for one in events), len(events)),
        "conversations.false_mentions": count(false, len(quiet)),
        "conversations.false_mention_share": share(false, len(quiet)),
        "conversations.offer_accuracy": share(sum(named), len(named)),
    }


def _result(one: Played, conversations: Conversations) -> TurnResult:
    expected = one.turn.expected
    suppressed = one.decision.get("suppressed")
    strength = one.decision.get("strength") if one.shown else None
    offer = one.decision.get("offer")
    accepted = {expected.suppressed}
    if conversations.marked("accepts_sensitive", one.turn.key):
        accepted.add("sensitive")
    right = (
        one.shown == expected.shown
        and suppressed in accepted
        and (not one.shown or expected.strength in {None, strength})
    )
    return TurnResult(
        key=one.turn.key,
        expected=_told(expected.shown, expected.suppressed, expected.strength, expected.offer),
        got=_told(one.shown, suppressed, strength, offer),
        detected=expected.detected,
        shows=expected.shown,
        shown=one.shown,
        right=right,
        offer_right=None if expected.offer is None else offer == expected.offer,
    )


def _told(shown: object, suppressed: object, strength: object, offer: object) -> str:
    """All that a turn is judged by, so that two which differ never read alike."""
    if shown:
        told = f"{offer or 'any offer'}, {strength or 'any strength'}"
        return f"{told}, though {suppressed}" if suppressed else told
    return f"held back: {suppressed}" if suppressed else "nothing"
