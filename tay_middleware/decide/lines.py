"""Questions as JSON Lines in, decisions as JSON Lines out: what `tay decide` runs.

Stateless: rows know nothing of each other, and there is no cool-down, budget, holdout or log. Every
line in gives one line out, in the same order; a bad line gives an error object in its place.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, ValidationError
from pydantic_core import to_json

from tay_middleware.decide import Circumstances, decide, describe, flips
from tay_middleware.decide.cascade import EARLIER_MESSAGES, Cascade, Until
from tay_middleware.decide.describe import Json, closed_before, closed_now
from tay_middleware.decide.explain import Earlier
from tay_middleware.decide.policy import is_cause
from tay_middleware.decide.replies import ReplyReader, Said
from tay_middleware.domain import Decision, Detection, History, Indicator, Message, Tier, Turn
from tay_middleware.playbook import Playbook

NOBODY = UUID(int=0)
"""The turn id of rows: nothing is logged, so none is ever looked up."""

ROWS_AT_ONCE = 32
"""Rows for which a model may be asked at the same time."""

_NEVER = datetime(2000, 1, 1, tzinfo=UTC)
_STATELESS = Circumstances(stateless=True)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


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
    """Answers rows with one playbook; the stages are built once."""

    def __init__(
        self,
        playbook: Playbook,
        cascade: Cascade,
        *,
        until: Until = Until.ENCODER,
        explain: bool = False,
    ) -> None:
        """Make a decider.

        Args:
            playbook: what may be said.
            cascade: the stages, over the same playbook.
            until: the last stage that may decide.
            explain: adds what would have flipped each decision, as `flips`, and the phrases that
                closed gates, as `closed_by`, those of earlier messages with their place in the
                history as `message`, counted from 0.
        """
        self._playbook = playbook
        self._cascade = cascade
        self._replies = ReplyReader(playbook.gates)
        self._until = until
        self._explain = explain

    def answers(self, lines: Iterable[bytes]) -> Iterator[Answer]:
        """Answer each line that is not blank, lazily; no model is asked over the network."""
        for number, line in _numbered(lines):
            row = _row(number, line)
            yield row if isinstance(row, Answer) else self._answer(row, self._detect(row))

    async def aanswers(self, lines: Iterable[bytes]) -> AsyncIterator[Answer]:
        """The same with a model's opinion where one is due, so many rows at once."""
        numbered = _numbered(lines)
        while several := list(islice(numbered, ROWS_AT_ONCE)):
            rows = [_row(number, line) for number, line in several]
            for answer in await asyncio.gather(*(self._aanswer(row) for row in rows)):
                yield answer

    def decision(self, row: Question, detection: Detection | None = None) -> dict[str, Json]:
        """The decision on one row, with its id, as plain JSON."""
        turn = _turn(row)
        decision = decide(
            turn,
            detection or self._detect(row),
            History(),
            self._playbook,
            Circumstances(
                stateless=True,
                earlier_gates=tuple(gates for _, gates in self._closed_before(turn)),
            )
            if turn.transcript
            else _STATELESS,
        )
        told: dict[str, Json] = {"id": row.id, **describe(decision)}
        if self._explain:
            earlier = self._earlier(turn, decision)
            told["flips"] = list(flips(decision, self._playbook, earlier))
            told["closed_by"] = [*closed_now(decision.detection), *map(closed_before, earlier)]
        return told

    def _earlier(self, turn: Turn, decision: Decision) -> list[Earlier]:
        """The gates of earlier messages that are the cause; none where the question's own are."""
        gates, cause = self._playbook.gates, decision.suppressed
        if cause is None or cause in gates.causes(decision.detection.gates):
            return []
        return [
            Earlier(at, name, phrase)
            for at, names in self._closed_before(turn)
            for name, phrase in self._phrases(
                turn.transcript[at],
                [name for name in names if is_cause(name, cause, decision.offer, gates)],
            )
        ]

    def _closed_before(self, turn: Turn) -> list[Said]:
        """The gates that earlier messages close: the user's, then those of replies to her."""
        asked = [at for at, message in enumerate(turn.transcript) if message.role == "user"]
        closed = self._cascade.earlier_gates(turn.transcript, self._until)
        replies = self._replies.read_before(turn.transcript, EARLIER_MESSAGES)
        return [*zip(asked[len(asked) - len(closed) :], closed, strict=True), *replies]

    def _phrases(
        self, message: Message, names: Sequence[str]
    ) -> Iterator[tuple[str, Indicator | None]]:
        """Gates that one earlier message closes, each with its first phrase."""
        heard = names and message.role == "user"
        by = self._cascade.draft(message.content, until=self._until) if heard else None
        for name in names:
            phrases = by.detection.closed_by if by else ()
            yield name, next((one for one in phrases if one.group == name), None)

    def _detect(self, row: Question) -> Detection:
        turn = _turn(row)
        return self._cascade.detect(turn.question, turn.transcript, turn.signals, self._until)

    async def _aanswer(self, row: Question | Answer) -> Answer:
        if isinstance(row, Answer):
            return row
        turn = _turn(row)
        detection = await self._cascade.adetect(turn.question, turn.transcript, turn.signals)
        return self._answer(row, detection)

    def _answer(self, row: Question, detection: Detection) -> Answer:
        return Answer(to_json(self.decision(row, detection)))


def _numbered(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers in the file, without its byte order mark."""
    for number, line in enumerate(lines, start=1):
        text = line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
        if text.strip():
            yield number, text


def _row(number: int, line: bytes) -> Question | Answer:
    try:
        return Question.model_validate_json(line)
    except ValidationError as error:
        return _error(number, not_utf8(line) or what_is_wrong(error))


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


def what_is_wrong(error: ValidationError) -> str:
    """The first thing wrong with a line, behind the name of its field, and the mend if known."""
    first = error.errors(include_url=False, include_context=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    return f"{field}: {first['msg']}" if field else f"{first['msg']}{_mend(first['input'])}"


def not_utf8(line: bytes) -> str | None:
    """Why a line cannot be read as text, with the mend; `None` where it can be."""
    if line.startswith(_UTF_16_MARKS) or b"\0" in line:
        return "is UTF-16, it seems: save it as UTF-8"
    try:
        line.decode()
    except UnicodeDecodeError:
        return "is not UTF-8: save it as UTF-8"
    return None


def _mend(line: object) -> str:
    """What to do with a line that belongs to a list or to an object over several lines."""
    text = line.decode(errors="replace") if isinstance(line, bytes) else line
    if isinstance(text, list) or (isinstance(text, str) and text.lstrip().startswith("[")):
        return ": one object a line, no [ ] around them"
    if isinstance(text, str) and text.strip() == "{":
        return ": one object a line, each on a line of its own from { to }"
    return ""
