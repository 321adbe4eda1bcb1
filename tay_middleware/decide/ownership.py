"""Which offers somebody says that she has, or has given back.

Said once, it is known in every later turn: she is never offered again what she told us she bought.
It travels as the name of a gate, `owns_<offer>` or `gave_back_<offer>`, so that whatever keeps
gates (history, profile, the messages that came with the question) keeps it too.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

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

_ASIDE = re.compile(
    r"\b(?:about|after|at|before|by|for|from|in|into|on|than|to|with|without"
    r"|(?:heard|idea|dream|dreams|fear|hopes|memories|thought|word|knowledge|sight) of)\b"
)
"""Between verb and name: the verb speaks of something else ("I have doubts about the course")."""

_PART = re.compile(
    r"\b(?:modules?|weeks?|lessons?|days?|parts?|chapters?|units?|sections?|sessions?|half|rest|month"
    r"|place|spot|seat|ticket|access|replays?|recordings?|videos?|homework|exercises?|certificate"
    r"|notes|workbook|worksheets?|templates?|kit|everything|most|start|end)\b"
)
"""But of what belongs to it: "I have a place on the course", "I'm on week 3 in your course"."""

_TALK = re.compile(
    r"\s+(?:in mind|application|interview|page|form|wait ?list|tab|price|link|info|details)\b"
    r"|\s+at (?:\w+ ){0,2}(?:college|uni|university|school|academy|institute|campus|centre|center"
    r"|salon|studio|shop|store|work|church|library)\b"
    r"|\s+(?:by|from) (?!(?:you|your|u|tay|tay's|home|last|this|next|day|january|february|march"
    r"|april|may|june|july|august|september|october|november|december"
    r"|the (?:start|beginning|end|moment|launch|very))\b|\W*\d)"
)
"""After the name: something about the offer, or the offer of somebody else, is what she has."""

_AS_WELL = re.compile(r"\s*(?:,|&|\+|and|plus|, and)?\s*(?:also)?\s*(?:the|your|ur|yr|this)?\s*")
"""Between two names that one verb speaks of."""

_GOES_ON = re.compile(
    r"\s+(?:is|isn't|was|sounds|looks|seems|will|would|might|may|can|could|costs)\b"
)
"""After a name with which another sentence begins."""

_PREFIXES = {Part.HAS: OWNS, Part.GAVE_BACK: GAVE_BACK}


def said(reading: Reading) -> tuple[Indicator, ...]:
    """What is said of having an offer, in order: each a `group` by the name that it travels by."""
    told = [hit for part in _PREFIXES for hit in reading.of(part)]
    if not told:
        return ()
    offers = sorted(named(reading), key=lambda hit: hit[:2])
    found = {
        (f"{_PREFIXES[sense.part]}{offer[2].name}", start, offer[1]): None
        for start, end, sense in sorted(told, key=lambda hit: hit[:2])
        for offer in _objects(end, offers, reading)
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


def _objects(end: int, offers: Sequence[Found], reading: Reading) -> Iterator[Found]:
    """The offers that a verb that ends at `end` speaks of: "your course and your masterclass"."""
    literal, reached = reading.window.literal, -1
    for offer in offers:
        beside = 0 <= reached <= offer[0] and _AS_WELL.fullmatch(literal, reached, offer[0])
        as_well = beside and not _GOES_ON.match(literal, offer[1])
        if as_well or _is_object(end, offer, reading):
            reached = offer[1]
            yield offer


def _is_object(end: int, offer: Found, reading: Reading) -> bool:
    """Whether an offer of ours is what a verb that ends at `end` speaks of."""
    literal = reading.window.literal
    between = literal[end : offer[0]]
    if offer[0] < end or not CLAUSE_ENDS.isdisjoint(between):
        return False
    if _TALK.match(literal, offer[1]):
        return False
    if len(between.split()) > REACH_WORDS:
        return False
    if _ASIDE.search(between) and not _PART.search(between):
        return False
    return not _OURS.isdisjoint(literal[end : offer[1]].split())
