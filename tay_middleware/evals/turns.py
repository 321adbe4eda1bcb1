"""Who judges turns while conversations are played: keywords alone, or the labels themselves.

With the labelled detections in place of a detector's, what is left to be wrong is ours: history,
cool-down, refusals, strength. So there everything has to be right.
"""

from collections.abc import Mapping

from tay_middleware.decide import Detector
from tay_middleware.decide.cascade import Judgement
from tay_middleware.domain import Detection, Reason, Stage, Turn
from tay_middleware.errors import InputError
from tay_middleware.evals.conversations import Conversations, LabelledTurn
from tay_middleware.playbook import Playbook

SENSITIVE_GATE, COMPLAINT_GATE, REFUSAL_GATE = "distress", "complaint", "refusal"
"""Gates of the playbook that stand for a labelled `sensitive` (of a complaint or of anything else)
and for a labelled no. They differ in how long they stay closed."""


class KeywordTurns:
    """The keyword stage alone."""

    def __init__(self, playbook: Playbook) -> None:
        self._detector = Detector(playbook)

    def begin(self, turn: Turn) -> Judgement:
        """Judge by words."""
        earlier = tuple(
            self._detector.detect(message.content).gates
            for message in turn.transcript
            if message.role == "user"
        )
        found = self._detector.detect(turn.question, turn.transcript, turn.signals)
        return Judgement(found, earlier)


class LabelledTurns:
    """What the labels say was detected; turns are known by session and place."""

    def __init__(self, conversations: Conversations) -> None:
        self._detections: Mapping[str, Detection] = {
            turn.key: labelled(turn, conversations) for turn in conversations.turns
        }

    def begin(self, turn: Turn) -> Judgement:
        """The label of a turn.

        Raises:
            InputError: it is no turn of these conversations.
        """
        place = sum(message.role == "user" for message in turn.transcript)
        found = self._detections.get(f"{turn.session_id}/{place}")
        if found is None:
            raise InputError(f"{turn.session_id}: has no labelled turn {place}")
        return Judgement(found)


def labelled(turn: LabelledTurn, conversations: Conversations) -> Detection:
    """A labelled turn as a detection: need, offer, topic, a wish to buy, a no, distress."""
    expected = turn.expected
    purchase = conversations.marked("purchases", turn.key)
    complains = conversations.marked("complaints", turn.key)
    gates = tuple(
        gate
        for gate, closed in (
            (SENSITIVE_GATE, expected.suppressed == "sensitive" and not complains),
            (COMPLAINT_GATE, complains),
            (REFUSAL_GATE, conversations.marked("declines", turn.key)),
        )
        if closed
    )
    reason = Reason.PURCHASE_INTENT if purchase else Reason.PERSONALIZED_HELP
    return Detection(
        escalate=expected.detected and not gates,
        need=expected.detected,
        offer=expected.offer if expected.detected else None,
        reason=reason if expected.detected else None,
        stage=Stage.MODEL,
        scores={},
        gates=gates,
        topic=expected.topic,
        sure_topic=True,
        purchase=purchase,
    )
