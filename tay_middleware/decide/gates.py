"""Which gates a message closes: kinds of message on which nothing is ever mentioned.

A gate is a list of phrases, with exceptions and with groups of evidence that keep it open; they are
in `gates.yaml`. `off_topic` alone is the other way round: it is closed unless something in the
question, or in the latest messages before it, is about hair, beauty or a business.
"""

from collections.abc import Callable, Collection, Sequence
from itertools import islice

from tay_middleware.decide.reading import Part, Reading
from tay_middleware.domain import Message
from tay_middleware.playbook.evidence import Gates

OFF_TOPIC = "off_topic"
"""The name under which a question that is none of ours stands among the gates."""

RECENT_MESSAGES = 4
"""How many messages back a short question ("and how long?") may borrow its subject from."""


def closed_gates(
    reading: Reading,
    transcript: Sequence[Message],
    evidence: Collection[str],
    gates: Gates,
    read: Callable[[str], Reading],
    *,
    ours: bool = False,
) -> tuple[str, ...]:
    """The names of the closed gates, in the order of `gates.yaml`, `off_topic` last.

    Args:
        reading: the question, read.
        transcript: the messages before it, oldest first.
        evidence: names of the indicator groups that count in the question.
        gates: the playbook's gates.
        read: reads an earlier message; called only when the question alone has no subject.
        ours: whether the question is known to be about an offer of ours.
    """
    wordings: dict[str, set[str]] = {}
    for found in reading.of(Part.GATE):
        wordings.setdefault(found[2].name, set()).add(reading.wording(found))
    closed = [
        name
        for name, gate in gates.gates.items()
        if name in wordings
        and len(wordings[name]) >= gate.at_least
        and not any(group in evidence for group in gate.unless)
    ]
    if not ours and _off_topic(reading, transcript, read):
        closed.append(OFF_TOPIC)
    return tuple(closed)


def _off_topic(
    reading: Reading, transcript: Sequence[Message], read: Callable[[str], Reading]
) -> bool:
    if reading.has(Part.CRAFT) or reading.has(Part.OFFER):
        return False
    if reading.has(Part.ELSEWHERE):
        return True
    if reading.has(Part.TRADE):
        return False
    recent = islice(reversed(transcript), RECENT_MESSAGES)
    return not any(_is_ours(read(message.content)) for message in recent)


def _is_ours(reading: Reading) -> bool:
    return any(reading.has(part) for part in (Part.CRAFT, Part.TRADE, Part.OFFER))
