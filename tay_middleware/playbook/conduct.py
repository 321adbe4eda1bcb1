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

MAX_PATTERN_CHARS = 1_000
"""A longer pattern is two rules."""

REMEMBERED = 4096
"""Texts whose verdict is kept: a playbook's wordings, filled in every way, are a few thousand."""

_NESTED_QUANTIFIER = re.compile(r"\([^()]*[+*][^()]*\)[+*{]")
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'})


@dataclass(frozen=True, slots=True)
class Violation:
    """Words that break a rule; `start:end` is their span in the text as it was asked about."""

    rule: str
    quote: str
    start: int
    end: int


class ConductRules:
    """The compiled rules of one playbook."""

    def __init__(self, rules: Mapping[str, tuple[str, ...]], must_pass: tuple[str, ...]) -> None:
        """Compile the rules; `must_pass` are phrases that no rule may hold against a wording.

        Raises:
            ValueError: a pattern cannot be compiled, is too long, or could take exponential time.
        """
        self._rules = {
            name: re.compile(
                "|".join(f"(?:{_checked(name, text)})" for text in patterns), re.IGNORECASE
            )
            for name, patterns in rules.items()
        }
        allowed = "|".join(re.escape(_plain(phrase)[0]) for phrase in must_pass)
        self._must_pass = (
            re.compile(rf"(?<!\w)(?:{allowed})(?!\w)", re.IGNORECASE) if allowed else None
        )
        self._made_of = (dict(rules), must_pass)
        self._remembered = lru_cache(REMEMBERED)(self._violations)

    @classmethod
    def from_voice(cls, voice: Voice) -> "ConductRules":
        """The rules of a voice."""
        return cls(voice.conduct.rules, voice.conduct.must_pass)

    def violations(self, text: str) -> tuple[Violation, ...]:
        """Every rule that `text` breaks, in order of position, one entry a rule and place."""
        return self._remembered(text)

    def _violations(self, text: str) -> tuple[Violation, ...]:
        plain, places = _plain(text)
        spared = (
            [found.span() for found in self._must_pass.finditer(plain)] if self._must_pass else []
        )
        broken = [
            Violation(
                name, text[places[found.start()] : places[found.end()]], *_span(found, places)
            )
            for name, pattern in self._rules.items()
            for found in pattern.finditer(plain)
            if not any(start <= found.start() and found.end() <= end for start, end in spared)
        ]
        return tuple(sorted(broken, key=lambda one: (one.start, one.rule)))

    def __reduce__(
        self,
    ) -> "tuple[type[ConductRules], tuple[dict[str, tuple[str, ...]], tuple[str, ...]]]":
        return ConductRules, self._made_of


def _span(found: re.Match[str], places: list[int]) -> tuple[int, int]:
    return places[found.start()], places[found.end()]


def _checked(name: str, pattern: str) -> str:
    if len(pattern) > MAX_PATTERN_CHARS:
        raise ValueError(f"rule {name}: a pattern is longer than {MAX_PATTERN_CHARS} characters")
    if _NESTED_QUANTIFIER.search(pattern):
        raise ValueError(f"rule {name}: {pattern!r} repeats a repetition; that can take for ever")
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"rule {name}: {pattern!r} is no pattern: {error}") from None
    return pattern


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
