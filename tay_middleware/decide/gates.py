"""Which gates a message closes: kinds of message on which nothing is ever mentioned.

A gate is a list of phrases, with exceptions and with groups of evidence that keep it open; they are
in `gates.yaml`. `off_topic` alone is the other way round: it is closed unless something in the
question, or in the latest messages before it, is about hair, beauty or a business of that kind.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from tay_middleware.decide.guesses import GUESSED, OPTED_IN, guessed, outright
from tay_middleware.decide.ownership import told_of
from tay_middleware.decide.reading import Found, Part, Reading
from tay_middleware.domain import ClosedGate, Detection, Indicator, Message, Turn
from tay_middleware.playbook.evidence import Gate, Gates

OFF_TOPIC = "off_topic"
"""The name under which a question that is none of ours stands among the gates."""

PERHAPS = "perhaps_"
"""Before the name of a gate that is closed in doubt: this turn shows nothing, and the turns after
it are not held back on a suspicion."""

RECENT_MESSAGES = 4
"""How many messages back a short question ("and how long?") may borrow its subject from."""

ANOTHER = "third_person"
"""The gate of a question that somebody asks for somebody else; questions after it may go on so."""

REFUSAL = "refusal"
"""The gate of a no to an offer."""

SMALL_TALK = "small_talk"
"""The gate of what asks nothing; a message without a word, a thumb up or "...", is that."""

POLITE = frozenset({SMALL_TALK, "thanks"})
"""Gates that "hi", "ok" and "thanks" close; a question after what is ours may begin with them."""

SUSPECT_CHARS = 400
"""How much of an earlier message is looked through for a reason to suspect something."""

_OF_ANOTHER = re.compile(r"\b(?:she|he|they|her|him|them|his|their|hers|theirs)\b")
_OF_HERSELF = re.compile(
    r"\b(?:my|mine|our|ours|we|us|i'm|im|i've|ive|i'd)\b(?! (?:sister|brother|mum|mom|mother|dad"
    r"|father|daughter|son|cousin|aunt|auntie|aunty|uncle|niece|nephew|nan|friend|mate|bestie"
    r"|husband|wife|boyfriend|girlfriend|partner|neighbour|colleague|boss)\b)"
    r"|\bi (?:charge|own|run|have|sell|make|do|am|was|work|need|want|can|keep|lost|started)\b"
)
"""Words of a question about another, and those that make it one about the asker's own business;
"help me make her a plan" is none of them."""

STOP = "opt_out"
"""The gate of a stop, which holds for months."""

NO_GATES = frozenset({REFUSAL, STOP})
"""The gates of a no and of a stop."""

NOES = frozenset({"declined", "opted_out"})
"""The causes that a user can take back by opting in."""

OWNED = "owns_offer"
"""The cause of a message by somebody who has bought something of ours already."""

KEPT = frozenset({"sensitive", OWNED})
"""The causes of gates that are kept by their names."""

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
    if ANOTHER not in closed and _goes_on(reading, transcript, gates, read):
        closed.append(ANOTHER)
    if not (ours or is_on_topic(reading, evidence, gates) or _was(transcript, gates, read)):
        closed.append(OFF_TOPIC)
    return tuple(closed)


def staying_closed(names: Iterable[str], gates: Gates) -> Iterator[tuple[str, Gate]]:
    """Those of the closed gates that keep later turns quiet too, a guessed one under its own name.

    A no and a stop are kept apart (`declined_at`, `opted_out_at`), but for a guessed one; a gate
    that is closed in doubt alone (`perhaps_…`) holds for its own turn.
    """
    for name in names:
        gate = gates.gates.get(name.removeprefix(GUESSED))
        if gate is None or not gate.sticky_seconds:
            continue
        if gate.suppression in KEPT or (name.startswith(GUESSED) and gate.suppression in NOES):
            yield name, gate


def lasting(closed: Sequence[str], gates: Gates) -> tuple[str, ...]:
    """The gates that a message closed, as they count for the ones after it.

    "Stop plugging your stuff, it's annoying" is no grievance but a stop: who asks for a price later
    is answered, as our confirmation says. So a complaint goes that is one about mentions.
    """
    if "opted_out" not in gates.causes(closed):
        return tuple(closed)
    return tuple(
        name for name in closed if name not in gates.gates or gates.gates[name].reacts_as is None
    )


def kept_closed(turn: Turn, detection: Detection, gates: Gates) -> tuple[ClosedGate, ...]:
    """What is kept of a message for longer than its turn: gates, and what she says she has.

    What holds in every session takes a phrase that means nothing else, and so does a no or a stop
    for days: what a learned head guesses, or a weak phrase, holds for the session that it was said
    in, if there is one (see `guesses`). What she has is kept by the name of the offer, until she
    gave it back; only where she names none does the gate itself keep the session quiet.
    """
    told = tuple(told_of({phrase.group: None for phrase in detection.closed_by}))
    said = outright(detection)
    kept = [ClosedGate(name, turn.asked_at) for name in told]
    for name in lasting(detection.gates, gates):
        gate = gates.gates.get(name)
        if gate is None or not gate.sticky_seconds or (told and gate.suppression == OWNED):
            continue
        if name not in said and (gate.sticky_everywhere or gate.suppression in NOES):
            kept += guessed(name, turn)
        elif gate.suppression in KEPT:
            session = None if gate.sticky_everywhere else turn.session_id
            kept.append(ClosedGate(name, turn.asked_at, session))
    if ends_noes(detection, gates):
        kept.append(ClosedGate(OPTED_IN, turn.asked_at))
    return tuple(kept)


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


def ends_noes(detection: Detection, gates: Gates) -> bool:
    """Whether a message takes back every stop and no before it: it opts in and says neither."""
    return detection.opts_in and gates.causes(detection.gates).isdisjoint(NOES)


def said_noes(detection: Detection, gates: Gates) -> frozenset[str]:
    """The causes of a stop and a no that count for days: those in so many words."""
    return gates.causes(outright(detection)).intersection(NOES)


def without_noes(closed: Sequence[str], gates: Gates) -> tuple[str, ...]:
    """Closed gates without those of a stop or a no."""
    return tuple(name for name in closed if gates.causes((name,)).isdisjoint(NOES))


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
    if not asked or ANOTHER not in gates.gates or not _is_of_another(reading.window.literal):
        return False
    for text in reversed(asked[-RECENT_MESSAGES:]):
        before = read(text)
        if any(sense.name == ANOTHER for *_, sense in before.of(Part.GATE)):
            return True
        if not _is_of_another(before.window.literal):
            return False
    return False


def _has_words(reading: Reading) -> bool:
    text = reading.window.heard or reading.window.literal
    return any(character.isalnum() for character in text)


def _is_of_another(text: str) -> bool:
    return _OF_ANOTHER.search(text) is not None and _OF_HERSELF.search(text) is None


def _was(transcript: Sequence[Message], gates: Gates, read: Callable[[str], Reading]) -> bool:
    """Whether one of the latest messages was on topic; nobody repeats their subject each time."""
    recent = islice(reversed(transcript), RECENT_MESSAGES)
    return any(is_on_topic(read(message.content), None, gates) for message in recent)
