"""What was said before the question, by us and to us, and which gates close because of it.

History knows which turns carried a mention; where nobody is known it is read from the conversation
that came with the question.
"""

from collections.abc import Iterator
from dataclasses import replace

from tay_middleware import naming
from tay_middleware.decide.aftermath import last_mention
from tay_middleware.decide.templates import Facts
from tay_middleware.domain import Detection, History, Turn
from tay_middleware.playbook import Playbook


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
    before = turn.transcript[-1:]
    return any(one.role == "assistant" and mentions(one.content, playbook) for one in before)


def mentions(reply: str, playbook: Playbook) -> bool:
    """Whether an earlier reply carries a mention: a last paragraph that names an offer of ours."""
    before, _, last = reply.replace("\r\n", "\n").rstrip().rpartition("\n\n")
    names = {name: offer.names for name, offer in playbook.offers.items()}
    return bool(before) and bool(naming.names_found(last, names))


def _reactions(detection: Detection, playbook: Playbook) -> Iterator[str]:
    """The gates that this message closes when it is said about a mention."""
    known = playbook.gates.gates
    by_phrase = (found.group for found in detection.closed_by)
    for name in dict.fromkeys((*detection.gates, *by_phrase)):
        gate = known.get(name)
        if gate is None or gate.suppression is None:
            continue
        if name not in detection.gates:
            yield name
        if gate.reacts_as is not None and gate.reacts_as not in detection.gates:
            yield gate.reacts_as
