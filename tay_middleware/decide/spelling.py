"""Slips of the finger in long words, read as the words that were meant.

Only a word that nobody knows is changed, only by the slips of fast typing (two letters swapped, one
typed twice or once too few, the g of an "-ing" left out), and only where exactly one known word
comes of it. Known are the whole words of MiniLM's vocabulary, everyday words and those of the trade
(`words.txt`).
"""

import re
from functools import cache, lru_cache
from importlib.resources import files

_LEAST_LETTERS = 5
_MOST_LETTERS = 20
_WORD = re.compile(rf"(?<![a-z'])[a-z]{{{_LEAST_LETTERS},{_MOST_LETTERS}}}(?![a-z'])")
_KEPT = 20_000
"""Words whose reading is remembered."""


def respelled(text: str) -> str:
    """The text, lower case, with its slips mended; other characters stay as they are."""
    odd = {word: _meant(word) for word in set(_WORD.findall(text)) - known_words()}
    if all(word == meant for word, meant in odd.items()):
        return text
    return _WORD.sub(lambda found: odd.get(found[0], found[0]), text)


@cache
def known_words() -> frozenset[str]:
    """The words that need no mending. Reads a file the first time: not for a running event loop."""
    words = (files("tay_middleware.decide") / "words.txt").read_text(encoding="ascii")
    return frozenset(words.split())


@lru_cache(_KEPT)
def _meant(word: str) -> str:
    """The one known word that is a slip away, else the word itself."""
    known = known_words()
    for slips in (_swapped(word), _doubled(word)):
        meant = slips & known
        if meant:
            return meant.pop() if len(meant) == 1 else word
    return word


def _swapped(word: str) -> set[str]:
    return {
        f"{word[:at]}{word[at + 1]}{word[at]}{word[at + 2 :]}"
        for at in range(len(word) - 1)
        if word[at] != word[at + 1]
    }


def _doubled(word: str) -> set[str]:
    """One of two like letters left out, one letter doubled, the g of "-ing" put back."""
    fewer = {word[:at] + word[at + 1 :] for at in range(1, len(word)) if word[at] == word[at - 1]}
    more = {f"{word[:at]}{word[at]}{word[at:]}" for at in range(len(word))}
    return fewer | more | ({f"{word}g"} if word.endswith("in") else set())
