"""What a question is about, by the playbook's topics; the noun for it is the playbook's as well."""

from collections.abc import Callable, Mapping, Sequence

from tay_middleware.decide.reading import Part, Reading
from tay_middleware.domain import Message
from tay_middleware.playbook.evidence import Topic

FOLLOW_UP_WORDS = 14
"""A question without a topic of its own that is no longer than this goes on about the one before:
"and how long do I leave it?"."""

EARLIER_MESSAGES = 2
"""How many messages back such a question may go on from: the last answer, and what it answered."""


def topic_of(
    reading: Reading,
    transcript: Sequence[Message],
    topics: Mapping[str, Topic],
    read: Callable[[str], Reading],
) -> str | None:
    """The topic of a question, `None` when it has none.

    It is the one with the most distinct wordings; of several, the one that stands first in the
    playbook. A short question without any takes that of the messages before it.
    """
    own = _strongest(reading, topics)
    if own is not None or not transcript or len(reading.window.text.split()) > FOLLOW_UP_WORDS:
        return own
    if any(reading.names(Part.GATE)):
        return None
    earlier = (read(message.content) for message in transcript[: -EARLIER_MESSAGES - 1 : -1])
    return next((found for before in earlier if (found := _strongest(before, topics))), None)


def _strongest(reading: Reading, topics: Mapping[str, Topic]) -> str | None:
    wordings: dict[str, set[str]] = {}
    for start, end, sense in reading.of(Part.TOPIC):
        wordings.setdefault(sense.name, set()).add(reading.window.literal[start:end])
    if len(wordings) < 2:
        return next(iter(wordings), None)
    return max(topics, key=lambda name: len(wordings.get(name, ())))
