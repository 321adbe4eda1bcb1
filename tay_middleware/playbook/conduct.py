"""What no wording may ever say: urgency, scarcity, pressure, promises and the like.

The rules are patterns in `voice.yaml`; here they are compiled and asked. Used when the playbook
loads, again on every mention before it is shown, and by the evals.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from tay_middleware.playbook.schema import Voice
from tay_middleware.playbook.values import checked_pattern

MAX_PATTERN_CHARS = 1_000
"""A longer pattern is two rules."""

REMEMBERED = 4096
"""Texts whose verdict is kept: a playbook's wordings, filled in every way, are a few thousand."""

_PLAIN_ESCAPE = re.compile(r"\\(?:[bBdDsSwW]|[^\w\s])")
_RANGE = re.compile(r"(?=(.)-(.))", re.DOTALL)
_OTHER_I = str.maketrans("\u0130\u0131", "ii")
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'})


@dataclass(frozen=True, slots=True)
class Violation:
    """Words that break a rule; `start:end` is their span in the text as it was asked about."""

    rule: str
    quote: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Rule:
    """A compiled rule; one that `is_lower` reads the text in lower case, three times as fast."""

    pattern: re.Pattern[str]
    is_lower: bool

    @classmethod
    def of(cls, patterns: list[str]) -> "_Rule":
        text = "|".join(f"(?:{pattern})" for pattern in patterns)
        is_lower = all(_is_lower(pattern) for pattern in patterns)
        return cls(re.compile(text, re.NOFLAG if is_lower else re.IGNORECASE), is_lower)


class ConductRules:
    """The compiled rules of one playbook."""

    def __init__(self, rules: Mapping[str, tuple[str, ...]], must_pass: tuple[str, ...]) -> None:
        """Compile the rules; `must_pass` are phrases that no rule may hold against a wording.

        Raises:
            ValueError: a pattern cannot be compiled, is too long, or could take exponential time.
        """
        self._rules = {
            name: _Rule.of([_checked(name, text) for text in patterns])
            for name, patterns in rules.items()
        }
        self._must_pass = _any_of(must_pass)
        self._made_of = (dict(rules), must_pass)
        self._remembered = lru_cache(REMEMBERED)(self._violations)

    @classmethod
    def from_voice(cls, voice: Voice) -> "ConductRules":
        """The rules of a voice."""
        return cls(voice.conduct.rules, voice.conduct.must_pass)

    def violations(self, text: str, facts: tuple[str, ...] = ()) -> tuple[Violation, ...]:
        """Every rule that `text` breaks, in order of position, one entry a rule and place.

        `facts` are words of the catalogue, a price or a link: within one of them no rule is broken,
        but one that reaches beyond it is ("you'll make £500").
        """
        return self._remembered(text, facts)

    def _violations(self, text: str, facts: tuple[str, ...]) -> tuple[Violation, ...]:
        plain, places = _plain(text)
        lower = _lower(plain)
        found = [
            (name, hit.span())
            for name, rule in self._rules.items()
            for hit in rule.pattern.finditer(lower if rule.is_lower else plain)
        ]
        if not found:
            return ()
        spared = [*_spans(self._must_pass, plain), *_spans(_any_of(facts), plain)]
        broken = [
            Violation(name, text[places[start] : places[end]], places[start], places[end])
            for name, (start, end) in found
            if not any(first <= start and end <= last for first, last in spared)
        ]
        return tuple(sorted(broken, key=lambda one: (one.start, one.rule)))

    def __reduce__(
        self,
    ) -> "tuple[type[ConductRules], tuple[dict[str, tuple[str, ...]], tuple[str, ...]]]":
        return ConductRules, self._made_of


def _any_of(phrases: tuple[str, ...]) -> re.Pattern[str] | None:
    """A pattern of whole phrases, in any letter case; `None` for none."""
    known = "|".join(re.escape(_plain(phrase)[0]) for phrase in phrases if phrase)
    return re.compile(rf"(?<!\w)(?:{known})(?!\w)", re.IGNORECASE) if known else None


def _spans(pattern: re.Pattern[str] | None, plain: str) -> list[tuple[int, int]]:
    return [found.span() for found in pattern.finditer(plain)] if pattern else []


def _checked(name: str, pattern: str) -> str:
    if len(pattern) > MAX_PATTERN_CHARS:
        raise ValueError(f"rule {name}: a pattern is longer than {MAX_PATTERN_CHARS} characters")
    try:
        return checked_pattern(pattern)
    except ValueError as error:
        raise ValueError(f"rule {name}: {error}") from None


def _is_lower(pattern: str) -> bool:
    """Whether a pattern finds in a text in lower case what it finds in any letter case.

    Doubtful ones (an odd escape, a range such as `[!-z]`, a letter that is not ASCII) do not.
    """
    bare = _PLAIN_ESCAPE.sub("", pattern)
    letters = "".join(character for character in bare if character.isalpha())
    ranges = {first + last for first, last in _RANGE.findall(bare) if first < last}
    sound = all(pair.isdigit() or (pair.isalpha() and pair.islower()) for pair in ranges)
    return sound and "\\" not in bare and letters.isascii() and letters == letters.lower()


def _lower(plain: str) -> str:
    """`plain` in lower case, as long as it was; a dotted or dotless i of another case is an i."""
    return plain.translate(_OTHER_I).lower()


def _plain(text: str) -> tuple[str, list[int]]:
    """`text` without tricks (hidden characters, curly quotes, odd spaces), and its old places.

    The list has one place more than the text has characters: the end.
    """
    if text.isascii() and text.isprintable():
        return text, list(range(len(text) + 1))
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if unicodedata.category(character) in {"Cf", "Cc", "Mn"} and character not in "\n\t":
            continue
        simple = unicodedata.normalize("NFKC", character).translate(_QUOTES)
        for piece in " " if simple.isspace() else simple:
            characters.append(piece)
            places.append(place)
    places.append(len(text))
    return "".join(characters), places
