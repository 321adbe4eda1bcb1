"""How something wrong is told, and what to say of a name that nobody knows."""

from collections.abc import Iterable
from difflib import get_close_matches

Found = tuple[str, tuple[str | int, ...], str]
"""A file, the place in it, and what is wrong with its mend."""


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """That `name` is no `kind`, with the one that was probably meant, else all that there are."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    if close:
        return f"unknown {kind} {name!r}: did you mean {close[0]!r}?"
    return f"unknown {kind} {name!r}: known: {', '.join(names) or 'none'}"
