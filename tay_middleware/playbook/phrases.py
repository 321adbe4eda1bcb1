"""The little language of phrases, expanded when the playbook loads.

    price~              price, prices, priced, pricing (regular English inflections)
    (raise|put up)      one of these
    my own? business    "my business" or "my own business"
    audit [my]          "my" must follow, but is not part of what was found
    <number> clients    any number: 6, 1,300, 2.5k
    <money> each        an amount with a currency sign: £20, $1.9k
    i'm, don't          also as im, i am, dont, do not

It refuses a phrase that it cannot read, and one that would expand without bounds: both are
`ValueError`s that name the phrase, for the loader to turn into file, line and mend. It knows
nothing about questions; matching is done in `decide.match`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

MAX_EXPANSIONS = 400
"""Most wordings that one phrase may stand for: beyond it the author meant something simpler, and
the compiled expression grows for nothing."""

MAX_TOKENS = 12
"""Longest wording in words: people do not repeat longer ones."""

NUMBER = "#"
"""Stands for any number in an expanded wording."""

MONEY = "$"
"""Stands for any amount with a currency sign in an expanded wording."""

_PIECE = re.compile(r"(\[)?(?:\(([^()]*)\)|([^\s()\[\]]+?))(\?)?(\])?(?=\s|$|\[)\s*")
_WORD = re.compile(r"[^\W_]+(?:['&:+.][^\W_]+)*'?|&")
_DOUBLING = re.compile(r"[^aeiou][aeiou][bdgmnprt]$")
_NEGATED = re.compile(r"^(\w+)n't$")
_NOT_CONTRACTED = frozenset({"ill", "well", "were", "wed", "shell", "hell", "shed", "lets"})
_NEGATED_OTHERWISE = {
    "can't": ("can't", "cant", "cannot", "can not"),
    "won't": ("won't", "wont", "will not"),
    "ain't": ("ain't", "aint"),
    "shan't": ("shan't", "shant", "shall not"),
}
_LONG_FORMS = {"'m": " am", "'ve": " have", "'ll": " will", "'re": " are", "'d": " would"}
_IS_FORMS = frozenset(
    {"what", "that", "it", "who", "how", "where", "there", "here", "she", "he", "when", "why"}
)


Spellings = Mapping[str, Sequence[str]]
"""Other ways to write a word: `business` → `biz`, `buisness`."""


@dataclass(frozen=True, slots=True)
class Wording:
    """One wording of a phrase: words with single spaces, `NUMBER` and `MONEY` standing for shapes.

    `lead` and `trail` are the characters of context before and after what counts as found.
    """

    text: str
    lead: int = 0
    trail: int = 0


@dataclass(frozen=True, slots=True)
class _Piece:
    choices: tuple[str, ...]
    context: bool


def expand(phrase: str, spellings: Spellings | None = None) -> tuple[Wording, ...]:
    """Every wording that `phrase` stands for, without repetition, in a fixed order.

    Raises:
        ValueError: the phrase cannot be read, is nothing but context or optional words, or stands
            for more than `MAX_EXPANSIONS` wordings.
    """
    pieces = _pieces(phrase, spellings or {})
    _check_context(phrase, pieces)
    count = 1
    for piece in pieces:
        count *= len(piece.choices)
        if count > MAX_EXPANSIONS:
            raise ValueError(
                f"'{phrase}' stands for more than {MAX_EXPANSIONS} wordings: split it in two"
            )
    wordings: dict[Wording, None] = {}
    for chosen in product(*(piece.choices for piece in pieces)):
        wordings.setdefault(_joined(phrase, pieces, chosen))
    return tuple(wordings)


def inflections(word: str) -> tuple[str, ...]:
    """The regular inflections of an English word: base, -s, -ed and -ing forms.

    Irregular words need alternatives: `(sell|sells|sold|selling)`.
    """
    if len(word) < 3 or not word.isalpha():
        raise ValueError(f"'{word}~': only a word of three or more letters can be inflected")
    if word.endswith("e"):
        stem = word if word.endswith(("ee", "oe", "ye")) else word[:-1]
        return (word, f"{word}s", f"{word}d", f"{stem}ing")
    if word.endswith("y") and word[-2] not in "aeiou":
        return (word, f"{word[:-1]}ies", f"{word[:-1]}ied", f"{word}ing")
    plural = f"{word}es" if word.endswith(("s", "x", "z", "ch", "sh")) else f"{word}s"
    stem = word + word[-1] if _DOUBLING.search(word) and len(word) <= 4 else word
    forms = (word, plural, f"{stem}ed", f"{stem}ing")
    return forms if stem == word or len(word) < 4 else (*forms, f"{word}ed", f"{word}ing")


def _pieces(phrase: str, spellings: Spellings) -> list[_Piece]:
    text = " ".join(phrase.casefold().replace("\u2019", "'").split())
    pieces: list[_Piece] = []
    at, in_context = 0, False
    while at < len(text):
        found = _PIECE.match(text, at)
        if found is None:
            raise ValueError(f"'{phrase}' cannot be read from '{text[at:]}' on")
        opens, group, word, optional, closes = found.groups()
        in_context = _opened(phrase, in_context, opens)
        options = group.split("|") if group is not None else [word]
        choices = [form for option in options for form in _forms(phrase, option, spellings)]
        pieces.append(_Piece(tuple(dict.fromkeys(choices + [""] * bool(optional))), in_context))
        in_context = in_context and not closes
        at = found.end()
    if in_context:
        raise ValueError(f"'{phrase}': a '[' is never closed")
    if not pieces:
        raise ValueError("a phrase is empty")
    return pieces


def _opened(phrase: str, in_context: bool, opens: str | None) -> bool:
    if opens and in_context:
        raise ValueError(f"'{phrase}': a '[' stands inside another")
    return in_context or bool(opens)


def _forms(phrase: str, option: str, spellings: Spellings) -> Iterator[str]:
    """The wordings of one alternative, itself one or more words."""
    words = option.replace("-", " ").split()
    if not words:
        raise ValueError(f"'{phrase}': an alternative is empty; write (…)? for an optional one")
    for chosen in product(*(_variants(phrase, word, spellings) for word in words)):
        yield " ".join(chosen)


def _variants(phrase: str, word: str, spellings: Spellings) -> tuple[str, ...]:
    shapes = {"<number>": NUMBER, "<money>": MONEY, "<number>%": f"{NUMBER}%"}
    if word in shapes:
        return (shapes[word],)
    bases = inflections(word[:-1]) if word.endswith("~") else (word,)
    forms: dict[str, None] = {}
    for base in bases:
        if not _WORD.fullmatch(base):
            raise ValueError(f"'{phrase}': '{base}' is not a word")
        for spelled in (base, *spellings.get(base, ())):
            forms.update(dict.fromkeys(_contractions(spelled)))
    return tuple(forms)


def _contractions(word: str) -> tuple[str, ...]:
    """The ways to write a word with an apostrophe; the word alone when it has none."""
    if "'" not in word:
        return (word,)
    if word in _NEGATED_OTHERWISE:
        return _NEGATED_OTHERWISE[word]
    plain = word.replace("'", "")
    short = (word,) if plain in _NOT_CONTRACTED else (word, plain)
    if negated := _NEGATED.match(word):
        return (*short, f"{negated[1]} not")
    stem, _, ending = word.rpartition("'")
    if ending == "s":
        return (*short, f"{stem} is") if stem in _IS_FORMS else short
    long = _LONG_FORMS.get(f"'{ending}")
    return (*short, f"{stem}{long}") if long else short


def _check_context(phrase: str, pieces: Sequence[_Piece]) -> None:
    """Context may stand at the two ends only, and something must be left between them."""
    kinds = [piece.context for piece in pieces]
    core = [at for at, context in enumerate(kinds) if not context]
    if not core or all("" in pieces[at].choices for at in core):
        raise ValueError(f"'{phrase}' needs at least one word that is neither optional nor context")
    if any(kinds[core[0] : core[-1] + 1]):
        raise ValueError(f"'{phrase}': context in [] may stand at the ends only")
    shaped = ("".join(piece.choices) for piece in pieces if piece.context)
    if any(NUMBER in text or MONEY in text for text in shaped):
        raise ValueError(f"'{phrase}': a number cannot be context")


def _joined(phrase: str, pieces: Sequence[_Piece], chosen: Sequence[str]) -> Wording:
    pairs = [(text, piece.context) for text, piece in zip(chosen, pieces, strict=True) if text]
    text = " ".join(part for part, _ in pairs)
    if text.count(" ") >= MAX_TOKENS:
        raise ValueError(f"'{phrase}' has a wording of more than {MAX_TOKENS} words")
    core = [at for at, (_, context) in enumerate(pairs) if not context]
    if not core:
        raise ValueError(f"'{phrase}' has a wording without any word of its own")
    lead = sum(len(part) + 1 for part, _ in pairs[: core[0]])
    trail = sum(len(part) + 1 for part, _ in pairs[core[-1] + 1 :])
    return Wording(text, lead, trail)
