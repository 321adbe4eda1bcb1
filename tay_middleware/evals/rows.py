"""Reading label files: JSON Lines, one labelled question a line (see `evals/data/README.md`).

A file that cannot be read as labels is refused as a whole, with the line: a row that is silently
left out would move every figure.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from tay_middleware.domain import Message, Tier
from tay_middleware.errors import ConfigurationError
from tay_middleware.evals.lines import read_lines
from tay_middleware.evals.names import known


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled question. Rows of one `family` were written, and are resampled, together.

    `offer` is `None` where it does not escalate, or where its author named none.
    `slices` and `category` are what its author called it; `strength_hint` is how strong a mention
    the author had in mind, if any. As in a chat, a missing or unknown tier is `free`.
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


class _Said(BaseModel):
    role: str
    content: str


class _Line(BaseModel):
    """One line of a label file. Unknown fields are ignored and never read."""

    id: str | int | None = None
    author: str | int | None = None
    family: str | int | None = None
    question: str
    escalate: bool | None
    offer: str | None = None
    history: list[_Said] | None = None
    slices: list[str] | None = None
    owned_offers: list[str] | None = None
    reason: str | None = None
    category: str | None = None
    strength_hint: str | None = None
    tier: str | None = None


def read_rows(path: Path, offers: Collection[str] | None = None) -> tuple[Row, ...]:
    """All rows of a label file, in order.

    Args:
        path: the file.
        offers: the offers that a row which escalates may name; `None` lets it name any. The offer
            of a row that does not escalate is passed over.

    Raises:
        ConfigurationError: the file is missing or empty, a line is no labelled question, two have
            one id, or one names an offer that there is not.
    """
    rows: dict[str, Row] = {}
    lines: dict[str, int] = {}
    for at, line in read_lines(path, _Line):
        row = _row(line, path, at, offers)
        if row.id in rows:
            raise ConfigurationError(
                f"{path}:{at}: the id {row.id!r} stands in line {lines[row.id]} already: give "
                "every row of a file an id of its own"
            )
        rows[row.id], lines[row.id] = row, at
    if not rows:
        raise ConfigurationError(f"{path}: holds no rows")
    return tuple(rows.values())


def _row(line: _Line, path: Path, at: int, offers: Collection[str] | None) -> Row:
    name, author = _text(line.id, f"{path.name}:{at}"), _text(line.author, "")
    if line.escalate is None:
        raise ConfigurationError(
            f"{path}:{at}: escalate: is null, not labelled yet: say true or false; "
            "tay label import leaves such rows out"
        )
    return Row(
        id=name,
        family=f"{author}:{_text(line.family, name)}",
        author=author,
        question=line.question,
        escalate=line.escalate,
        offer=known(line.offer, offers, f"{path}:{at}: offer") if line.escalate else None,
        history=tuple(
            Message("assistant" if said.role == "assistant" else "user", said.content)
            for said in line.history or ()
        ),
        slices=tuple(line.slices or ()),
        owned_offers=tuple(line.owned_offers or ()),
        reason=line.reason,
        category=line.category,
        strength_hint=line.strength_hint,
        tier=Tier.parse(line.tier),
    )


def _text(said: str | int | None, otherwise: str) -> str:
    return otherwise if said is None or said == "" else str(said)
