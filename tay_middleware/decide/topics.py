"""What a question is about, by the playbook's topics; the noun for it is the playbook's as well."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tay_middleware.decide.reading import Part, Reading
from tay_middleware.domain import Message
from tay_middleware.playbook.evidence import Topic

FOLLOW_UP_WORDS = 14
"""A question without a topic of its own that is no longer than this goes on about the one before:
"and how long do I leave it?"."""

EARLIER_MESSAGES = 2
"""How many messages back such a question may go on from: the last answer, and what it answered."""


@dataclass(frozen=True, slots=True)
class About:
    """What a question is about.

    `topic` is for history and figures, `None` where there is none. `sure`: its noun may be said to
    the user, for it is what she asked about and nothing else is as much.
    """

    topic: str | None
    sure: bool


def topic_of(
    reading: Reading,
    transcript: Sequence[Message],
    topics: Mapping[str, Topic],
    read: Callable[[str], Reading],
) -> About:
    """The topic of a question, and whether its noun may be said.

    It is the one with the most distinct wordings; of several, the one that stands first in the
    playbook. A short question without any takes that of the messages before it. Sure is one of the
    question's own alone, with more wordings that its noun fits than any other has wordings.
    """
    wordings = _wordings(reading)
    own = _strongest(wordings, topics)
    if own is not None:
        others = max((len(said) for name, said in wordings.items() if name != own), default=0)
        fitting = {
            reading.window.literal[start:end]
            for start, end, sense in reading.of(Part.TOPIC)
            if sense.name == own and not sense.weak
        }
        return About(own, len(fitting) > others)
    if not transcript or len(reading.window.text.split()) > FOLLOW_UP_WORDS:
        return About(None, sure=False)
    if any(reading.names(Part.GATE)):
        return About(None, sure=False)
    earlier = (read(message.content) for message in transcript[: -EARLIER_MESSAGES - 1 : -1])
    found = (_strongest(_wordings(before), topics) for before in earlier)
    return About(next(filter(None, found), None), sure=False)


def _wordings(reading: Reading) -> dict[str, set[str]]:
    """The distinct wordings of each topic found."""
    wordings: dict[str, set[str]] = {}
    for start, end, sense in reading.of(Part.TOPIC):
        wordings.setdefault(sense.name, set()).add(reading.window.literal[start:end])
    return wordings


def _strongest(wordings: Mapping[str, set[str]], topics: Mapping[str, Topic]) -> str | None:
    if len(wordings) < 2:
        return next(iter(wordings), None)
    return max(topics, key=lambda name: len(wordings.get(name, ())))
