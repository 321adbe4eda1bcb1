"""What is told of a text: everything, nothing, or everything but what leads to a person.

Redaction is a net with known holes (names, street addresses and bank accounts without an IBAN
pass); it is not anonymity. `@` before a word is taken for somebody's handle. It works in linear
time on any text.
"""

import re
from collections.abc import Callable, Sequence
from typing import Literal

from tay_middleware.redaction.numbers import Spans, cards, ibans, ips, phones

MOST_CHARS = 4_000
"""What the log keeps of one question; a pasted book is not a question."""

REACH_CHARS = 200
"""How far behind a place to look before a text is cut there: no more than this would be left of
what stands across it, for it is longer than any number and nearly every address."""

CUT = "…"

_MAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}(?:@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"
    r"| ?@ ?(?!\d)[\w-]{1,63}(?:\.[\w-]{1,63}){0,7}\.[^\W\d_]{2,24}(?!\w))"
)
"""With blanks about the `@` only where the end is a word: `wigs @ 120.00` is a price."""

_HANDLE = re.compile(
    r"(?<![\w@.])(?:www\.)?(?:(?:instagram|facebook|fb|tiktok|twitter|x|youtube)\.com"
    r"|threads\.net|snapchat\.com/add|linkedin\.com/in|t\.me|wa\.me)/@?[\w.%+-]{2,100}"
    r"|(?<![\w@.])@(?=[\w.]{3})[^\W\d][\w.]{1,28}\w",
    re.IGNORECASE,
)

_MAY_HOLD = re.compile(r"@|\.(?:com|net|me)/|\d\.\d|:[0-9A-F]{0,4}:|(?:\d\D*){8}", re.IGNORECASE)
"""Without one of these a text has nothing to redact: most questions, and each is looked through."""

_AS_IF = str.maketrans(
    dict.fromkeys("\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009", " ")
    | dict.fromkeys("\u200a\u202f\u205f\u3000", " ")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d", "-")
    | {"\uff20": "@", "\ufe6b": "@", "\uff0b": "+", "\uff0e": ".", "\uff0f": "/"}
)
"""What looks alike, one character for one: places in the copy are places in the text."""

_UNSEEN = frozenset("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")
_TAKEN = "\x1f"
"""Stands in the copy where something was found: no pattern matches it."""


def keep(text: str, mode: Literal["none", "redacted", "full"]) -> str | None:
    """What the log stores of `text`: nothing, the redacted text, or the text itself, cut short."""
    if mode == "none":
        return None
    most = 2 * MOST_CHARS
    kept = text if mode == "full" else redacted_part(text[: most + REACH_CHARS], 0, most)
    if len(kept) > MOST_CHARS:
        kept = kept[: MOST_CHARS - 1] + CUT
    return kept.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def redact(text: str) -> str:
    """Put `[email]`, `[iban]`, `[card]`, `[ip]`, `[handle]` and `[phone]` where such a thing stood.

    It is looked for in a copy in which every blank, dash and `@` is the plain one and nothing is
    unseen, and replaced in `text`, of which all else stays as it was.
    """
    return redacted_part(text, 0, len(text))


def redacted_part(text: str, first: int, last: int) -> str:
    """`text[first:last]`, redacted; what stands across an edge is replaced as a whole.

    Cut before, half a card would be no card, and stay.
    """
    kept, behind = [], first
    for start, end, name in _found(text):
        if first < end and start < last:
            kept += [text[behind:start], f"[{name}]"]
            behind = end
    return "".join([*kept, text[behind:last]])


def _found(text: str) -> list[tuple[int, int, str]]:
    """Where something stands in `text`, and what, from left to right."""
    copy, places = _plain(text)
    if _MAY_HOLD.search(copy) is None:
        return []
    found: list[tuple[int, int, str]] = []
    for spans, name in _KINDS:
        taken = list(spans(copy))
        found += [(places[start], places[end - 1] + 1, name) for start, end in taken]
        copy = _without(copy, taken)
    return sorted(found)


def _plain(text: str) -> tuple[str, Sequence[int]]:
    """The copy that is searched, and where each of its characters stands in `text`."""
    if text.isascii():  # nothing in it looks like anything else
        return text, range(len(text))
    copy = text.translate(_AS_IF)
    if _UNSEEN.isdisjoint(copy):
        return copy, range(len(copy))
    places = [place for place, character in enumerate(copy) if character not in _UNSEEN]
    return "".join(copy[place] for place in places), places


def _without(copy: str, taken: Sequence[tuple[int, int]]) -> str:
    parts, behind = [], 0
    for start, end in taken:
        parts += [copy[behind:start], _TAKEN * (end - start)]
        behind = end
    return "".join([*parts, copy[behind:]])


def _mails(text: str) -> Spans:
    return (found.span() for found in _MAIL.finditer(text))


def _handles(text: str) -> Spans:
    return (found.span() for found in _HANDLE.finditer(text))


_KINDS: tuple[tuple[Callable[[str], Spans], str], ...] = (
    (_mails, "email"),
    (ibans, "iban"),
    (cards, "card"),
    (ips, "ip"),
    (_handles, "handle"),
    (phones, "phone"),
)
"""In this order: what is found is not looked at again."""
