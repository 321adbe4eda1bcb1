"""Reading labelled conversations: JSON Lines, one user with up to three sessions a line.

Labels of detections and what follows from them stand in the file itself; beside `x.jsonl` a file
`x.labels.yaml` may say which turns ask to buy (`purchases`), say no (`declines`), complain
(`complaints`), and on which sensitive turns without a need `sensitive` is as right as nothing
(`accepts_sensitive`), each as a list of `conversation/session/turn`, counted from 0.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from pydantic import BaseModel

from tay_middleware.errors import ConfigurationError
from tay_middleware.evals.lines import read_lines

LISTS = ("purchases", "declines", "complaints", "accepts_sensitive")


@dataclass(frozen=True, slots=True)
class Expected:
    """What a turn should come to; names as in the decision."""

    detected: bool
    shown: bool
    offer: str | None
    suppressed: str | None
    strength: str | None
    topic: str | None


@dataclass(frozen=True, slots=True)
class LabelledTurn:
    """One question with the reply that the model is to have given."""

    key: str
    question: str
    reply: str
    expected: Expected


@dataclass(frozen=True, slots=True)
class Session:
    """Turns of one sitting, so many days before the last day."""

    days_ago: float
    turns: tuple[LabelledTurn, ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    """All sessions of one user, oldest first."""

    id: str
    tier: str
    owns: tuple[str, ...]
    sessions: tuple[Session, ...]

    @property
    def turns(self) -> tuple[LabelledTurn, ...]:
        """All turns of all sessions."""
        return tuple(turn for session in self.sessions for turn in session.turns)


@dataclass(frozen=True, slots=True)
class Conversations:
    """The conversations of a file, and what its companion says of single turns."""

    name: str
    all: tuple[Conversation, ...]
    marks: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def marked(self, mark: str, key: str) -> bool:
        """Whether the companion lists a turn under `mark`."""
        return key in self.marks.get(mark, frozenset())

    @property
    def turns(self) -> tuple[LabelledTurn, ...]:
        """All turns of all conversations."""
        return tuple(turn for one in self.all for turn in one.turns)


class _Expected(BaseModel):
    detected: bool
    shown: bool
    offer: str | None = None
    suppressed: str | None = None
    strength: str | None = None
    topic: str | None = None


class _Turn(BaseModel):
    question: str
    reply: str
    expected: _Expected


class _Session(BaseModel):
    days_ago: float
    turns: list[_Turn]


class _Line(BaseModel):
    """One line of the file. Unknown fields are ignored and never read."""

    id: str | int
    tier: str | None = None
    owns: list[str] | None = None
    sessions: list[_Session]


def read_conversations(path: Path) -> Conversations:
    """Read a file of conversations, with its companion if there is one.

    Raises:
        ConfigurationError: it cannot be read as conversations; the message names the line.
    """
    found = [_conversation(line) for _, line in read_lines(path, _Line)]
    if not found:
        raise ConfigurationError(f"{path}: holds no conversations")
    known = {turn.key for one in found for turn in one.turns}
    return Conversations(path.stem, tuple(found), _marks(companion(path), known))


def companion(path: Path) -> Path:
    """Where the marks of a file of conversations stand, if there are any."""
    return path.with_suffix(".labels.yaml")


def _marks(path: Path, known: set[str]) -> Mapping[str, frozenset[str]]:
    if not path.exists():
        return {}
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        marks = {name: frozenset(told.get(name) or ()) for name in LISTS}
    except (OSError, yaml.YAMLError, AttributeError, TypeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from error
    unknown = sorted({*told} - {*LISTS}) + sorted(frozenset().union(*marks.values()) - known)
    if unknown:
        raise ConfigurationError(f"{path}: knows no {unknown[0]!r}")
    return marks


def _conversation(line: _Line) -> Conversation:
    name = str(line.id)
    sessions = tuple(
        Session(session.days_ago, tuple(_turns(session.turns, f"{name}/{number}")))
        for number, session in enumerate(line.sessions)
    )
    return Conversation(name, str(line.tier), tuple(line.owns or ()), sessions)


def _turns(turns: Sequence[_Turn], where: str) -> Iterator[LabelledTurn]:
    for number, turn in enumerate(turns):
        expected = Expected(**turn.expected.model_dump())
        yield LabelledTurn(f"{where}/{number}", turn.question, turn.reply, expected)
