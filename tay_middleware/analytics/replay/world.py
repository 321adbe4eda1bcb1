"""One playbook, deciding a log again: the real cascade, the real policy, the real wordings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tay_middleware.analytics.replay.asked import Asked
from tay_middleware.analytics.replay.past import Past
from tay_middleware.decide import ReplyFacts, UnfitWordingError, decide, word
from tay_middleware.decide.cascade import Cascade
from tay_middleware.decide.combine import with_choice
from tay_middleware.decide.opinion import Opinion
from tay_middleware.decide.replies import Obstacle
from tay_middleware.domain import (
    Decision,
    Detection,
    Kind,
    Message,
    Suppression,
    Turn,
)
from tay_middleware.playbook import Playbook

Encode = Callable[[str, Sequence[Message]], Opinion | None]
"""The encoder's opinion of spoken text, `None` where there is no encoder."""


UNTOLD = 0.01
"""What the encoder is taken to have said of a gate that the log left out for being below 0.05."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was decided, and the sentence that would have been added."""

    decision: Decision
    words: str | None

    @property
    def shown(self) -> bool:
        """Whether it is a mention of an offer."""
        return self.decision.shown and self.words is not None


class World:
    """A log under one playbook; what it decides becomes the history of what comes after.

    Args:
        playbook: the rules.
        cascade: their stages, without encoder and language model: those are not asked again.
        past: what is known before the first question.
        encode: the encoder, for what it was not asked then.
    """

    def __init__(self, playbook: Playbook, cascade: Cascade, past: Past, encode: Encode) -> None:
        self.playbook, self.past = playbook, past
        self._cascade, self._encode = cascade, encode
        self._gates: dict[str, tuple[str, ...]] = {}

    def decide(self, asked: Asked) -> Outcome:
        """Decide a question, and remember it."""
        turn = asked.turn
        detection = self.detect(asked)
        around = replace(
            asked.around, earlier_gates=self._earlier_gates(turn), reply=self._reply(asked)
        )
        decision = decide(turn, detection, self.past.of(turn), self.playbook, around)
        outcome = self._worded(decision, turn, asked)
        failed = asked.around.reply.obstacle is Obstacle.FAILED
        self.past.note(turn, outcome.decision, failed=failed)
        return outcome

    def detect(self, asked: Asked) -> Detection:
        """What the words deserve; later stages say again what they had said."""
        turn = asked.turn
        draft = self._cascade.draft(turn.question, turn.transcript, turn.signals)
        detection = draft.detection
        seen, first = draft.examined.detection, draft.opinion
        if first is not None and not self._cascade.is_sure(seen, detection, first):
            second = _whole(asked.encoder, first)
            second = second or self._encode(draft.text, turn.transcript)
            if second is not None:
                detection = self._cascade.refined(seen, first, second)
        if asked.opined is not None and self._cascade.is_unsure(detection):
            said = asked.opined
            return with_choice(detection, said.offer, said.reason, self.playbook.offers)
        return detection

    def _worded(self, decision: Decision, turn: Turn, asked: Asked) -> Outcome:
        try:
            words = word(decision, turn, self.playbook, asked.around.reply)
        except UnfitWordingError:
            words = None
        if decision.shown and words is None:
            held = replace(decision, kind=Kind.NONE, suppressed=Suppression.DEGRADED, arm=None)
            return Outcome(held, None)
        return Outcome(decision, words)

    def _reply(self, asked: Asked) -> ReplyFacts:
        """What is known of the reply: of the gates that were closed, those that a reply closes."""
        reply, known = asked.around.reply, self.playbook.gates.gates
        heard = (name for name in reply.gates if name in known and known[name].in_replies)
        return replace(ReplyFacts.of(reply), gates=tuple(heard))

    def _earlier_gates(self, turn: Turn) -> tuple[tuple[str, ...], ...]:
        found = []
        for message in turn.transcript:
            if message.role != "user":
                continue
            if message.content not in self._gates:
                draft = self._cascade.draft(message.content)
                self._gates[message.content] = draft.detection.gates
            found.append(self._gates[message.content])
        return tuple(found)


def _whole(told: Opinion | None, beside: Opinion) -> Opinion | None:
    """An opinion of the log with the gates that were too unlikely to be told."""
    if told is None:
        return None
    return replace(told, gates={**dict.fromkeys(beside.gates, UNTOLD), **told.gates})
