"""What a message means as the answer to a mention of ours, beside what it means alone.

"No" and "how much?" mean nothing alone. In the turn after a mention the first declines it and the
second asks to buy what was mentioned, whatever the model said in between. That there was a mention
history knows, or our own sentence at the end of the last reply tells it. What answers a question
that the reply itself asked above the mention is none (see `asked_back`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tay_middleware.decide import ownership
from tay_middleware.decide.asked_back import doubted_noes
from tay_middleware.decide.gates import PERHAPS
from tay_middleware.decide.visit import of_the_conversation
from tay_middleware.domain import Detection, History, Kind, PastTurn, Reason, Turn
from tay_middleware.playbook import Playbook
from tay_middleware.playbook.gate_names import (
    CONDUCT,
    OFF_TOPIC,
    REFUSAL,
    SMALL_TALK,
    THANKS,
    THIRD_PERSON,
)

SHORT_WORDS = 6
"""Longest answer in which a suspected no is one: there is hardly room for anything else."""

_NO_HINDRANCE = frozenset(
    {
        *(OFF_TOPIC, f"{PERHAPS}{OFF_TOPIC}", SMALL_TALK, THANKS, THIRD_PERSON),
        *(f"{PERHAPS}{REFUSAL}", CONDUCT, f"{PERHAPS}{CONDUCT}"),
    }
)
"""Gates that a question about the offer itself closes by its shortness alone. Doubts about the
person (her age, her state) are none of them."""


def last_mention(turn: Turn, history: History) -> PastTurn | None:
    """The turn just before this one in the session, if it carried a mention.

    A turn that failed showed her nothing: what she answers is the reply before it.
    """
    past = next((one for one in _backwards(turn, history) if not one.failed), None)
    return past if past is not None and past.kind is Kind.MENTION else None


def after_mention(
    turn: Turn, detection: Detection, history: History, playbook: Playbook
) -> Detection:
    """The detection of a message, as an answer where a mention came just before it.

    Where the reply itself asked something above the mention, that is what is answered.
    """
    if detection.asked_back:
        return doubted_noes(detection)
    detection = ownership.understood(detection, _offered(turn, history, playbook))
    past = last_mention(turn, history)
    offer = past.offer if past is not None else detection.mentioned
    if offer is None or offer not in playbook.offers:
        return replace(detection, answers=()) if detection.answers else detection
    if _asks_for_it(detection):
        named = [name for name in detection.names if name in playbook.offers]
        return _wish(detection, offer if offer in named or not named else named[0])
    return _answered(_closed(detection, _noes(turn, detection)))


def _backwards(turn: Turn, history: History) -> Iterator[PastTurn]:
    """The turns of the conversation, the last one first."""
    return reversed(of_the_conversation(turn, history))


def _offered(turn: Turn, history: History, playbook: Playbook) -> frozenset[str]:
    """The offer that the reply before mentioned, and one that she asked to buy just before."""
    last = next(_backwards(turn, history), None)
    wished = last is not None and last.reason is Reason.PURCHASE_INTENT
    known = (last if wished else None, last_mention(turn, history))
    return frozenset(
        past.offer
        for past in known
        if past is not None and past.offer is not None and past.offer in playbook.offers
    )


def _asks_for_it(detection: Detection) -> bool:
    return detection.asks_more and _NO_HINDRANCE.issuperset(detection.gates)


def _wish(detection: Detection, offer: str) -> Detection:
    return replace(
        detection,
        escalate=True,
        need=True,
        offer=offer,
        reason=Reason.PURCHASE_INTENT,
        purchase=True,
        gates=(),
    )


def _noes(turn: Turn, detection: Detection) -> Iterable[str]:
    """The gates that the message closes as an answer."""
    yield from detection.answers
    yield from (name for name in detection.weakly if f"{PERHAPS}{name}" in detection.gates)
    short = len(turn.question.split()) <= SHORT_WORDS
    doubt = f"{PERHAPS}{REFUSAL}" in detection.gates and not detection.asks_why
    if short and doubt and not detection.need:
        yield REFUSAL


def _answered(detection: Detection) -> Detection:
    """The detection with what it says no to: a no that any stage hears here is one to the mention.

    A stop, which holds for months, takes words of its own.
    """
    answers = detection.answers
    if REFUSAL in detection.gates and REFUSAL not in answers:
        answers = (*answers, REFUSAL)
    return replace(detection, answers=answers, weakly=())


def _closed(detection: Detection, names: Iterable[str]) -> Detection:
    """The detection with more gates closed; a doubt about one of them is none any more."""
    added = [name for name in dict.fromkeys(names) if name not in detection.gates]
    if not added:
        return detection
    doubts = {f"{PERHAPS}{name}" for name in added}
    kept = (gate for gate in detection.gates if gate not in doubts)
    return replace(detection, escalate=False, gates=(*kept, *added))
