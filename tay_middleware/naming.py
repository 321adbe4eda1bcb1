"""Which names stand in a text: whole words, in any letter case and spacing."""

import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

_WORD = re.compile("[^\\W_]+(?:'[^\\W_]+)*")

_IDIOM = " the course of "
"""In "over the course of a month" nothing of ours is named."""


def names_any(text: str, names: Iterable[str]) -> bool:
    """Whether `text` holds one of `names` as whole words, in any letter case and spacing."""
    return bool(names_found(text, {"any": names}))


def names_found(text: str, names: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """The keys of `names` of which a name stands in `text`, as for `names_any`."""
    return names_among(words(text), names)


def names_among(said: Iterable[str], names: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """As `names_found`, in a text of which these are the `words`."""
    spaced = f" {' '.join(said)} ".replace(_IDIOM, " ")
    return frozenset(
        key
        for key, known in names.items()
        if any(form in spaced for name in known for form in _forms(name))
    )


def others_named(text: str, names: Mapping[str, Iterable[str]], own: str) -> frozenset[str]:
    """The keys of `names` beside `own` that `text` names, where that is no part of an own name.

    "The pricing masterclass" does not name the masterclass where it is a name of `own`.
    """
    spaced = f" {' '.join(words(text))} "
    for name in sorted(names[own], key=len, reverse=True):
        for form in _forms(name):
            spaced = spaced.replace(form, " ours ")
    return names_found(spaced, {key: known for key, known in names.items() if key != own})


def count_words(text: str, known: Collection[str]) -> int:
    """How often single words of `known` (lower case) stand in `text`, in any letter case."""
    return sum(word in known for word in words(text))


def words(text: str) -> list[str]:
    """The words of `text`, in lower case; a number is one, marks are none, nor is a final 's."""
    plain = text.casefold().replace("\u2019", "'")
    found = _WORD.findall(plain)
    return [word.removesuffix("'s") for word in found] if "'s" in plain else found


def plural(word: str) -> str:
    """The regular plural of an English noun."""
    return f"{word}es" if word.endswith(("s", "x", "ch", "sh")) else f"{word}s"


@lru_cache(maxsize=1024)
def _forms(name: str) -> tuple[str, ...]:
    """A name's words between blanks, as one and as several; none for a name without words."""
    found = " ".join(words(name))
    if not found:
        return ()
    return (f" {found} ", f" {plural(found)} ")
