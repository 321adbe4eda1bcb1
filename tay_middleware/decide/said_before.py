"""What was said before the question, by us and to us, and which gates close because of it.

History knows which turns carried a mention; where nobody is known it is read from the conversation
that came with the question.
"""

from collections.abc import Iterator
from dataclasses import replace

from tay_middleware import naming
from tay_middleware.decide.aftermath import last_mention
from tay_middleware.decide.replies import Facts
from tay_middleware.decide.woven import last_paragraph, reply_before
from tay_middleware.domain import Detection, History, Kind, Turn
from tay_middleware.playbook import Playbook, fill

_EXPOSURES = frozenset({Kind.MENTION, Kind.ORGANIC, Kind.ACKNOWLEDGEMENT})


def heard(
    detection: Detection, turn: Turn, history: History, playbook: Playbook, reply: Facts
) -> Detection:
    """The detection with the gates that the words of the question alone do not close.

    The reply closes some (see `replies`). In the turn right after a mention a gate that a phrase
    closed is not opened again by a scorer, and what complains about anything complains about us.
    """
    closed = (*detection.gates, *reply.gates)
    reactions = tuple(_reactions(detection, playbook))
    if reactions and _follows_mention(turn, detection, history, playbook):
        closed = (*closed, *reactions)
    if len(closed) == len(detection.gates):
        return detection
    return replace(detection, escalate=False, gates=tuple(dict.fromkeys(closed)))


def _follows_mention(
    turn: Turn, detection: Detection, history: History, playbook: Playbook
) -> bool:
    """Whether the turn just before this one carried a mention, by history or by the transcript."""
    if last_mention(turn, history) is not None or detection.mentioned is not None:
        return True
    reply = reply_before(turn.transcript)
    return reply is not None and mentions(reply, playbook)


def mentions(reply: str, playbook: Playbook) -> bool:
    """Whether an earlier reply carries a mention: a last paragraph that names an offer of ours."""
    above, last = last_paragraph(reply)
    names = {name: offer.names for name, offer in playbook.offers.items()}
    return bool(above) and bool(naming.names_found(last, names))


def confirmed(turn: Turn, history: History, playbook: Playbook) -> bool:
    """Whether her stop was confirmed already, with no offer since: to say it again only nags.

    By history, and where nobody is known by the conversation that came with the question.
    """
    told = [past.kind for past in history.turns if past.kind in _EXPOSURES]
    if told:
        return told[-1] is Kind.ACKNOWLEDGEMENT and history.opted_out_at is not None
    for reply in reversed(turn.transcript):
        if reply.role == "assistant" and mentions(reply.content, playbook):
            return False
        if reply.role == "assistant" and reply.content.rstrip().endswith(_said(playbook)):
            return turn.user_key is None or history.opted_out_at is not None
    return False


def _said(playbook: Playbook) -> tuple[str, ...]:
    """The confirmations as they are read, with and without an emoji."""
    wordings = playbook.voice.acknowledgements
    return tuple(fill(one, {}, emoji=emoji) for one in wordings for emoji in (True, False))


def _reactions(detection: Detection, playbook: Playbook) -> Iterator[str]:
    """The gates that this message closes when it is said about a mention."""
    known = playbook.gates.gates
    by_phrase = (found.group for found in detection.closed_by)
    for name in dict.fromkeys((*detection.gates, *by_phrase)):
        gate = known.get(name)
        if gate is None or gate.cause is None:
            continue
        if name not in detection.gates:
            yield name
        if gate.reacts_as is not None and gate.reacts_as not in detection.gates:
            yield gate.reacts_as
