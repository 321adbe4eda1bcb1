"""The text that is searched, and the way back from it to the question as typed.

Cuts first (head 2,500 and tail 1,500 characters), so that no input is long; then folds case and
width, straightens quotes, and blanks out what the user shows rather than says: code blocks and
quotations. What she may have said of herself in them is kept apart, for the gates that must hear
it. All of it is linear. It finds nothing and judges nothing.

In the searched text every word stands between spaces, whatever stood there before; currency signs
are `$`, and the point or comma inside a number is `_`.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

HEAD_CHARS = 2_500
TAIL_CHARS = 1_500
"""What is read of a long question: people ask first or last; in between stands what they pasted."""

CLAUSE_ENDS = frozenset(".,;:!?\n")
"""Characters that end a clause, and with it the reach of a negator."""

BLANK = "\0"
"""Stands for every character that was blanked out; belongs to no word and ends no clause."""

_STRAIGHT = tuple(
    (old, new)
    for new, olds in {
        "'": "\u2019\u2018\u201b\u02b9\u02bc\u00b4\u2032",
        "-": "\u2010\u2011\u2012\u2212",
        '"': "\u201c\u201d\u201e\u00ab\u00bb",
        "$": "\u00a3\u20ac\u20a6\u00a5\u20b5",
        " ": "\u00a0\u202f\u2013",
        ",": "\u2014",
        ".": "\u2026",
        "\n": "\u2028\u2029",
    }.items()
    for old in olds
)
"""Quotes, currency signs, blanks and dashes of the same length; written as codes because half of
them look alike."""

_TICK_IN_WORD = re.compile(r"(?<=[^\W\d_])`(?=[^\W\d_])")
"""A backtick typed for an apostrophe ("I don`t"): two of them are no code."""

_BETWEEN_WORDS = '.,;:!?/\n\r\t-()"*[]{}<>~#+=|\\`^'
_SPACED = str.maketrans(dict.fromkeys(_BETWEEN_WORDS, " "))
_IN_NUMBER = re.compile(r"[.,:](?<=\d[.,:])(?=\d)")
_HIDDEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
)
_INVISIBLE = re.compile(f"[{_HIDDEN}]")
_VISIBLE = re.compile(f"[^{_HIDDEN}]+")
_MARKS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_CHARACTER = re.compile(rf"[\s\S][{_MARKS}]{{0,8}}")
"""One character with the marks that follow it; bounded, for normalising a run of marks costs the
square of its length."""

_MAX_FOLDED = 4
"""Most characters that one character may fold into: one ligature of 18 would swell the window."""

_BLANKS_OR_NOT = re.compile(r" +|[^ ]+")
_MASKS = (
    re.compile(r"```.*?(?:```|\Z)", re.DOTALL),
    re.compile(r"(?<!\w)`[^`\n]{1,400}`"),
    re.compile(r"(?m)^[ \t]{0,3}>[^\n]*"),
)
_QUOTATION = re.compile(r'(?<![^\s(\[,:;.!?*-])"(?=[^\s"])([^"\n]{8,600})"')
_QUOTED_LINES = re.compile(r"(?m)(?:^[ ]{0,3}>[^\n]*\n?)+")
_QUOTED_WORDS = 4
"""A quotation of at least so many words is shown, not said; shorter ones are emphasis or names."""

_OTHERS = (
    "she|he|they|who|clients?|customers?|brides?|people|lady|ladies|girls?|woman|women|man|guys?"
    "|coach|friends?|mates?|mum|mom|dad|mother|father|sister|brother|husband|boyfriend|partner|wife"
    "|landlord|boss|vendors?|suppliers?|brands?|someone|somebody|everyone|everybody|nobody|reviews?"
    "|comments?|dms?|texts?|messages?|emails?|posts?|captions?|signs?|ads?|adverts?|script|reply"
)
_BY_ANOTHER = re.compile(rf"\b(?:{_OTHERS})(?: (?!(?:i|we)\b)[\w']{{1,20}}){{0,4}}[ ,:\n]*\Z")
_SAYS_ANOTHER = re.compile(
    rf"[ ,.!?]*(?:(?:is|was|that's) )?(?:(?:what|how) )?(?:(?:said|says) )?"
    rf"(?:(?:my|our|a|the|one|some|this) )?(?:{_OTHERS})\b"
)
_NEAR_CHARS = 80
"""How far before and after a quotation its author is looked for."""


@dataclass(frozen=True, slots=True)
class Window:
    """The searched text of one question.

    `literal` is the same text, of the same length, with its punctuation. Character `i` of them came
    from `question[starts[i]:ends[i]]`; both are `None` when that is simply `question[i]`.
    `heard` is `literal` before code and quotations were blanked out, but for the quotations of
    other people; `None` where that is no difference.
    """

    text: str
    literal: str
    starts: Sequence[int] | None = None
    ends: Sequence[int] | None = None
    heard: str | None = None

    def aloud(self) -> "Window":
        """The window in which only what others said is blanked out."""
        if self.heard is None:
            return self
        return Window(_searchable(self.heard), self.heard, self.starts, self.ends)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The half-open span in the question as typed of `text[start:end]`, which is not empty."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


def normalise(question: str) -> Window:
    """Cut, fold and blank out `question`; never raises, whatever the characters are."""
    if len(question) > HEAD_CHARS + TAIL_CHARS:
        return _of_both_ends(question)
    folded, starts, ends = _fold(question)
    if "`" in folded:
        folded = _TICK_IN_WORD.sub("'", folded)
    heard: str | None = None
    if "`" in folded or '"' in folded or ">" in folded:
        heard, folded = _without_others(folded), _masked(folded)
        heard = None if heard == folded else heard
    return Window(_searchable(folded), folded, starts, ends, heard)


def _of_both_ends(question: str) -> Window:
    """The window of a long question: its head, the end of a clause, its tail."""
    tail = len(question) - TAIL_CHARS
    cut = normalise(f"{question[: HEAD_CHARS - 1]}\n{question[tail:]}")
    came_from = [*range(HEAD_CHARS), *range(tail, len(question))]
    starts = cut.starts if cut.starts is not None else range(len(came_from))
    ends = cut.ends if cut.ends is not None else range(1, len(came_from) + 1)
    return Window(
        cut.text,
        cut.literal,
        [came_from[at] for at in starts],
        [came_from[at - 1] + 1 for at in ends],
        cut.heard,
    )


_Folded = tuple[str, list[int] | None, list[int] | None]


def _fold(text: str) -> _Folded:
    """Case, width and quotes folded; starts and ends only where characters moved."""
    text = text.replace("\t", " ")
    if text.isascii():
        folded: _Folded = (text.lower(), None, None)
    else:
        straight = text
        for old, new in _STRAIGHT:
            straight = straight.replace(old, new)
        plain = straight.casefold()
        moves = len(plain) != len(text) or _INVISIBLE.search(plain) is not None
        if moves or not unicodedata.is_normalized("NFKC", plain):
            folded = _fold_by_segments(straight)
        else:
            folded = (plain, None, None)
    return _collapsed(*folded) if "  " in folded[0] else folded


def _fold_by_segments(text: str) -> _Folded:
    """Fold what is plain between invisible characters whole, the rest character by character."""
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for segment in _VISIBLE.finditer(text):
        start, end = segment.span()
        folded = segment[0].casefold()
        if len(folded) == end - start and unicodedata.is_normalized("NFKC", folded):
            pieces.append(folded)
            starts.extend(range(start, end))
            ends.extend(range(start + 1, end + 1))
            continue
        for found in _CHARACTER.finditer(text, start, end):
            piece = unicodedata.normalize("NFKC", found[0]).casefold()[:_MAX_FOLDED]
            pieces.append(piece)
            starts.extend([found.start()] * len(piece))
            ends.extend([found.end()] * len(piece))
    return "".join(pieces), starts, ends


def _collapsed(text: str, starts: list[int] | None, ends: list[int] | None) -> _Folded:
    """Runs of blanks made one space each."""
    kept: list[int] = []
    pieces: list[str] = []
    for run in _BLANKS_OR_NOT.finditer(text):
        blank = run[0][0] == " "
        pieces.append(" " if blank else run[0])
        kept.extend(range(run.start(), run.start() + 1 if blank else run.end()))
    return (
        "".join(pieces),
        kept if starts is None else [starts[at] for at in kept],
        [at + 1 for at in kept] if ends is None else [ends[at] for at in kept],
    )


def _masked(folded: str) -> str:
    """Code and quotations blanked out, character for character."""
    for mask in _MASKS:
        folded = mask.sub(lambda found: BLANK * len(found[0]), folded)
    return _QUOTATION.sub(_blank_quotation, folded)


def _blank_quotation(found: re.Match[str]) -> str:
    words = found[0].count(" ") + 1
    return BLANK * len(found[0]) if words >= _QUOTED_WORDS else found[0]


def _without_others(folded: str) -> str:
    """What other people are quoted to say blanked out, character for character."""
    for quoted in (_QUOTED_LINES, _QUOTATION):
        folded = quoted.sub(_blank_anothers, folded)
    return folded


def _blank_anothers(found: re.Match[str]) -> str:
    """Blank out a quotation where somebody else stands beside it as the one who says it."""
    start, end = found.span()
    before = found.string[max(0, start - _NEAR_CHARS) : start]
    after = found.string[end : end + _NEAR_CHARS]
    anothers = _BY_ANOTHER.search(before) or _SAYS_ANOTHER.match(after)
    return _blank_quotation(found) if anothers else found[0]


def _searchable(folded: str) -> str:
    text = _IN_NUMBER.sub("_", folded)
    if text.isascii():
        return text.translate(_SPACED)
    for char in _BETWEEN_WORDS:
        text = text.replace(char, " ")
    return text
