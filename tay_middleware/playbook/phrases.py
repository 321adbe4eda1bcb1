"""The little language of phrases, read when the playbook loads.

    price~              price, prices, priced, pricing (regular English inflections)
    (raise|put up)      one of these
    my own? business    "my business" or "my own business"
    audit [my]          "my" must follow, but is not part of what was found
    <number> clients    any number: 6, 1,300, 2.5k
    <money> each        an amount with a currency sign: £20, $1.9k
    <start> not now     the message begins here
    how much <end>      its clause ends here
    i'm, don't          also as im, i am, dont, do not

It refuses a phrase that it cannot read and one that is out of bounds: both are `ValueError`s that
quote the phrase, for the loader to turn into file, line and mend. It knows nothing about questions;
matching is done in `decide.match`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, product

MAX_PIECES = 12
"""Longest phrase in words or groups: people do not repeat longer ones."""

MAX_CHOICES = 1_000
"""Most wordings of one group of alternatives, inflections and spellings included."""

REMEMBERED = 8192
"""Words whose ways of writing are kept: phrases use the same few thousand again and again."""

NUMBER = "#"
"""Stands for any number."""

MONEY = "$"
"""Stands for any amount with a currency sign."""

PERCENT = "#%"
"""Stands for any number with a percent sign."""

START = "^"
"""Where the message begins: stands first in a phrase."""

END = "."
"""Where a clause ends: stands last in a phrase."""

Tokens = tuple[str, ...]
"""One wording, word by word."""

Spellings = Mapping[str, Sequence[str]]
"""Other ways to write a word: `business` → `biz`, `buisness`."""

_PIECE = re.compile(r"(\[)?(?:\(([^()]*)\)|([^\s()\[\]]+?))(\?)?(\])?(?=\s|$)\s*")
_WORD = re.compile(r"[^\W_]+(?:['&:.][^\W_]+)*'?|&")
_SHAPES = {"<number>": NUMBER, "<money>": MONEY, "<number>%": PERCENT}
_MARKS = {"<start>": START, "<end>": END}
_DOUBLING = re.compile(r"[^aeiou][aeiou][bdgmnprt]$")
_IN_NUMBER = re.compile(r"(?<=\d)[.,:](?=\d)")
_NEGATED = re.compile(r"(\w+)n't")
_NEGATED_OTHERWISE = {
    "can't": ("can't", "cant", "cannot", "can not"),
    "won't": ("won't", "wont", "will not"),
    "ain't": ("ain't", "aint"),
    "shan't": ("shan't", "shant", "shall not"),
}
_LONG_FORMS = {"m": "am", "ve": "have", "ll": "will", "re": "are", "d": "would"}
_IS_FORMS = frozenset(
    {"what", "that", "it", "who", "how", "where", "there", "here", "she", "he", "when", "why"}
)
_WORDS_WITHOUT_APOSTROPHE = frozenset(
    {"ill", "well", "were", "wed", "shell", "hell", "shed", "odd"}
)
"""Contractions that are other words without their apostrophe: "we're" is never found as "were"."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One word or group of a phrase: `choices` are token sequences, of which one must stand here.

    `optional` pieces may be missing; `context` must stand there but is not part of what is found.
    """

    choices: tuple[tuple[str, ...], ...]
    optional: bool = False
    context: bool = False

    @property
    def mark(self) -> str | None:
        """`START` or `END` where the piece is such a mark, and no word."""
        word = self.choices[0][0]
        return word if word in {START, END} else None


def parse(phrase: str, spellings: Spellings | None = None) -> tuple[Piece, ...]:
    """Read a phrase into its pieces.

    Raises:
        ValueError: the phrase cannot be read, has no word of its own that must stand there, has
            context in its middle, or exceeds `MAX_PIECES` or `MAX_CHOICES`.
    """
    text = " ".join(phrase.casefold().replace("\u2019", "'").split())
    pieces: list[Piece] = []
    at, in_context = 0, False
    while at < len(text):
        found = _PIECE.match(text, at)
        if found is None:
            raise ValueError(f"'{phrase}' cannot be read from '{text[at:]}' on")
        opens, group, word, optional, closes = found.groups()
        if word in _MARKS and found[0].strip() == word:
            pieces.append(Piece(((_MARKS[word],),), context=True))
            at = found.end()
            continue
        if opens and in_context:
            raise ValueError(f"'{phrase}': a '[' stands inside another")
        in_context = in_context or bool(opens)
        options = group.split("|") if group is not None else [word]
        choices = _choices(phrase, options, spellings or {})
        pieces.append(Piece(choices, bool(optional), in_context))
        in_context = in_context and not closes
        at = found.end()
    if in_context:
        raise ValueError(f"'{phrase}': a '[' is never closed")
    _check(phrase, pieces)
    return tuple(pieces)


def inflections(word: str) -> tuple[str, ...]:
    """The regular inflections of an English word: base, -s, -ed and -ing forms.

    Irregular words need alternatives: `(sell|sells|sold|selling)`.

    Raises:
        ValueError: it is not a word of three or more letters.
    """
    if len(word) < 3 or not word.isalpha():
        raise ValueError(f"'{word}~': only a word of three or more letters can be inflected")
    if word.endswith("e"):
        stem = word if word.endswith(("ee", "oe", "ye")) else word[:-1]
        return (word, f"{word}s", f"{word}d", f"{stem}ing")
    if word.endswith("y") and word[-2] not in "aeiou":
        return (word, f"{word[:-1]}ies", f"{word[:-1]}ied", f"{word}ing")
    plural = f"{word}es" if word.endswith(("s", "x", "z", "ch", "sh")) else f"{word}s"
    doubled = word + word[-1] if _DOUBLING.search(word) and len(word) <= 4 else word
    return (word, plural, f"{doubled}ed", f"{doubled}ing")


def _choices(
    phrase: str, options: Sequence[str], spellings: Spellings
) -> tuple[tuple[str, ...], ...]:
    choices: dict[Tokens, None] = {}
    for option in options:
        words = option.replace("-", " ").split()
        if not words:
            raise ValueError(f"'{phrase}': an alternative is empty; write (…)? for an optional one")
        for tokens in _together([_variants(phrase, word, spellings) for word in words]):
            choices[tokens] = None
            if len(choices) > MAX_CHOICES:
                raise ValueError(
                    f"'{phrase}': a group stands for more than {MAX_CHOICES} wordings; split it"
                )
    return tuple(choices)


def _together(variants: Sequence[Sequence[Tokens]]) -> Iterable[Tokens]:
    """Words one after the other, each in all of its ways."""
    if len(variants) == 1:
        return variants[0]
    return (tuple(chain.from_iterable(chosen)) for chosen in product(*variants))


def _variants(phrase: str, word: str, spellings: Spellings) -> Sequence[Tokens]:
    if word in _SHAPES:
        return ((_SHAPES[word],),)
    ways: list[Tokens] = []
    for base in _bases(word):
        written = _written(base)
        if written is None:
            raise ValueError(f"'{phrase}': '{base}' is not a word")
        ways += written
        for spelled in spellings.get(base, ()):
            ways += _spelled(spelled)
    return ways


@lru_cache(maxsize=REMEMBERED)
def _bases(word: str) -> tuple[str, ...]:
    return inflections(word[:-1]) if word.endswith("~") else (word,)


@lru_cache(maxsize=REMEMBERED)
def _written(word: str) -> tuple[Tokens, ...] | None:
    """The ways to write a word, `None` where it is none."""
    return _spelled(word) if _WORD.fullmatch(word) else None


@lru_cache(maxsize=REMEMBERED)
def _spelled(word: str) -> tuple[Tokens, ...]:
    return tuple(tuple(way.split()) for way in _contractions(_IN_NUMBER.sub("_", word)))


def _contractions(word: str) -> tuple[str, ...]:
    """The ways to write a word with an apostrophe; the word alone when it has none."""
    if "'" not in word:
        return (word,)
    if word in _NEGATED_OTHERWISE:
        return _NEGATED_OTHERWISE[word]
    plain = word.replace("'", "")
    short = (word,) if plain in _WORDS_WITHOUT_APOSTROPHE else (word, plain)
    if negated := _NEGATED.fullmatch(word):
        return (*short, f"{negated[1]} not")
    stem, _, ending = word.rpartition("'")
    if ending == "s":
        return (*short, f"{stem} is") if stem in _IS_FORMS else short
    return (*short, f"{stem} {_LONG_FORMS[ending]}") if ending in _LONG_FORMS else short


def _check(phrase: str, pieces: Sequence[Piece]) -> None:
    if not pieces:
        raise ValueError("a phrase is empty")
    if len(pieces) > MAX_PIECES:
        raise ValueError(f"'{phrase}' has more than {MAX_PIECES} words: nobody repeats that")
    own = [at for at, piece in enumerate(pieces) if not piece.context]
    if all(pieces[at].optional for at in own):
        raise ValueError(f"'{phrase}' needs at least one word that is neither optional nor context")
    for mark, place in ((START, 0), (END, len(pieces) - 1)):
        if any(piece.mark == mark and at != place for at, piece in enumerate(pieces)):
            raise ValueError(f"'{phrase}': <start> may stand first only, <end> last only")
    if any(piece.context for piece in pieces[own[0] : own[-1]]):
        raise ValueError(f"'{phrase}': context in [] may stand at the ends only")
