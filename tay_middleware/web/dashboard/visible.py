"""Text of apps and of people, made fit to be looked at: nothing hides in it, nothing runs.

Escaping HTML is Jinja's; here what HTML would not show is shown: control characters, marks that
turn the direction of writing, characters without width.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

_SYMBOLS = 0x2400
"""Where Unicode has pictures of the control characters."""

_PICTURED = {code: chr(_SYMBOLS + code) for code in range(32) if chr(code) not in "\n\t"}
_NAMED = (
    *range(0x80, 0xA0),
    *(0x061C, 0x180E, 0x200B, 0x200C, 0x200E, 0x200F, 0x2028, 0x2029, 0x2060, 0xFEFF),
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
    *range(0xE0000, 0xE0080),
)
_SHOWN = (
    _PICTURED
    | {0x7F: "\u2421"}
    | {code: f"\u27e8U+{code:04X}\u27e9" for code in _NAMED}
    | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
)


def visible(text: str) -> str:
    """The text with a picture or the name of every character that would not be seen."""
    if text.isascii() and text.isprintable():
        return text
    return text.replace("\r\n", "\n").translate(_SHOWN)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a question; `groups` names the indicators that were found in it."""

    text: str
    groups: tuple[str, ...] = ()


def pieces(question: str, indicators: Sequence[Sequence[Any]]) -> list[Piece]:
    """A question cut where indicators begin and end.

    Args:
        question: as the log keeps it, which may be shorter than it was typed.
        indicators: as the log keeps them: group, phrase, start, end, weight. One whose place is
            not in the question, or reads otherwise there, is left out: its words were redacted.
    """
    spans = [found for one in indicators if (found := _span(question, one)) is not None]
    edges = sorted({0, len(question), *(edge for start, end, _ in spans for edge in (start, end))})
    cut = []
    for start, end in pairwise(edges):
        groups = {group for first, last, group in spans if first <= start and end <= last}
        cut.append(Piece(question[start:end], tuple(sorted(groups))))
    return cut


def _span(question: str, indicator: Sequence[Any]) -> tuple[int, int, str] | None:
    group, phrase, start, end, weight = indicator
    if not 0 <= start < end or not weight:
        return None
    if end <= len(question) and _words(question[start:end]) == _words(phrase):
        return start, end, str(group)
    # A redaction before it has moved it; the same words elsewhere are the same evidence.
    moved = question.casefold().find(str(phrase).casefold())
    if not phrase or moved < 0 or len(question.casefold()) != len(question):
        return None
    return moved, moved + len(str(phrase)), str(group)


def _words(text: str) -> list[str]:
    return str(text).casefold().replace("\u2019", "'").split()
