"""What earlier messages still close: the whole cascade's word where history has it.

Earlier messages come without our decisions on them, and are judged anew by phrases and the built-in
scorer alone. Of a turn that history knows the whole cascade has said more: what it opened again
stays open.
"""

from datetime import datetime

from tay_middleware.decide.visit import of_the_conversation
from tay_middleware.domain import History, PastTurn, Turn

Closed = tuple[tuple[str, ...], ...]


def closed_earlier(
    turn: Turn, history: History, found: Closed, since: datetime | None = None
) -> Closed:
    """The gates of earlier messages without those that history says were opened again.

    Messages and turns are paired from the latest back. Where there are more messages than turns
    some never passed through us, nobody knows which, and all count as they were found. So they do
    without a session id: nobody knows whether a turn belongs to this conversation. (A transcript
    that is only a window of the conversation looks like a whole one, and is paired like it.)

    Args:
        turn: the turn, with what was said before it.
        history: the user's.
        found: the gates of the user's latest earlier messages, oldest first, one entry each.
        since: what history knows to be older counts no more; `None` for no such bound.
    """
    if turn.session_id is None or not found:
        return found
    asked = sum(message.role == "user" for message in turn.transcript)
    known = of_the_conversation(turn, history)
    if len(found) > asked or (len(known) < asked and not _is_cut_off(known, history)):
        return found
    paired = known[-len(found) :] if found else []
    unknown = len(found) - len(paired)
    opened = tuple(
        tuple(gate for gate in gates if gate in past.gates and (since is None or past.at >= since))
        for gates, past in zip(found[unknown:], paired, strict=True)
    )
    return (*found[:unknown], *opened)


def _is_cut_off(known: list[PastTurn], history: History) -> bool:
    """Whether history reaches back into this session only: it had more turns than it holds."""
    first = history.first_seen
    return first is not None and len(known) == len(history.turns) > 0 and known[0].at > first
