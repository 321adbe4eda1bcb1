"""What stands in a text: every phrase of the playbook, sorted by the part it plays.

This is the seam between matching and scoring: the keyword score, the gates and any later scorer all
start from a `Reading`. It weighs nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tay_middleware.decide.match import PhraseMatcher
from tay_middleware.decide.normalise import Window, normalise
from tay_middleware.playbook.evidence import Gates, Indicators, Phrases, Topic
from tay_middleware.playbook.phrases import parse
from tay_middleware.playbook.schema import Offer, Policy, Template


class Rules(Protocol):
    """The part of a playbook that detection reads; a `Playbook` is one."""

    @property
    def indicators(self) -> Indicators:
        """What is looked for, and its weights."""

    @property
    def gates(self) -> Gates:
        """Kinds of message on which nothing is mentioned."""

    @property
    def topics(self) -> Mapping[str, Topic]:
        """What a question may be about."""

    @property
    def offers(self) -> Mapping[str, Offer]:
        """The catalogue."""

    @property
    def templates(self) -> Sequence[Template]:
        """The wordings: what a mention of ours looks like."""

    @property
    def policy(self) -> Policy:
        """The threshold."""


class Part:
    """The part that a phrase plays in a question: plain strings, for they are hashed often."""

    GROUP = "group"
    DAMPER = "damper"
    NEGATOR = "negator"
    GATE = "gate"
    AFTER_MENTION = "after_mention"
    AGAINST = "against"
    SUSPECTED = "suspected"
    TOPIC = "topic"
    OFFER = "offer"
    ASKED_FOR = "asked_for"
    NOT_OURS = "not_ours"
    REFERS_BACK = "refers_back"
    CRAFT = "craft"
    TRADE = "trade"
    ELSEWHERE = "elsewhere"
    ASKS_WHY = "asks_why"
    ASKS_MORE = "asks_more"
    OPTS_IN = "opts_in"
    ENQUIRY = "enquiry"
    FILLER = "filler"
    HAS = "has"
    HAS_IT = "has_it"
    GAVE_BACK = "gave_back"


@dataclass(frozen=True, slots=True)
class Sense:
    """What one phrase stands for: its part, the name of its group, and the phrase as written.

    `cancels` marks an exception: it takes away what it overlaps of the same part and name. `weak`
    marks a phrase that may mean something else, `certain` one that means nothing else (see `Gate`
    and `Topic`).
    """

    part: str
    name: str
    phrase: str
    cancels: bool = False
    weak: bool = False
    certain: bool = False


Found = tuple[int, int, Sense]
"""One phrase found: its half-open place in `Window.text`, and its sense."""

_NOTHING: tuple[Found, ...] = ()


def overlap(one: Found, other: Found) -> bool:
    """Whether two phrases share a character of the text."""
    return one[0] < other[1] and other[0] < one[1]


@dataclass(frozen=True, slots=True)
class Reading:
    """A text, searched: the phrases found of each part, in the order in which they begin."""

    window: Window
    found: Mapping[str, list[Found]]

    def of(self, part: str) -> Sequence[Found]:
        """The phrases found that play `part`."""
        return self.found.get(part, _NOTHING)

    def has(self, part: str) -> bool:
        """Whether any phrase plays `part`."""
        return part in self.found

    def names(self, part: str) -> dict[str, None]:
        """The names under which `part` was found, in order of first appearance, without repeats."""
        return {sense.name: None for _, _, sense in self.of(part)}

    def wording(self, found: Found) -> str:
        """The folded words that were found."""
        return (self.window.heard or self.window.literal)[found[0] : found[1]]


class Reader:
    """Reads texts by the phrases of one playbook; built once, used from any thread."""

    def __init__(self, rules: Rules) -> None:
        spellings = rules.indicators.spellings
        self._matcher = PhraseMatcher(
            (parse(sense.phrase, spellings), sense) for sense in _senses(rules)
        )
        self._in_quotations = frozenset(
            name for name, gate in rules.gates.gates.items() if gate.in_quotations
        )

    def read(self, text: str) -> Reading:
        """Find everything in `text`; any string will do."""
        window = normalise(text)
        found = self._find(window)
        if window.heard is not None:
            gates = self._find(window.aloud()).get(Part.GATE, ())
            heard = [hit for hit in gates if hit[2].name in self._in_quotations]
            if heard:
                found[Part.GATE] = [*found.get(Part.GATE, ()), *heard]
        return Reading(window, found)

    def _find(self, window: Window) -> dict[str, list[Found]]:
        found: dict[str, list[Found]] = {}
        exceptions: list[Found] = []
        for hit in self._matcher.find(window):
            sense = hit[2]
            if sense.cancels:
                exceptions.append(hit)
            elif sense.part in found:
                found[sense.part].append(hit)
            else:
                found[sense.part] = [hit]
        if exceptions:
            _cancel(found, exceptions, len(window.text))
        return found


def _cancel(found: dict[str, list[Found]], exceptions: list[Found], length: int) -> None:
    """Take away what exceptions overlap; linear in the text for each group with an exception."""
    covers: dict[tuple[str, str], bytearray] = {}
    for start, end, sense in exceptions:
        cover = covers.setdefault((sense.part, sense.name), bytearray(length))
        cover[start:end] = b"\1" * (end - start)
    for part in {part for part, _ in covers}:
        kept = [
            hit
            for hit in found.get(part, ())
            if covers.get((part, hit[2].name), b"").find(1, hit[0], hit[1]) < 0
        ]
        if kept:
            found[part] = kept
        else:
            found.pop(part, None)


def _senses(rules: Rules) -> Iterator[Sense]:
    indicators, gates = rules.indicators, rules.gates
    for phrase in indicators.negators:
        yield Sense(Part.NEGATOR, "negator", phrase)
    yield from _grouped(rules)
    for name, offer in rules.offers.items():
        yield from (Sense(Part.OFFER, name, alias) for alias in offer.aliases)
        yield from (Sense(Part.OFFER, name, noun, weak=True) for noun in offer.nouns)
        asked_for = indicators.asked_for.get(name, ())
        yield from (Sense(Part.ASKED_FOR, name, phrase) for phrase in asked_for)
    for name, phrases in indicators.enquiries.items():
        yield from (Sense(Part.ENQUIRY, name, phrase) for phrase in phrases)
    for name, gate in gates.gates.items():
        yield from (Sense(Part.AFTER_MENTION, name, phrase) for phrase in gate.after_mention)
        yield from (Sense(Part.AGAINST, name, phrase) for phrase in gate.speaks_against)
        yield from (Sense(Part.SUSPECTED, name, phrase) for phrase in gate.suspected_by)
        yield from (Sense(Part.GATE, name, phrase, weak=True) for phrase in gate.weak)
        yield from (Sense(Part.GATE, name, phrase, certain=True) for phrase in gate.certain)
    for name, topic in rules.topics.items():
        yield from (Sense(Part.TOPIC, name, phrase, weak=True) for phrase in topic.weak)
    yield from _plain_senses(rules)


def _grouped(rules: Rules) -> Iterator[Sense]:
    """Everything that may have exceptions."""
    parts: tuple[tuple[str, Mapping[str, Phrases]], ...] = (
        (Part.GROUP, rules.indicators.groups),
        (Part.DAMPER, rules.indicators.dampers),
        (Part.GATE, rules.gates.gates),
        (Part.TOPIC, rules.topics),
        (Part.FILLER, rules.indicators.fillers),
    )
    for part, groups in parts:
        for name, group in groups.items():
            yield from _of_group(part, name, group)
    for own, group in rules.gates.owned.items():
        yield from _of_group(own, own, group)


def _of_group(part: str, name: str, group: Phrases) -> Iterator[Sense]:
    yield from (Sense(part, name, phrase) for phrase in group.phrases)
    yield from (Sense(part, name, phrase, cancels=True) for phrase in group.except_)


def _plain_senses(rules: Rules) -> Iterator[Sense]:
    """Those whose part says all."""
    indicators, gates = rules.indicators, rules.gates
    topic = gates.on_topic
    for part, phrases in (
        (Part.REFERS_BACK, indicators.refers_back),
        (Part.ASKS_MORE, indicators.asks_more),
        (Part.NOT_OURS, indicators.own_offers),
        (Part.CRAFT, topic.craft),
        (Part.TRADE, topic.trade),
        (Part.ELSEWHERE, topic.elsewhere),
        (Part.ASKS_WHY, gates.asks_why),
        (Part.OPTS_IN, gates.opts_in),
    ):
        yield from (Sense(part, part, phrase) for phrase in phrases)
    for part in (Part.CRAFT, Part.TRADE):
        yield from (Sense(part, part, phrase, cancels=True) for phrase in topic.not_ours)
