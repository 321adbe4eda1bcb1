"""What the model's own reply says that the question did not.

It heard a grief that no phrase knows, or told her to spend nothing: an offer below it is out of
place.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Protocol

from tay_middleware.decide.match import PhraseMatcher
from tay_middleware.decide.normalise import normalise
from tay_middleware.domain import Message
from tay_middleware.playbook.evidence import Gates
from tay_middleware.playbook.phrases import parse


class Obstacle(StrEnum):
    """Why nothing may be added to a reply: by what the surface knows of it, or by its text."""

    TOOL_CALLS = "tool_calls"
    """It calls tools: it is not the answer yet."""
    TRUNCATED = "truncated"
    CONTENT_FILTER = "content_filter"
    REFUSAL = "refusal"
    """The model will not or cannot help, by its metadata or in plain words."""
    NOT_TEXT = "not_text"
    UNREADABLE = "unreadable"
    """We failed to read it."""
    NO_PLACE = "no_place"
    """Empty, code, JSON, markup or signed (see `weave`)."""
    NO_ANSWER = "no_answer"
    """It only asks back, wants to know more, or says that something broke."""
    DRAFT = "draft"
    """It ends inside a message, a caption or the like."""
    ADVISES_AGAINST = "advises_against"
    """It tells her to pay for nothing of our kind, or that she needs none."""
    FAILED = "failed"
    """There is none: the model raised."""
    ABANDONED = "abandoned"
    """There is none: whoever waited for it has left."""


_ADVICE = Obstacle.ADVISES_AGAINST.value
"""The name under which its phrases are looked for, beside the names of gates."""


class Facts(Protocol):
    """What policy and wording need to know of the model's reply; facts, never its text."""

    @property
    def obstacle(self) -> Obstacle | None:
        """Why nothing may be added to it, `None` when something may."""

    @property
    def names(self) -> frozenset[str]:
        """The offers that the reply itself names."""

    @property
    def links(self) -> frozenset[str]:
        """The offers whose link it has."""

    @property
    def in_language(self) -> bool:
        """Whether it is in the playbook's language."""

    @property
    def pet_names(self) -> int:
        """How many it uses already."""

    @property
    def has_emoji(self) -> bool:
        """Whether it uses one."""

    @property
    def gates(self) -> tuple[str, ...]:
        """The gates that it closes (see `ReplyReader`)."""


@dataclass(frozen=True, slots=True)
class ReplyFacts:
    """The `Facts` of a reply, all of them known."""

    obstacle: Obstacle | None = None
    names: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()
    in_language: bool = True
    pet_names: int = 0
    has_emoji: bool = False
    gates: tuple[str, ...] = ()

    @classmethod
    def of(cls, facts: Facts) -> "ReplyFacts":
        """The same facts, all of them looked for now."""
        known: dict[str, Any] = {one.name: getattr(facts, one.name) for one in fields(cls)}
        return cls(**known)


Said = tuple[int, tuple[str, ...]]
"""The place of a message, counted from 0, and the gates that it closes."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a reply says: the gates that it closes, and whether it advises against paying."""

    gates: tuple[str, ...] = ()
    advises_against: bool = False


class ReplyReader:
    """Reads replies by the phrases that one playbook has for them; for any thread."""

    def __init__(self, gates: Gates) -> None:
        known = [(one, name) for name, gate in gates.gates.items() for one in gate.in_replies]
        known += [(one, _ADVICE) for one in gates.advises_against]
        self._matcher = PhraseMatcher((parse(phrase), name) for phrase, name in known)

    def read(self, reply: str) -> Heard:
        """What is heard in `reply`; code and quotations in it are not said by it."""
        said = dict.fromkeys(name for *_, name in self._matcher.find(normalise(reply)))
        gates = tuple(name for name in said if name != _ADVICE)
        return Heard(gates, _ADVICE in said)

    def read_before(self, transcript: Sequence[Message], most: int) -> Iterator[Said]:
        """What the latest `most` earlier replies close: each with its place in the transcript.

        For turns that no history knows; where there is one, it holds what each reply closed.
        """
        replies = [at for at, message in enumerate(transcript) if message.role == "assistant"]
        for at in replies[-most:]:
            gates = self.read(transcript[at].content).gates
            if gates:
                yield at, gates
