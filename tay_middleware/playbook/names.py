"""How something wrong is told, and what to say of a name that nobody knows."""

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches

Place = tuple[str | int, ...]
"""The keys that lead to an entry of a file, and its number in a list."""

Found = tuple[str, Place, str]
"""A file, the place in it, and what is wrong with its mend."""


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """That `name` is no `kind`, with the one that was probably meant, else all that there are."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    if close:
        return f"unknown {kind} {name!r}: did you mean {close[0]!r}?"
    return f"unknown {kind} {name!r}: known: {', '.join(names) or 'none'}"


def strangers(
    file: str, kind: str, named: Iterable[tuple[Place, str]], known: Collection[str]
) -> Iterator[Found]:
    """Those of some names, each with its place in a file, that are no `kind` that there is."""
    for place, name in named:
        if name not in known:
            yield file, place, unknown(kind, name, known)


def listed(place: Place, names: Iterable[str]) -> Iterator[tuple[Place, str]]:
    """The names of a list, each with its own place."""
    return (((*place, at), name) for at, name in enumerate(names))
