"""Which offers a text names, and which of the names mean ours.

"The course" is ours; "the course at Sassoon" and "one to one clients" are not. So a name counts by
what stands right beside it. One that is an ordinary phrase ("one to one"), or that is not spoken of
as known ("a masterclass"), needs a word in its clause that addresses us.
"""

from collections.abc import Collection, Iterator

from tay_middleware.decide.normalise import CLAUSE_ENDS
from tay_middleware.decide.reading import Found, Part, Reading, Rules, overlap

MOST_NAMES = 24
"""How many names of a text are looked at: who repeats one more often says nothing more."""

_REACH_CHARS = 80
"""How far from a name its neighbours are looked for; the two that count are never further away."""

_ARTICLES = frozenset({"a", "an", "the", "my", "our", "your"})
_OURSELVES = frozenset({"tay", "mentee", "mentees"})
"""Words of the craft that are ours alone."""

_NAMES = (Part.OFFER, Part.ASKED_FOR)
_OPENING = ("the ", "your ", "this ", "that ")
_SUBJECTS = (Part.CRAFT, Part.TRADE, Part.TOPIC, *_NAMES)
"""What may stand between an article and a name of ours: "the lace frontal course"."""


def named(reading: Reading) -> list[Found]:
    """The names of our offers in a text, without those in "my own course" and the like."""
    others = reading.of(Part.NOT_OURS)
    return [
        hit
        for hit in (*reading.of(Part.OFFER), *reading.of(Part.ASKED_FOR))
        if not any(overlap(hit, other) for other in others)
    ]


def speaks_of(reading: Reading, *parts: str) -> bool:
    """Whether a text has a word of these parts; to call us by name is to speak of nothing."""
    text = reading.window.text
    return any(
        text[first:last] not in _OURSELVES for part in parts for first, last, _ in reading.of(part)
    )


def surely_named(reading: Reading) -> list[Found]:
    """Those that name an offer in a reply as well: no noun that is anybody's there."""
    hits = named(reading)
    weak = [hit for hit in hits if hit[2].weak]
    return [hit for hit in hits if not any(overlap(hit, one) for one in weak)]


class Names:
    """Tells names of ours by one playbook; immutable.

    Without a list of words that may stand beside a name, any may; without one of words that address
    us, none is needed.
    """

    def __init__(self, rules: Rules) -> None:
        self._beside = rules.indicators.beside_names
        self._plain = {
            name: frozenset(offer.name.casefold().split()) - _ARTICLES
            for name, offer in rules.offers.items()
        }

    def ours(self, reading: Reading, asking: Collection[str] = ()) -> list[Found]:
        """The names that mean an offer of ours.

        What is somebody else's takes the other names of the same offer with it: in "the colour
        course of L'Oréal, what does the course cost?" both are theirs.

        Args:
            reading: the text, read.
            asking: names of indicator groups whose phrases ask for what stands beside them.
        """
        hits = named(reading)[:MOST_NAMES]
        foreign = [hit for hit in hits if not self._fits(hit, reading, asking)]
        theirs = {sense.name for *_, sense in foreign}
        return [
            hit
            for hit in hits
            if hit not in foreign
            and (hit[2].name not in theirs or self.addresses_us(hit, reading, near=True))
            and (self._is_known(hit, reading) or self.addresses_us(hit, reading))
        ]

    def addresses_us(self, hit: Found, reading: Reading, *, near: bool = False) -> bool:
        """Whether a word in its clause (of the hit or right before it, if `near`) addresses us."""
        if not self._beside.addressed:
            return not near
        start, end, _ = hit
        words = reading.window.text[start:end].split()
        before = [word for _, word in _before(start, reading)]
        words += before[-1:] if near else (*before, *_after(end, reading))
        return not self._beside.addressed.isdisjoint(words)

    def _is_known(self, hit: Found, reading: Reading) -> bool:
        """Whether it is the offer's own name, and not with "a" before it."""
        words = reading.window.text[hit[0] : hit[1]].split()
        before = [word for _, word in _before(hit[0], reading)][-1:]
        if not {"a", "an"}.isdisjoint((*before, *words)):
            return False
        singular = (word.removesuffix("es") if word.endswith("sses") else word for word in words)
        return not self._plain[hit[2].name].isdisjoint((*words, *singular))

    def _fits(self, hit: Found, reading: Reading, asking: Collection[str]) -> bool:
        """Whether what stands right beside it can stand beside a name of ours."""
        start, end, _ = hit
        return self._fits_before(start, reading, asking) and self._fits_after(end, reading, asking)

    def _fits_before(self, start: int, reading: Reading, asking: Collection[str]) -> bool:
        known = self._beside.before
        if not known or reading.window.text[start:].startswith(_OPENING):
            return True
        for at, word in reversed(list(_before(start, reading))):
            if word in known or _asks(at, reading, asking):
                return True
            if not any(_covers(at, reading, part) for part in _SUBJECTS):
                return False
        return True

    def _fits_after(self, end: int, reading: Reading, asking: Collection[str]) -> bool:
        known, words = self._beside.after, list(_after(end, reading))
        if not known or not words or not known.isdisjoint((words[0], " ".join(words[:2]))):
            return True
        text = reading.window.text[end:]
        at = end + len(text) - len(text.lstrip())
        return any(_covers(at, reading, part) for part in _NAMES) or _asks(at, reading, asking)


def _before(start: int, reading: Reading) -> Iterator[tuple[int, str]]:
    """The words of the clause before a place, each with its own."""
    begin = max(0, start - _REACH_CHARS)
    literal = reading.window.literal[begin:start]
    begin += max(literal.rfind(mark) for mark in CLAUSE_ENDS) + 1
    return _placed(begin, start, reading)


def _after(end: int, reading: Reading) -> Iterator[str]:
    """The words of the clause after a place; what is left of the word before is none."""
    literal = reading.window.literal[end : end + _REACH_CHARS]
    stops = [at for mark in CLAUSE_ENDS if (at := literal.find(mark)) >= 0]
    stop = end + min(stops, default=len(literal))
    return (word for at, word in _placed(end, stop, reading) if at > end)


def _placed(begin: int, end: int, reading: Reading) -> Iterator[tuple[int, str]]:
    text = reading.window.text
    at = begin
    for word in text[begin:end].split(" "):
        if word:
            yield at, word
        at += len(word) + 1


def _covers(at: int, reading: Reading, part: str) -> bool:
    return any(first <= at < last for first, last, _ in reading.of(part))


def _asks(at: int, reading: Reading, asking: Collection[str]) -> bool:
    return any(
        first <= at < last and sense.name in asking for first, last, sense in reading.of(Part.GROUP)
    )
