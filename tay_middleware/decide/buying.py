"""Whether somebody wants to buy an offer of ours, and which one: a wish to buy has its own lane.

It takes a phrase that asks, and a name of ours that it asks for: right beside it, or just spoken
of.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

from tay_middleware.decide.fillers import without_fillers
from tay_middleware.decide.named import Names, speaks_of
from tay_middleware.decide.normalise import CLAUSE_ENDS
from tay_middleware.decide.offers import Catalogue
from tay_middleware.decide.reading import Found, Part, Reading, Rules
from tay_middleware.decide.spoken_of import SpokenOf
from tay_middleware.decide.weigh import is_negated
from tay_middleware.domain import Message
from tay_middleware.playbook.evidence import ANY

WORDS_BETWEEN = 4
"""Most words of a clause between what asks and what is asked for: "can I pay monthly for your own
wig course"."""

WORDS_APART = 10
"""Most words between them in two clauses: "your masterclass, is it live, and how do I pay?"."""

WORDS_GREETING, WORDS_BEFORE, WORDS_AFTER = 3, 6, 6
"""Most words before an enquiry that is all of its message, where they speak of something and where
they do not, and after it: "ok I slept on it, do you have a course for beginners in Leeds?"."""

_OBJECT = "purchase_object"
_ASKING = ("purchase", "purchase_named", _OBJECT)

_ARTICLES = frozenset({"the", "your", "ur", "yr", "tay's", "tays", "this", "that"})
"""All that may stand between "send me" and what it asks for."""


class Buying:
    """Hears wishes to buy by the phrases of one playbook; immutable."""

    def __init__(
        self,
        rules: Rules,
        read: Callable[[str], Reading],
        spoken_of: SpokenOf,
        catalogue: Catalogue,
    ) -> None:
        self._read = read
        self._spoken_of, self._catalogue, self._names = spoken_of, catalogue, Names(rules)
        self._offers = tuple(rules.offers)
        kinds = {name: group.kind for name, group in rules.indicators.groups.items()}
        self._asking = frozenset(name for name, kind in kinds.items() if kind in _ASKING)
        self._before_its_object = frozenset(n for n, kind in kinds.items() if kind == _OBJECT)
        self._referring = frozenset(name for name, kind in kinds.items() if kind == "purchase")

    def wanted(
        self,
        reading: Reading,
        transcript: Sequence[Message],
        groups: Collection[str],
        scores: Mapping[str, float],
    ) -> str | None:
        """The offer that is asked for: named beside the asking, or just spoken of.

        Only a phrase of `refers_back` refers back, and never in a question with a word of the craft
        ("how much is it for the glue?") or beside one of the trade ("a client asks how much is
        it"). Of several offers the one with the most evidence, then the first in the catalogue.

        Args:
            reading: the question, read.
            transcript: what was said before it, oldest first.
            groups: the indicator groups that count in it.
            scores: how much evidence there is for each offer.
        """
        asking = self._asking.intersection(groups)
        if not asking:
            return None
        names = self._names.ours(reading, asking)
        asked = {hit[2].name for hit in names if self._is_asked_for(hit, reading, asking)}
        if not asked and not self._referring.isdisjoint(asking) and refers_back(reading):
            asked = {sense.name for *_, sense in names} or self._spoken_of.last(transcript)
        return self._catalogue.first_of(asked, scores)

    def enquired(self, reading: Reading, scores: Mapping[str, float]) -> str | None:
        """The offer that a message asks after which is nothing but that ("what do you offer?").

        One that it names is meant; else what its words stand for, and after anything of ours the
        first in the catalogue. Where it is none as it stands, what says nothing is passed over.
        """
        found = self._enquired(reading, scores)
        if found is not None or not reading.has(Part.FILLER):
            return found
        plainly = (self._enquired(self._read(one), scores) for one in without_fillers(reading))
        return next((one for one in plainly if one is not None), None)

    def _enquired(self, reading: Reading, scores: Mapping[str, float]) -> str | None:
        asked = {hit[2].name for hit in reading.of(Part.ENQUIRY) if _is_all(hit, reading)}
        if not asked:
            return None
        meant = {sense.name for *_, sense in self._names.ours(reading)} or asked - {ANY}
        return self._catalogue.first_of(meant, scores) if meant else next(iter(self._offers), None)

    def asking(self, reading: Reading) -> list[Found]:
        """The phrases of a text that ask to buy, whatever they ask for."""
        return [
            hit
            for hit in reading.of(Part.GROUP)
            if hit[2].name in self._asking and not is_negated(hit, reading)
        ]

    def named(self, reading: Reading) -> tuple[str, ...]:
        """The offers of ours that a text names."""
        return tuple(dict.fromkeys(sense.name for *_, sense in self._names.ours(reading)))

    def _is_asked_for(self, name: Found, reading: Reading, asking: Collection[str]) -> bool:
        return any(
            hit[2].name in asking
            and self._touches(hit, name, reading)
            and not is_negated(hit, reading)
            for hit in reading.of(Part.GROUP)
        )

    def _touches(self, hit: Found, name: Found, reading: Reading) -> bool:
        """Whether an asking and a name overlap or stand close together.

        In another clause than the name, asking means it only where there is nothing else to mean:
        the clause addresses us, or has no word of the craft or the trade.
        """
        if hit[2].name in self._before_its_object:
            return _is_its_object(name, hit, reading)
        first, second = sorted((hit[:2], name[:2]))
        between = slice(first[1], max(first[1], second[0]))
        apart = len(reading.window.text[between].split())
        if CLAUSE_ENDS.isdisjoint(reading.window.literal[between]):
            return apart <= WORDS_BETWEEN
        if apart > WORDS_APART:
            return False
        subjects = (*reading.of(Part.CRAFT), *reading.of(Part.TRADE))
        alone = not any(beside(hit, word, reading) for word in subjects)
        return alone or self._names.addresses_us(hit, reading)


def _is_all(hit: Found, reading: Reading) -> bool:
    """Whether a message is hardly more than this: a greeting before it, a few words after."""
    before, after = reading.window.literal[: hit[0]], reading.window.literal[hit[1] :]
    rest = after.rstrip("".join(CLAUSE_ENDS) + " ")
    about = (*reading.of(Part.TOPIC), *reading.of(Part.CRAFT), *reading.of(Part.TRADE))
    has_subject = any(first < hit[0] for first, *_ in about)
    most = WORDS_GREETING if has_subject else WORDS_BEFORE
    if len(before.split()) > most or len(rest.split()) > WORDS_AFTER:
        return False
    greets = not before or not CLAUSE_ENDS.isdisjoint(before.rstrip()[-1:])
    return greets and CLAUSE_ENDS.isdisjoint(rest)


def _is_its_object(name: Found, hit: Found, reading: Reading) -> bool:
    """Whether a name stands right behind what asks for it."""
    between = reading.window.literal[hit[1] : name[0]]
    return name[0] >= hit[1] and _ARTICLES.issuperset(between.split())


def refers_back(reading: Reading) -> bool:
    """Whether a text asks to buy what was just spoken of."""
    if speaks_of(reading, Part.CRAFT):
        return False
    trade = reading.of(Part.TRADE)
    return any(
        not any(beside(hit, word, reading) for word in trade)
        for hit in reading.of(Part.REFERS_BACK)
    )


def beside(hit: Found, word: Found, reading: Reading) -> bool:
    """Whether two findings share a clause without sharing characters."""
    first, second = sorted((hit[:2], word[:2]))
    if second[0] < first[1]:
        return False
    return CLAUSE_ENDS.isdisjoint(reading.window.literal[first[1] : second[0]])
