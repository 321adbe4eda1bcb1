"""Which offers somebody says that she has, or has given back.

Said once, it is known in every later turn: she is never offered again what she told us she bought.
It travels as the name of a gate, `owns_<offer>` or `gave_back_<offer>`, so that whatever keeps
gates (history, profile, the messages that came with the question) keeps it too.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import takewhile

from tay_middleware.decide.named import named
from tay_middleware.decide.normalise import CLAUSE_ENDS
from tay_middleware.decide.reading import Found, Part, Reading
from tay_middleware.domain import Detection, Indicator

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

_ENDS = re.compile(r"[^\w\s'-]+")
"""Between two clauses, an emoji among them."""

_PREFIXES = {Part.HAS: OWNS, Part.GAVE_BACK: GAVE_BACK}

_BESIDE = frozenset(
    (  # noqa: SIM905 - as one text it reads as what people type
        "ok okay done yes yay yep yeah hey hi omg so and well right btw update finally guess what "
        "good great news last night yesterday today tonight this morning afternoon week tay babe "
        "babes sis girl ma hun love lol x xx xxx thanks thank you now just already a minute an "
        "hour ago earlier too as online on at via through with from your the page site link "
        "excited can't wait all for it that i"
    ).split()
)
"""What may stand in the clause of "I've paid", which else speaks of something of her own: "I've
paid 200 for this wig", "my client just paid"."""

_ASKS_ON = frozenset({"when", "what", "what's", "where", "where's", "how", "can", "do", "is"})
"""What begins a question after it without a mark between: "I've paid when do we start"."""


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


def said_of_it(reading: Reading) -> Indicator | None:
    """The phrase that says she has what was just spoken of ("just paid!"), under no offer's name.

    It fills its clause but for words that say nothing of what it is, and it is no question.
    """
    literal = reading.window.literal
    for start, end, _ in reading.of(Part.HAS_IT):
        before = _ENDS.split(literal[:start])[-1]
        after = _ENDS.search(literal, end)
        words = literal[end : after.start() if after else len(literal)].split()
        asked = after is not None and "?" in after[0]
        if _says_no_more(before.split(), words, asked=asked):
            return Indicator(OWNS, literal[start:end], *reading.window.span(start, end), 0.0)
    return None


def understood(detection: Detection, offers: Collection[str]) -> Detection:
    """The detection with what she has by its name, where she said it of what was spoken of."""
    if detection.has_it is None or not offers:
        return detection
    has = tuple(replace(detection.has_it, group=f"{OWNS}{offer}") for offer in sorted(offers))
    closed = closing((one.group for one in has), detection.offer)
    gates = tuple(dict.fromkeys((*detection.gates, *closed)))
    return replace(
        detection,
        escalate=detection.escalate and not gates,
        gates=gates,
        closed_by=(*detection.closed_by, *has),
        has_it=None,
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
    hers = [name for name in names if name.startswith(OWNS)]
    if not hers:
        return ()
    return tuple(name for name in dict.fromkeys(hers) if offer in (None, name.removeprefix(OWNS)))


def told_of(names: Iterable[str]) -> Iterator[str]:
    """Those of `names` that say what she has or gave back."""
    return (name for name in names if name.startswith((OWNS, GAVE_BACK)))


def _says_no_more(before: Sequence[str], after: Sequence[str], *, asked: bool) -> bool:
    """Whether a clause is nothing but that she has it, and perhaps a question that goes on."""
    told = list(takewhile(lambda word: word not in _ASKS_ON, after))
    goes_on = len(told) < len(after)
    return not (asked and not goes_on) and _BESIDE.issuperset((*before, *told))


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
