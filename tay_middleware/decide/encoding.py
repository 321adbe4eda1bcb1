"""A question and what was said before it, as the encoder reads them: token ids and segments.

One place for training and for run time, so that both read alike. `tokenizers` is a parameter, not
an import: the core does without it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tay_middleware.domain import Message

MAX_TOKENS = 192
"""Longest input; of a longer question the head and the tail are read."""

_TAIL = 64
_BEFORE_TOKENS = 40
"""Most tokens of each of the latest earlier messages."""

_BEFORE_MESSAGES = 2
_SHORT_WORDS = 8
"""A question of so many words at most may be a follow-up, which what was said before explains; a
longer one speaks for itself."""

_MOST_CHARS = 4000
"""Of a text of 100 KB no more is worth cutting into tokens."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids with their segments: 0 for what was said before, 1 for the question."""

    tokens: list[int]
    segments: list[int]


def encode(tokenizer: Any, question: str, history: Sequence[Message] = ()) -> Encoded:
    """Encode one question.

    Args:
        tokenizer: a `tokenizers.Tokenizer` with `[CLS]` and `[SEP]`.
        question: the text as typed.
        history: what was said before, oldest first; of a short question the last two messages
            are read.
    """
    first, last = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    before: list[int] = []
    for message in said_before(question, history):
        before += [*_ids(tokenizer, message.content)[:_BEFORE_TOKENS], last]
    asked = _ids(tokenizer, question)
    room = MAX_TOKENS - len(before) - 2
    if len(asked) > room:
        asked = asked[: room - _TAIL] + asked[-_TAIL:]
    tokens = [first, *before, *asked, last]
    return Encoded(tokens, [0] * (1 + len(before)) + [1] * (len(asked) + 1))


def said_before(question: str, history: Sequence[Message]) -> Sequence[Message]:
    """The earlier messages that a question is read with."""
    if len(question.split(None, _SHORT_WORDS + 1)) > _SHORT_WORDS:
        return ()
    return history[-_BEFORE_MESSAGES:]


def _ids(tokenizer: Any, text: str) -> list[int]:
    if len(text) > _MOST_CHARS:
        half = _MOST_CHARS // 2
        text = f"{text[:half]} {text[-half:]}"
    # A lone surrogate is no character that the tokenizer could take.
    text = text.encode("utf-8", "replace").decode("utf-8")
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
    return ids
