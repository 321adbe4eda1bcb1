"""The visit that a question is part of: what history knows of its conversation since its pause."""

from datetime import datetime, timedelta

from tay_middleware.domain import History, PastTurn, Turn
from tay_middleware.playbook import Policy
from tay_middleware.visits import visit_began


def turns_here(turn: Turn, history: History, policy: Policy) -> list[PastTurn]:
    """The earlier turns of this visit, in the order of history."""
    since = began(turn, history, policy)
    return [past for past in of_the_conversation(turn, history) if past.at >= since]


def is_of_this_visit(at: datetime, turn: Turn, history: History, policy: Policy) -> bool:
    """Whether a moment of this conversation, known to history or not, lies in this visit."""
    return at >= began(turn, history, policy, at)


def was_here_before(turn: Turn, history: History, policy: Policy) -> bool:
    """Whether the user was answered in an earlier visit: another conversation, or before a pause.

    A turn that failed showed nobody anything. Where history reaches back into this visit only, for
    there were more turns than it holds, the user's first turn tells.
    """
    since = began(turn, history, policy)
    before = (
        past for past in history.turns if past.session_id != turn.session_id or past.at < since
    )
    if any(not past.failed for past in before):
        return True
    first = history.first_seen
    if first is None or not history.turns or first >= history.turns[0].at:
        return False
    return not is_of_this_visit(first, turn, history, policy)


def began(turn: Turn, history: History, policy: Policy, *also: datetime) -> datetime:
    """When this visit began, by the turns of its conversation and such moments as `also`."""
    here = (past.at for past in of_the_conversation(turn, history))
    pause = timedelta(hours=policy.visit_pause_hours)
    return visit_began(turn.asked_at, (*here, *also), pause)


def of_the_conversation(turn: Turn, history: History) -> list[PastTurn]:
    """The earlier turns of this conversation, in the order of history."""
    return [past for past in history.turns if past.session_id == turn.session_id]
