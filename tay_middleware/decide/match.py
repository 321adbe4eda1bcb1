"""All phrases of the playbook found in one pass, each with its place; what they mean comes later.

The phrases become one regular expression, built as a trie over characters and compiled once. It is
tried after every character that can precede a word, as a lookahead, so that overlaps are found; it
yields the longest phrase that begins there, and the shorter ones that begin it are known from the
table. Only whole words match. Matching knows neither weights nor gates: a scorer of any kind takes
the same hits as its features.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from tay_middleware.decide.normalise import WORD_STARTS, Window
from tay_middleware.playbook.phrases import MONEY, NUMBER, Wording

MeaningT = TypeVar("MeaningT")

_DIGITS = r"0{1,9}(?:[.,]0{1,9}){0,4}[km]?"
_SHAPES = {NUMBER: f"(?>{_DIGITS})", MONEY: rf"(?>\${_DIGITS})"}
_SHAPE = re.compile(rf"(\$?){_DIGITS}")
_LITERAL_NUMBER = re.compile(r"\d+(?:[.,]\d+)*[km]?")
_WORD_ENDS = r"(?!\w|'(?!s\b)\w)"
"""A word ends where no letter follows, nor an apostrophe with letters: "can" is not in "can't". The
possessive is let through: "my client's wig" is about "my client"."""


@dataclass(frozen=True, slots=True)
class _Entry(Generic[MeaningT]):
    """One meaning of a key: where its span begins and ends in the key, and where the key does.

    `shapes` are the numbers before `end`, `all_shapes` those before `stop`; each may be longer in
    the text than its one character in the key. `literal` is set when the phrase has digits itself.
    """

    start: int
    end: int
    stop: int
    shapes: int
    all_shapes: int
    literal: str | None
    meaning: MeaningT


class PhraseMatcher(Generic[MeaningT]):
    """Finds every phrase it was built with; immutable, and safe to use from many threads."""

    def __init__(self, phrases: Iterable[tuple[Wording, MeaningT]]) -> None:
        own: dict[str, list[_Entry[MeaningT]]] = {}
        for wording, meaning in phrases:
            key = _key(wording.text)
            own.setdefault(key, []).append(_entry(key, wording, meaning))
        self._table = {key: tuple(_with_prefixes(key, own)) for key in own}
        starts = re.escape(WORD_STARTS)
        self._search = re.compile(f"[{starts}](?=({_trie(own)}))") if own else None

    def find(self, window: Window) -> list[tuple[int, int, MeaningT]]:
        """Every phrase found: its half-open place in `window.text`, and what it stands for.

        In order of the words where they begin; longer phrases before those that begin them.
        """
        if self._search is None:
            return []
        hits: list[tuple[int, int, MeaningT]] = []
        text, table = window.text, self._table
        for found in self._search.finditer(text):
            start = found.start(1)
            if text[start - 1] == "'" and text[start - 2].isalnum():
                continue
            key = found[1]
            if "0" in key:
                hits.extend(_shaped(window, start, key, table))
                continue
            hits += [(start + e.start, start + e.end, e.meaning) for e in table[key]]
        return hits


def _key(text: str) -> str:
    """A wording as the table knows it: literal numbers become shapes."""
    return _LITERAL_NUMBER.sub(NUMBER, text)


def _entry(key: str, wording: Wording, meaning: MeaningT) -> _Entry[MeaningT]:
    end = len(key) - wording.trail
    shapes = sum(char in _SHAPES for char in key[:end])
    all_shapes = sum(char in _SHAPES for char in key)
    literal = wording.text if _LITERAL_NUMBER.search(wording.text) else None
    return _Entry(wording.lead, end, len(key), shapes, all_shapes, literal, meaning)


def _with_prefixes(
    key: str, own: Mapping[str, Sequence[_Entry[MeaningT]]]
) -> Iterator[_Entry[MeaningT]]:
    """The key's own entries, then those of the shorter keys that begin it at a word's end."""
    yield from own[key]
    for cut in range(len(key) - 1, 0, -1):
        rest = key[cut:]
        ends = not (rest[0].isalnum() or rest[0] == "_") and re.match(_WORD_ENDS, rest)
        if ends and key[:cut] in own:
            yield from own[key[:cut]]


def _shaped(
    window: Window, start: int, matched: str, table: Mapping[str, Sequence[_Entry[MeaningT]]]
) -> Iterator[tuple[int, int, MeaningT]]:
    """Hits of a match with numbers in it, whose characters are more than those of its key."""
    grown = [0]

    def to_shape(found: re.Match[str]) -> str:
        grown.append(grown[-1] + len(found[0]) - 1)
        return MONEY if found[1] else NUMBER

    for entry in table[_SHAPE.sub(to_shape, matched)]:
        stop = start + entry.stop + grown[entry.all_shapes]
        if entry.literal is None or window.literal[start:stop] == entry.literal:
            yield start + entry.start, start + entry.end + grown[entry.shapes], entry.meaning


class _Node(dict[str, "_Node"]):
    """A node of the trie: the next characters, and `ends` where a key ends here."""

    ends = False


def _trie(keys: Iterable[str]) -> str:
    """The expression that matches the longest of `keys` that ends at a word's end."""
    root = _Node()
    for key in keys:
        node = root
        for char in key:
            node = node.setdefault(char, _Node())
        node.ends = True
    return _expression(root)


def _expression(node: _Node) -> str:
    branches = [
        _SHAPES.get(char, re.escape(char)) + _expression(child) for char, child in node.items()
    ]
    if node.ends:
        branches.append(_WORD_ENDS)
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
