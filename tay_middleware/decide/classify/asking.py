r"""What is sent: the playbook's instruction, and the question as data that cannot pose as one.

What leads to a person is taken out first, as it is out of the log: an opinion needs no card and no
telephone, and whose server it is sent to we do not know.

Four walls, because none of them alone is a cure: the text is cut and cleaned of what a person
cannot see; it is a JSON string in which `<`, `>`, `[` and `]` are written as escapes, so that
neither our marks nor a chat template's control words (`<|im_start|>`, `[INST]`) can stand in it;
the marks around it carry a digest of what they enclose, which no text can hold of itself; and what
the model may answer is a choice from a list (see `reading`).
"""

import hashlib
import json
import re
import string
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tay_middleware.decide.normalise import HEAD_CHARS, TAIL_CHARS
from tay_middleware.domain import Message, Reason
from tay_middleware.playbook import Playbook
from tay_middleware.redaction import REACH_CHARS, redacted_part

NONE = "none"
"""What the model answers when no offer fits."""

EARLIER_MESSAGES = 6
"""Messages of context: three exchanges say what "and what about that?" is about."""

EARLIER_CHARS = 600
"""Of each of them; a long reply of Tay's own adds cost and no context."""

_MARK_BYTES = 8
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Controls, formats (zero-width, direction, tag characters), lone surrogates, private use, none."""

_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f\U000e0000-\U000e0fff]"
)
"""What is as invisible and belongs to other categories: fillers and variation selectors."""

_ESCAPES = str.maketrans({mark: f"\\u{ord(mark):04x}" for mark in "<>[]"})
_SPEAKERS = {"user": "writer", "assistant": "tay"}
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, ready to be sent. `key` is the same for questions that mean the same."""

    system: str
    user: str
    key: bytes


Part = Callable[[str, int, int], str]
"""`text[first:last]` as it may be told."""


class Asking:
    """Makes the messages of one playbook; with `full` the texts go out as they were typed."""

    def __init__(self, playbook: Playbook, *, full: bool = False) -> None:
        offers = "\n".join(
            f"- {name}: {' '.join(offer.for_whom.split())}"
            for name, offer in playbook.offers.items()
        )
        reasons = ", ".join([*(reason.value for reason in Reason), NONE])
        head, _, tail = playbook.classifier_prompt.partition("$data")
        self._part: Part = _as_typed if full else redacted_part
        self._system = _filled(head, offers, reasons)
        self._after = _filled(tail, offers, reasons)

    def messages(self, question: str, transcript: Sequence[Message]) -> Asked | None:
        """What to send about `question`; `None` when nothing of it can be seen by a person."""
        message = self._told(question, HEAD_CHARS, TAIL_CHARS)
        if not message:
            return None
        earlier = [
            (said.role, self._told(said.content, EARLIER_CHARS // 2, EARLIER_CHARS // 2))
            for said in transcript[-EARLIER_MESSAGES:]
        ]
        data = _data(message, earlier)
        mark = hashlib.blake2b(data.encode(), digest_size=_MARK_BYTES).hexdigest()
        user = f"<data-{mark}>\n{data}\n</data-{mark}>\n\n{self._after}".strip()
        return Asked(self._system, user, _key(message, earlier))

    def _told(self, text: str, head: int, tail: int) -> str:
        """What is told of a text: of a long one its head and its tail; people ask first or last."""
        if len(text) <= head + tail:
            whole = cleaned(text)
            return self._part(whole, 0, len(whole))
        before = cleaned(text[: head + REACH_CHARS])
        behind = cleaned(text[-tail - REACH_CHARS :])
        last = self._part(behind, max(0, len(behind) - tail), len(behind))
        return f"{self._part(before, 0, head)}\n…\n{last}".strip()


def cleaned(text: str) -> str:
    """A copy of `text` without anything that a person cannot see; line breaks and tabs stay."""
    seen = _UNSEEN.sub("", text)
    if not seen.isascii() or not seen.isprintable():
        seen = "".join(
            char
            for char in seen
            if char in "\n\t" or unicodedata.category(char) not in _UNSEEN_CATEGORIES
        )
    return seen.strip()


def _as_typed(text: str, first: int, last: int) -> str:
    return text[first:last]


def _data(message: str, earlier: Sequence[tuple[str, str]]) -> str:
    said = ", ".join(
        f'{{"by": "{_SPEAKERS[role]}", "text": {_quoted(text)}}}' for role, text in earlier if text
    )
    return f'{{"earlier": [{said}], "message": {_quoted(message)}}}'


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).translate(_ESCAPES)


def _key(message: str, earlier: Sequence[tuple[str, str]]) -> bytes:
    """A digest over case, width and blanks folded: memory holds no words of a user."""
    said = [part for role, text in earlier for part in (role, text)]
    folded = (
        _BLANKS.sub(" ", unicodedata.normalize("NFKC", part).casefold()).strip()
        for part in (message, *said)
    )
    return hashlib.blake2b("\0".join(folded).encode(), digest_size=16).digest()


def _filled(text: str, offers: str, reasons: str) -> str:
    return string.Template(text).safe_substitute(offers=offers, reasons=reasons).strip()
