"""Which offer of ours "it" means: the one that was spoken of last, while nothing else was."""

from collections.abc import Sequence

from tay_middleware.decide.named import Names, speaks_of
from tay_middleware.decide.reading import Part, Reader, Reading, Rules
from tay_middleware.domain import Message

LOOK_BACK = 8
"""How many messages back a word without a name may mean an offer: a few questions about it lie
between its name and "how do I pay?"; whoever talks for longer names it again."""

SUPPORT = "support"
"""The topic of what belongs to an offer: who asks for a certificate or a refund still speaks of
it."""

_SUBJECTS = (Part.CRAFT, Part.TRADE, Part.ELSEWHERE)


class SpokenOf:
    """Finds the offer of a conversation by the names of one playbook; immutable."""

    def __init__(self, rules: Rules, reader: Reader) -> None:
        self._reader, self._names = reader, Names(rules)

    def last(self, transcript: Sequence[Message]) -> set[str]:
        """The offers that the latest message with a name of ours names; none without one.

        A message of hers in between that has a subject of its own ("which needle?") ends it: after
        it "it" is something else. What she was answered in between does not.
        """
        for message in reversed(transcript[-LOOK_BACK:]):
            reading = self._reader.read(message.content)
            names = self._names.ours(reading)
            if names:
                return {sense.name for *_, sense in names}
            if message.role == "user" and _has_subject(reading):
                return set()
        return set()


def _has_subject(reading: Reading) -> bool:
    if reading.has(Part.ASKS_MORE) and not speaks_of(reading, Part.CRAFT):
        return False
    if speaks_of(reading, *_SUBJECTS):
        return True
    topics = reading.names(Part.TOPIC)
    return bool(topics) and SUPPORT not in topics and not reading.has(Part.REFERS_BACK)
