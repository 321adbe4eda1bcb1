"""Reading label files: JSON Lines, one labelled question a line (see `evals/data/README.md`).

A file that cannot be read as labels is refused as a whole, with the line: a row that is silently
left out would move every figure.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tay_middleware.domain import Message, Tier
from tay_middleware.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled question. Rows of one `family` were written, and are resampled, together.

    `slices` and `category` are what its author called it; `strength_hint` is how strong a mention
    the author had in mind, if any.
    """

    id: str
    family: str
    author: str
    question: str
    escalate: bool
    offer: str | None = None
    history: tuple[Message, ...] = ()
    slices: tuple[str, ...] = ()
    owned_offers: tuple[str, ...] = ()
    reason: str | None = None
    category: str | None = None
    strength_hint: str | None = None
    tier: Tier = Tier.FREE


def read_rows(path: Path) -> tuple[Row, ...]:
    """All rows of a label file, in order.

    Raises:
        ConfigurationError: the file is missing or empty, or a line is no labelled question.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from error
    rows = tuple(
        _row(line, f"{path.name}:{number}") for number, line in enumerate(lines, 1) if line.strip()
    )
    if not rows:
        raise ConfigurationError(f"{path}: holds no rows")
    return rows


def _row(line: str, where: str) -> Row:
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"{where}: not JSON: {error.msg}") from error
    if not isinstance(found, Mapping):
        raise ConfigurationError(f"{where}: a row is an object")
    question, escalate = found.get("question"), found.get("escalate")
    if not isinstance(question, str) or not isinstance(escalate, bool):
        raise ConfigurationError(f"{where}: needs a question (text) and escalate (true or false)")
    name, author = str(found.get("id") or where), str(found.get("author") or "")
    return Row(
        id=name,
        family=f"{author}:{found.get('family') or name}",
        author=author,
        question=question,
        escalate=escalate,
        offer=found.get("offer"),
        history=_messages(found.get("history") or (), where),
        slices=tuple(found.get("slices") or ()),
        owned_offers=tuple(found.get("owned_offers") or ()),
        reason=found.get("reason"),
        category=found.get("category"),
        strength_hint=found.get("strength_hint"),
        tier=Tier.parse(found.get("tier")),
    )


def _messages(history: Sequence[Mapping[str, str]], where: str) -> tuple[Message, ...]:
    try:
        return tuple(
            Message("assistant" if said["role"] == "assistant" else "user", said["content"])
            for said in history
        )
    except (KeyError, TypeError) as error:
        raise ConfigurationError(f"{where}: history needs role and content") from error
