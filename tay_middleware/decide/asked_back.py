"""Whether a reply asked something itself, above our sentence: then that is what she answers.

"Do you take deposits?", the mention below it, and "no I don't": that declines nothing of ours, and
"yes send me it" buys nothing. Only what names an offer of ours, or what says no to being sold to in
so many words, still speaks of the mention. Without the conversation nobody knows what was asked,
and an answer is taken to be to the mention.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from tay_middleware.decide.gates import PERHAPS, bare_answers
from tay_middleware.decide.reading import Part, Reading, overlap
from tay_middleware.decide.woven import last_paragraph
from tay_middleware.domain import Detection
from tay_middleware.playbook.gate_names import REFUSAL

_ENDS_ASKING = re.compile(r"\?[^\w?]*\Z")
"""A question mark with nothing but marks and signs after it."""


def asks_at_its_end(reply: str, names_ours: Callable[[str], bool]) -> bool:
    """Whether a reply, our paragraph at its end aside, ends with a question that is not about us.

    Args:
        reply: as the user read it, or as the model wrote it.
        names_ours: whether a paragraph is a mention of ours, or names an offer.
    """
    above, last = last_paragraph(reply)
    if names_ours(last):
        _, last = last_paragraph(above)
    return _ENDS_ASKING.search(last) is not None and not names_ours(last)


def to_a_question(detection: Detection, reading: Reading) -> Detection:
    """The detection of a message that answers the reply's own question.

    A bare no closes its gates in doubt, for this turn alone; a no in more words stays one.
    """
    bare = bare_answers(reading)
    firm = {
        hit[2].name
        for hit in reading.of(Part.GATE)
        if not any(overlap(hit, answer) for answer in bare)
    }
    unsure = {sense.name for *_, sense in bare} - firm
    kept = (gate for gate in detection.gates if gate not in unsure)
    bare_noes = (*detection.answers, *(gate for gate in detection.gates if gate in unsure))
    doubts = (f"{PERHAPS}{name}" for name in bare_noes if name not in firm)
    gates = tuple(dict.fromkeys((*kept, *doubts)))
    return replace(
        detection,
        escalate=detection.escalate and not gates,
        gates=gates,
        closed_by=tuple(one for one in detection.closed_by if one.group not in unsure),
        answers=(),
        asks_more=False,
        has_it=None,
        asked_back=True,
    )


def doubted_noes(detection: Detection) -> Detection:
    """The detection with a no that only a learned head heard closed in doubt: it knows no question.

    Nothing changes where the message answers no question of the reply.
    """
    if not detection.asked_back or REFUSAL not in detection.gates:
        return detection
    if any(found.group == REFUSAL for found in detection.closed_by):
        return detection
    doubted = (f"{PERHAPS}{gate}" if gate == REFUSAL else gate for gate in detection.gates)
    return replace(detection, gates=tuple(dict.fromkeys(doubted)))
