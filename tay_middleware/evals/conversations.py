"""Reading labelled conversations: JSON Lines, one user with up to three sessions a line.

Labels of detections and what follows from them stand in the file itself; beside `x.jsonl` a file
`x.labels.yaml` may say which turns ask to buy (`purchases`), say no (`declines`), complain
(`complaints`), and on which sensitive turns without a need `sensitive` is as right as nothing
(`accepts_sensitive`), each as a list of `conversation/session/turn`, counted from 0.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, Field

from tay_middleware.domain import Strength, Suppression
from tay_middleware.errors import ConfigurationError
from tay_middleware.evals.lines import read_lines
from tay_middleware.evals.names import known
from tay_middleware.playbook import Playbook

MOST_DAYS = 3650
"""Ten years: how long ago a session may be."""

LISTS = ("purchases", "declines", "complaints", "accepts_sensitive")


@dataclass(frozen=True, slots=True)
class Expected:
    """What a turn should come to; names as in the decision.

    Of a turn that is shown, an `offer` or `strength` that is `None` is not labelled: any is right.
    """

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
    """Turns of one sitting, so many days before the last day. `key` is `conversation/session`."""

    key: str
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
    days_ago: Annotated[float, Field(ge=0, le=MOST_DAYS, allow_inf_nan=False)]
    turns: list[_Turn]


class _Line(BaseModel):
    """One line of the file. Unknown fields are ignored and never read."""

    id: str | int
    tier: str | None = None
    owns: list[str] | None = None
    sessions: list[_Session]


def read_conversations(path: Path, playbook: Playbook | None = None) -> Conversations:
    """Read a file of conversations, with its companion if there is one.

    Sessions are put in order, the oldest first; their turns keep the keys of where they stood.

    Args:
        path: the file.
        playbook: whose offers turns and `owns` may name; `None` lets them name any.

    Raises:
        ConfigurationError: it cannot be read as conversations, two have one id, or a label is a
            name that there is not; the message names the line.
    """
    found: dict[str, Conversation] = {}
    lines: dict[str, int] = {}
    for at, line in read_lines(path, _Line):
        one = _conversation(line, f"{path}:{at}", playbook)
        if one.id in found:
            raise ConfigurationError(
                f"{path}:{at}: the id {one.id!r} stands in line {lines[one.id]} already: give "
                "every conversation of a file an id of its own"
            )
        found[one.id], lines[one.id] = one, at
    if not found:
        raise ConfigurationError(f"{path}: holds no conversations")
    turns = {turn.key for one in found.values() for turn in one.turns}
    return Conversations(path.stem, tuple(found.values()), _marks(companion(path), turns))


def companion(path: Path) -> Path:
    """Where the marks of a file of conversations stand, if there are any."""
    return path.with_suffix(".labels.yaml")


def _marks(path: Path, turns: Collection[str]) -> Mapping[str, frozenset[str]]:
    if not path.exists():
        return {}
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: is not UTF-8: save it as UTF-8") from None
    except (OSError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from error
    if told is not None and not isinstance(told, dict):
        raise ConfigurationError(f"{path}: holds no lists; it knows {', '.join(LISTS)}")
    return {name: _mark(path, name, keys, turns) for name, keys in (told or {}).items()}


def _mark(path: Path, name: object, keys: object, turns: Collection[str]) -> frozenset[str]:
    """The turns of one list of the companion."""
    if name not in LISTS:
        raise ConfigurationError(f"{path}: knows no {name!r}, but {', '.join(LISTS)}")
    if not isinstance(keys, list | None):
        raise ConfigurationError(
            f"{path}: {name}: must be a list of conversation/session/turn, as in "
            f"[c001/0/0], not {keys!r}"
        )
    for key in keys or ():
        if not isinstance(key, str) or key not in turns:
            raise ConfigurationError(
                f"{path}: {name}: there is no turn {key!r}; a turn is conversation/session/turn, "
                "counted from 0"
            )
    return frozenset(keys or ())


def _conversation(line: _Line, where: str, playbook: Playbook | None) -> Conversation:
    name = str(line.id)
    offers = None if playbook is None else playbook.offers
    owned = None if playbook is None else _owned(playbook)
    owns = (known(one, owned, f"{where}: owns") for one in line.owns or ())
    sessions = [
        Session(
            f"{name}/{at}",
            one.days_ago,
            tuple(_turns(one.turns, f"{name}/{at}", f"{where}: sessions.{at}", offers)),
        )
        for at, one in enumerate(line.sessions)
    ]
    sessions.sort(key=lambda session: -session.days_ago)
    return Conversation(
        name, str(line.tier), tuple(one for one in owns if one is not None), tuple(sessions)
    )


def _owned(playbook: Playbook) -> tuple[str, ...]:
    """What a user may own: offers, by their names or by their entitlements."""
    offers = playbook.offers.items()
    names = (name for key, offer in offers for name in (key, *offer.entitlements))
    return tuple(dict.fromkeys(name.strip().casefold() for name in names))


def _turns(
    turns: Sequence[_Turn], session: str, where: str, offers: Collection[str] | None
) -> Iterator[LabelledTurn]:
    for number, turn in enumerate(turns):
        expected = _expected(turn.expected, f"{where}.turns.{number}.expected", offers)
        yield LabelledTurn(f"{session}/{number}", turn.question, turn.reply, expected)


def _expected(said: _Expected, where: str, offers: Collection[str] | None) -> Expected:
    counts = said.detected or said.shown
    return Expected(
        detected=said.detected,
        shown=said.shown,
        offer=known(said.offer, offers, f"{where}.offer") if counts else None,
        suppressed=known(said.suppressed, list(Suppression), f"{where}.suppressed"),
        strength=known(said.strength, list(Strength), f"{where}.strength"),
        topic=said.topic,
    )
