"""Questions as JSON Lines in, decisions as JSON Lines out: what `tay decide` runs.

Stateless: rows know nothing of each other, and there is no cool-down, budget, holdout or log. Every
line in gives one line out, in the same order; a bad line gives an error object in its place.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, ValidationError
from pydantic_core import to_json

from tay_middleware.decide import Circumstances, decide, describe, earlier_gates, flips
from tay_middleware.decide.describe import Json
from tay_middleware.decide.detect import Detector
from tay_middleware.domain import History, Message, Tier, Turn
from tay_middleware.playbook import Playbook

NOBODY = UUID(int=0)
"""The turn id of rows: nothing is logged, so none is ever looked up."""

_NEVER = datetime(2000, 1, 1, tzinfo=UTC)
_STATELESS = Circumstances(stateless=True)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class _Earlier(BaseModel):
    model_config = ConfigDict(extra="ignore")

    role: StrictStr
    content: StrictStr


class Question(BaseModel):
    """One line in. Unknown fields are ignored and never read."""

    model_config = ConfigDict(extra="ignore")

    id: StrictStr | StrictInt | None = None
    question: StrictStr
    history: Annotated[list[_Earlier], Field(max_length=1000)] | None = None
    tier: StrictStr | None = None
    owned_offers: list[StrictStr] | None = None
    signals: dict[str, StrictStr | StrictInt | StrictBool | float | None] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One line out, as UTF-8 without its line break; `failed` marks an error object."""

    line: bytes
    failed: bool = False


class Decider:
    """Answers rows with one playbook; the detector is built once."""

    def __init__(self, playbook: Playbook, *, explain: bool = False) -> None:
        """Make a decider; `explain` adds what would have flipped each decision, as `flips`."""
        self._playbook = playbook
        self._detector = Detector(playbook)
        self._explain = explain

    def answers(self, lines: Iterable[bytes]) -> Iterator[Answer]:
        """Answer each line that is not blank, lazily."""
        for number, line in enumerate(lines, start=1):
            text = line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
            if text.strip():
                yield self._answer(number, text)

    def _answer(self, number: int, line: bytes) -> Answer:
        try:
            row = Question.model_validate_json(line)
        except ValidationError as error:
            return _error(number, _what_is_wrong(error))
        return Answer(to_json(self.decision(row)))

    def decision(self, row: Question) -> dict[str, Json]:
        """The decision on one row, with its id, as plain JSON."""
        turn = _turn(row)
        decision = decide(
            turn,
            self._detector.detect(turn.question, turn.transcript, turn.signals),
            History(),
            self._playbook,
            Circumstances(
                stateless=True, earlier_gates=earlier_gates(self._detector, turn.transcript)
            )
            if turn.transcript
            else _STATELESS,
        )
        told: dict[str, Json] = {"id": row.id, **describe(decision)}
        if self._explain:
            told["flips"] = list(flips(decision, self._playbook))
        return told


def _turn(row: Question) -> Turn:
    roles: dict[str, Literal["user", "assistant"]] = {
        "user": "user",
        "human": "user",
        "assistant": "assistant",
        "ai": "assistant",
    }
    return Turn(
        turn_id=NOBODY,
        question=row.question,
        asked_at=_NEVER,
        user_id="row",
        tier=Tier.parse(row.tier) if row.tier else Tier.FREE,
        owned_offers=frozenset(row.owned_offers or ()),
        transcript=tuple(
            Message(roles[earlier.role], earlier.content)
            for earlier in row.history or ()
            if earlier.role in roles
        ),
        signals=row.signals or {},
    )


def _error(number: int, message: str) -> Answer:
    told = {"id": None, "line": number, "error": message}
    return Answer(to_json(told), failed=True)


def _what_is_wrong(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    return f"{field}: {first['msg']}" if field else str(first["msg"])
