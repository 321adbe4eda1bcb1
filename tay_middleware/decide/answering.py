"""Short answers, as people type them: "nooo", "hmm not now, saving for a baby", a thumb down."""

import re
from collections.abc import Iterator

SHORT_CHARS = 80
"""Longest message that is read as a bare answer ("stop", "not now thanks") to a mention."""

_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")
_SIGNS = re.compile("[\U0001f44e\U0001f645]")
"""A thumb down and a person who crosses her arms say no in every language."""

_OPENER = re.compile(
    r"(?:(?:u+h+|u+m+|e+r+m?|h+m+|well|ok(?:ay)?|oh|aw+|ah+|right|interesting|fair(?: enough)?"
    r"|(?:that )?sounds (?:good|interesting|great|amazing|lovely|nice|perfect)"
    r"|i see|got it|(?:no )?i get it|go on(?: then)?|yeah?|yes|cool|nice|lovely|great"
    r"|thanks|thank you|wait|actually|honestly|seriously|so|and|but|then|lo+l|(?:ha){2,}h?|girl"
    r"|babes?|sis|hun|tay)(?![\w'])[\s,.!;:\u2026-]*)+",
    re.IGNORECASE,
)
"""What people say before what they say."""

_TAIL = re.compile(
    r"(?:[\s,.!;:\u2026-]+(?:lo+l|lmao|(?:ha){2,}h?|x{1,4}|babes?|sis|hun|love|girl|tay|then|though"
    r"|tho|anyway|thanks|thank you|ty|please|pls|abeg))+[\s.!\u2026]*$",
    re.IGNORECASE,
)
"""And after it: a laugh, a kiss, a name."""

_CLAUSE = re.compile(r"[,.!;:\n\u2026]+|\bbut\b")


_TURNS_AWAY = re.compile(
    r"(?:no+|nope|nah+)[\s,.!;:\u2026-]+(?:anyways?|moving on|back to)\b", re.IGNORECASE
)
"""A no, and on to something else: "nope. anyway, how do I cost a wig"."""


def turns_away(text: str) -> bool:
    """Whether a text begins with a no to what was said last and goes on to something else."""
    return _TURNS_AWAY.match(text.lstrip()) is not None


def plainly(text: str) -> str:
    """A short text as its answer is meant: letters once that were drawn out, signs as words."""
    return _DRAWN_OUT.sub(r"\1", _SIGNS.sub(" no ", text))


def opened(text: str) -> str:
    """A text without what people say before what they say; the text itself where that is all."""
    opener = _OPENER.match(text.lstrip())
    return text if opener is None else text.lstrip()[opener.end() :] or text


def bare(text: str) -> str:
    """A text without opener and tail; the text itself where nothing else is in it."""
    return _TAIL.sub("", opened(text)) or text


def clauses(text: str) -> Iterator[str]:
    """The clauses of a text of several, each without opener and tail."""
    parts = [part.strip() for part in _CLAUSE.split(text)]
    told = [part for part in parts if part]
    if len(told) > 1:
        yield from map(bare, told)
