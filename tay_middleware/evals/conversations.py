"""Reading labelled conversations: JSON Lines, one user with up to three sessions a line.

Labels of detections and what follows from them stand in the file itself; beside `x.jsonl` a file
`x.labels.yaml` may say which turns ask to buy (`purchases`), say no (`declines`), complain
(`complaints`), and on which sensitive turns without a need `sensitive` is as right as nothing
(`accepts_sensitive`), each as a list of `conversation/session/turn`, counted from 0.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tay_middleware.errors import ConfigurationError

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


def read_conversations(path: Path) -> Conversations:
    """Read a file of conversations, with its companion if there is one.

    Raises:
        ConfigurationError: it cannot be read as conversations; the message names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from error
    found = [
        _conversation(line, f"{path.name}:{number}")
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]
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


def _conversation(line: str, where: str) -> Conversation:
    try:
        told = json.loads(line)
        name = str(told["id"])
        sessions = tuple(
            Session(float(session["days_ago"]), _turns(session["turns"], f"{name}/{number}"))
            for number, session in enumerate(told["sessions"])
        )
        return Conversation(name, str(told.get("tier")), tuple(told.get("owns") or ()), sessions)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{where}: no labelled conversation: {error!r}") from error


def _turns(turns: Sequence[Mapping[str, Any]], where: str) -> tuple[LabelledTurn, ...]:
    return tuple(
        LabelledTurn(
            f"{where}/{number}",
            str(turn["question"]),
            str(turn["reply"]),
            _expected(turn["expected"]),
        )
        for number, turn in enumerate(turns)
    )


def _expected(told: Mapping[str, Any]) -> Expected:
    return Expected(
        detected=bool(told["detected"]),
        shown=bool(told["shown"]),
        offer=told.get("offer"),
        suppressed=told.get("suppressed"),
        strength=told.get("strength"),
        topic=told.get("topic"),
    )
