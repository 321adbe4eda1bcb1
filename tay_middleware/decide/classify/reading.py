"""What is made of a server's reply: a verdict, or the name of what is wrong with it.

Nothing of the reply is believed but a choice from the catalogue. Fences, prose around the object
and a model's thoughts before it are put up with, because servers without structured output add
them; two objects that disagree are not, because then the text may be quoting its reader.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tay_middleware.decide.classify.asking import NONE
from tay_middleware.decide.classify.outcome import Outcome
from tay_middleware.decide.model_answer import Verdict
from tay_middleware.domain import Reason
from tay_middleware.playbook import Playbook

LONGEST_CONTENT_CHARS = 4_000
"""An answer has some 50 characters; looking for one in more than this is not worth the time."""

_REASONS = frozenset({*(reason.value for reason in Reason), NONE})
_THOUGHTS = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reading:
    """One reply as we understand it; tokens as the server counted them, 0 if it did not."""

    outcome: Outcome
    verdict: Verdict | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Message(_Part):
    content: str | list[Any] | None = None
    refusal: str | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            parts = [part for part in self.content if isinstance(part, dict)]
            return "".join(str(part.get("text") or "") for part in parts)
        return self.content or ""


class _Choice(_Part):
    message: _Message
    finish_reason: str | None = None


class _Completion(_Part):
    choices: list[_Choice] | None = None
    usage: Any = None
    error: Any = Field(None, description="some gateways answer 200 and an error")


class Choices:
    """What may be chosen: the offers of one playbook, with the reason each has by itself."""

    def __init__(self, playbook: Playbook) -> None:
        self._reasons: Mapping[str, Reason] = {
            name: offer.reason for name, offer in playbook.offers.items()
        }

    def json_schema(self) -> dict[str, Any]:
        """The JSON schema of an answer, strict enough for structured output."""
        offers = [*self._reasons, NONE]
        reasons = [*(reason.value for reason in Reason), NONE]
        return {
            "type": "object",
            "properties": {
                "offer": {"type": "string", "enum": offers},
                "reason": {"type": "string", "enum": reasons},
            },
            "required": ["offer", "reason"],
            "additionalProperties": False,
        }

    def read(self, body: bytes) -> Reading:
        """Read the body of a chat completion; never raises, whatever the bytes are."""
        try:
            completion = _Completion.model_validate_json(body)
        except ValidationError:
            return Reading(Outcome.BAD_ANSWER)
        outcome, verdict = self._judged(completion)
        used = completion.usage if isinstance(completion.usage, dict) else {}
        return Reading(
            outcome, verdict, _count(used, "prompt_tokens"), _count(used, "completion_tokens")
        )

    def _judged(self, completion: _Completion) -> tuple[Outcome, Verdict | None]:
        if completion.error and not completion.choices:
            return Outcome.HTTP_ERROR, None
        if not completion.choices:
            return Outcome.NO_CHOICES, None
        choice = completion.choices[0]
        if choice.message.refusal:
            return Outcome.REFUSAL, None
        if choice.finish_reason in {"content_filter", "length"}:
            return Outcome(choice.finish_reason), None
        verdict = self.verdict(choice.message.text)
        return (Outcome.BAD_ANSWER, None) if verdict is None else (Outcome.OK, verdict)

    def verdict(self, content: str) -> Verdict | None:
        """The one verdict that `content` holds, or `None`."""
        content = _THOUGHTS.sub("", content)
        if len(content) > LONGEST_CONTENT_CHARS:
            return None
        found = {verdict for one in _objects(content) if (verdict := self._chosen(one))}
        return found.pop() if len(found) == 1 else None

    def _chosen(self, answer: Mapping[str, Any]) -> Verdict | None:
        offer, reason = _word(answer.get("offer")), _word(answer.get("reason"))
        if "offer" not in answer or offer is None or reason not in _REASONS:
            return None
        if offer == NONE:
            return Verdict(None, None)
        if offer not in self._reasons:
            return None
        return Verdict(offer, self._reasons[offer] if reason == NONE else Reason(reason))


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Every JSON object that stands in `text`, outermost ones only."""
    decoder = json.JSONDecoder(object_pairs_hook=_without_doubles)
    at = text.find("{")
    while at >= 0:
        try:
            found, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield found
        at = text.find("{", end)


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand there once; which of two would be meant, nobody knows."""
    found = dict(pairs)
    return found if len(found) == len(pairs) else {}


def _word(value: object) -> str | None:
    if value is None:
        return NONE
    return value.strip().casefold() if isinstance(value, str) else None


def _count(used: Mapping[str, Any], name: str) -> int:
    value = used.get(name)
    return value if type(value) is int and value > 0 else 0
