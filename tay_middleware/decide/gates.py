"""Which gates a message closes: kinds of message on which nothing is ever mentioned.

A gate is a list of phrases, with exceptions and with groups of evidence that keep it open; they are
in `gates.yaml`. `off_topic` alone is the other way round: it is closed unless something in the
question, or in the latest messages before it, is about hair, beauty or a business of that kind.
What a closed gate means for the turns after it is in `kept_gates`.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from itertools import islice

from tay_middleware.decide.reading import Found, Part, Reading
from tay_middleware.domain import Detection, Indicator, Message
from tay_middleware.playbook.evidence import Gates
from tay_middleware.playbook.gate_names import (
    OFF_TOPIC,
    OPT_OUT,
    REFUSAL,
    SMALL_TALK,
    THANKS,
    THIRD_PERSON,
)

PERHAPS = "perhaps_"
"""Before the name of a gate that is closed in doubt: this turn shows nothing, and the turns after
it are not held back on a suspicion."""

RECENT_MESSAGES = 4
"""How many messages back a short question ("and how long?") may borrow its subject from."""

POLITE = frozenset({SMALL_TALK, THANKS})
"""Gates that "hi", "ok" and "thanks" close; a question after what is ours may begin with them."""

SUSPECT_CHARS = 400
"""How much of an earlier message is looked through for a reason to suspect something."""

_OF_THIRD_PERSON = re.compile(r"\b(?:she|he|they|her|him|them|his|their|hers|theirs)\b")
_OF_HERSELF = re.compile(
    r"\b(?:my|mine|our|ours|we|us|i'm|im|i've|ive|i'd)\b(?! (?:sister|brother|mum|mom|mother|dad"
    r"|father|daughter|son|cousin|aunt|auntie|aunty|uncle|niece|nephew|nan|friend|mate|bestie"
    r"|husband|wife|boyfriend|girlfriend|partner|neighbour|colleague|boss)\b)"
    r"|\bi (?:charge|own|run|have|sell|make|do|am|was|work|need|want|can|keep|lost|started)\b"
)
"""Words of a question about another, and those that make it one about the asker's own business;
"help me make her a plan" is none of them."""

NO_GATES = frozenset({REFUSAL, OPT_OUT})
"""The gates of a no and of a stop."""

_WORD = re.compile(r"\w")

KINDS_OF_TRADE = 2
"""Words of so many phrases of the trade make a question ours without more: one alone is common in
posts about anything that is bought or sold."""


def closed_gates(
    reading: Reading,
    transcript: Sequence[Message],
    evidence: Collection[str],
    gates: Gates,
    read: Callable[[str], Reading],
    *,
    ours: bool = False,
    mentioned: bool = False,
) -> tuple[str, ...]:
    """The names of the closed gates, in the order of `gates.yaml`, `off_topic` last.

    Args:
        reading: the question, read.
        transcript: the messages before it, oldest first.
        evidence: names of the indicator groups that count in the question.
        gates: the playbook's gates.
        read: reads an earlier message; called only when the question alone has no subject.
        ours: whether the question is known to be about an offer of ours.
        mentioned: whether the message just before names one.
    """
    found = [*reading.of(Part.GATE), *(bare_answers(reading) if mentioned else ())]
    closed = _closed(reading, found, evidence, gates) if found else []
    if SMALL_TALK in gates.gates and SMALL_TALK not in closed and not _has_words(reading):
        closed.append(SMALL_TALK)
    if THIRD_PERSON not in closed and _goes_on(reading, transcript, gates, read):
        closed.append(THIRD_PERSON)
    if not (ours or is_on_topic(reading, evidence, gates) or _was(transcript, gates, read)):
        closed.append(OFF_TOPIC)
    return tuple(closed)


def bare_answers(reading: Reading) -> list[Found]:
    """What closes a gate after a mention; "no, the HD lace" answers something else."""
    said = reading.window.literal
    return [hit for hit in reading.of(Part.AFTER_MENTION) if _WORD.search(said, hit[1]) is None]


def weakly_closed(reading: Reading, closed: Collection[str], *, mentioned: bool) -> tuple[str, ...]:
    """Those of the closed gates that only weak phrases close; none, after a mention."""
    if mentioned:
        return ()
    firm = {sense.name for *_, sense in reading.of(Part.GATE) if not sense.weak}
    weak = {sense.name for *_, sense in reading.of(Part.GATE) if sense.weak}
    return tuple(name for name in closed if name in weak - firm)


def certainly_closed(reading: Reading, closed: Collection[str]) -> tuple[str, ...]:
    """Those of the closed gates that a phrase closes which means nothing else."""
    certain = {sense.name for *_, sense in reading.of(Part.GATE) if sense.certain}
    return tuple(name for name in closed if name in certain)


def unsuspected(
    reading: Reading,
    transcript: Sequence[Message],
    suspected: Sequence[str],
    read: Callable[[str], Reading],
) -> tuple[str, ...]:
    """The gates that no learned head may close: nothing that she says is about what they are for.

    `suspected` are the gates that have words for such a suspicion (`Gate.suspected_by`).

    Nobody can tell an age from "how do I grow my wig business?", and a scorer that tries has
    learned who else writes so.
    """
    said = reading.names(Part.SUSPECTED)
    names = [name for name in suspected if name not in said]
    asked = [one.content[:SUSPECT_CHARS] for one in transcript if one.role == "user"]
    if not names or not asked:
        return tuple(names)
    before = read("\n".join(asked[-RECENT_MESSAGES:])).names(Part.SUSPECTED)
    return tuple(name for name in names if name not in before)


def doubted(detection: Detection) -> Detection:
    """The detection with its weakly closed gates closed in doubt, where there is a need."""
    if not (detection.need and detection.weakly):
        return detection
    gates = (f"{PERHAPS}{name}" if name in detection.weakly else name for name in detection.gates)
    return replace(detection, gates=tuple(gates))


def is_open(closed: Collection[str], *, asks_anyway: bool) -> bool:
    """Whether a need behind these gates may be spoken of: none is closed, or no more than noes.

    Those are no hindrance to the answer that she asks for beside them.
    """
    return not closed or (asks_anyway and NO_GATES.issuperset(closed))


def closing_phrases(reading: Reading, closed: Collection[str]) -> tuple[Indicator, ...]:
    """The phrases that closed gates, in order; their words as folded, their spans as typed."""
    return tuple(
        Indicator(sense.name, reading.wording((start, end, sense)), *span, 0.0)
        for start, end, sense in (*reading.of(Part.GATE), *bare_answers(reading))
        if sense.name in closed
        for span in (reading.window.span(start, end),)
    )


def _closed(
    reading: Reading, found: Sequence[Found], evidence: Collection[str], gates: Gates
) -> list[str]:
    wordings: dict[str, set[str]] = {}
    for hit in found:
        wordings.setdefault(hit[2].name, set()).add(reading.wording(hit))
    return [
        name
        for name, gate in gates.gates.items()
        if name in wordings
        and len(wordings[name]) >= gate.at_least
        and not any(group in evidence for group in gate.unless)
    ]


def is_on_topic(reading: Reading, evidence: Collection[str] | None, gates: Gates) -> bool:
    """Whether a text is about hair, beauty or a business of that kind (see `OnTopic`).

    `evidence` is `None` for an earlier message, of which a word of the trade is enough.
    """
    if reading.has(Part.CRAFT) or reading.has(Part.OFFER):
        return True
    if reading.has(Part.ELSEWHERE) or not reading.has(Part.TRADE):
        return False
    if evidence is None or any(group in evidence for group in gates.on_topic.beside):
        return True
    return len({sense.phrase for _, _, sense in reading.of(Part.TRADE)}) >= KINDS_OF_TRADE


def _goes_on(
    reading: Reading,
    transcript: Sequence[Message],
    gates: Gates,
    read: Callable[[str], Reading],
) -> bool:
    """Whether a question goes on about somebody else whom an earlier one was asked for."""
    asked = [one.content for one in transcript if one.role == "user"]
    if not asked or THIRD_PERSON not in gates.gates or not _is_of_another(reading.window.literal):
        return False
    for text in reversed(asked[-RECENT_MESSAGES:]):
        before = read(text)
        if any(sense.name == THIRD_PERSON for *_, sense in before.of(Part.GATE)):
            return True
        if not _is_of_another(before.window.literal):
            return False
    return False


def _has_words(reading: Reading) -> bool:
    text = reading.window.heard or reading.window.literal
    return any(character.isalnum() for character in text)


def _is_of_another(text: str) -> bool:
    return _OF_THIRD_PERSON.search(text) is not None and _OF_HERSELF.search(text) is None


def _was(transcript: Sequence[Message], gates: Gates, read: Callable[[str], Reading]) -> bool:
    """Whether one of the latest messages was on topic; nobody repeats their subject each time."""
    recent = islice(reversed(transcript), RECENT_MESSAGES)
    return any(is_on_topic(read(message.content), None, gates) for message in recent)
