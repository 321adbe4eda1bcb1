"""Which offers somebody says that she has, or has given back.

Said once, it is known in every later turn: she is never offered again what she told us she bought.
It travels as the name of a gate, `owns_<offer>` or `gave_back_<offer>`, so that whatever keeps
gates (history, profile, the messages that came with the question) keeps it too.
"""

from collections.abc import Iterable, Iterator

from tay_middleware.decide.named import named
from tay_middleware.decide.normalise import CLAUSE_ENDS
from tay_middleware.decide.reading import Found, Part, Reading
from tay_middleware.domain import Indicator

OWNS, GAVE_BACK = "owns_", "gave_back_"
"""Before the name of an offer that she says she has, or has no more."""

REACH_WORDS = 3
"""Words between "I joined" and the name of what she joined."""

_OURS = frozenset({"the", "your", "ur", "yr", "tay's", "tays", "ya", "this"})
"""One of these stands before the name: "I did a masterclass" may be anybody's."""

_PREFIXES = {Part.HAS: OWNS, Part.GAVE_BACK: GAVE_BACK}


def said(reading: Reading) -> tuple[Indicator, ...]:
    """What is said of having an offer, in order: each a `group` by the name that it travels by."""
    told = [hit for part in _PREFIXES for hit in reading.of(part)]
    if not told:
        return ()
    found = {
        (f"{_PREFIXES[sense.part]}{offer[2].name}", start, offer[1]): None
        for start, end, sense in sorted(told, key=lambda hit: hit[:2])
        for offer in named(reading)
        if _is_object(end, offer, reading)
    }
    said_here = reading.window.literal
    return tuple(
        Indicator(name, said_here[start:end], *reading.window.span(start, end), 0.0)
        for name, start, end in found
    )


def owned(names: Iterable[str]) -> frozenset[str]:
    """The offers that are hers after all of `names` were said, in that order."""
    have: dict[str, bool] = {}
    for name in names:
        for prefix, has in ((OWNS, True), (GAVE_BACK, False)):
            if name.startswith(prefix):
                have[name.removeprefix(prefix)] = has
    return frozenset(offer for offer, has in have.items() if has)


def closing(names: Iterable[str], offer: str | None) -> tuple[str, ...]:
    """Those of `names` that close a question about `offer`, `None` for none known.

    What she has already; something else may be offered to her still.
    """
    hers = dict.fromkeys(name for name in names if name.startswith(OWNS))
    return tuple(name for name in hers if offer is None or name == f"{OWNS}{offer}")


def told_of(names: Iterable[str]) -> Iterator[str]:
    """Those of `names` that say what she has or gave back."""
    return (name for name in names if name.startswith((OWNS, GAVE_BACK)))


def _is_object(end: int, offer: Found, reading: Reading) -> bool:
    """Whether an offer of ours is what a verb that ends at `end` speaks of."""
    literal = reading.window.literal
    between = literal[end : offer[0]]
    if offer[0] < end or not CLAUSE_ENDS.isdisjoint(between):
        return False
    said = literal[end : offer[1]].split()
    return len(between.split()) <= REACH_WORDS and not _OURS.isdisjoint(said)
