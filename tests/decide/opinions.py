"""Opinions, a scorer and an encoder that say what a test wants to hear."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tay_middleware.decide.features import Features
from tay_middleware.decide.opinion import Opinion
from tay_middleware.domain import Message
from tay_middleware.playbook.cascade import OnTopic, StageRule

OFFERS = {"mentorship": 0.8, "course": 0.15, "masterclass": 0.05}


def a_rule(threshold: float = 0.5, **changes: object) -> StageRule:
    plain = {
        "threshold": threshold,
        "on_topic": OnTopic(with_a_word=0.3, without=0.8),
        "gates": {"distress": 0.4, "minor": 0.6},
        "gates_stick_from": 0.0,
    }
    return StageRule.model_validate({**plain, **changes})


def an_opinion(
    escalate: float = 0.9,
    *,
    on_topic: float = 0.99,
    offers: Mapping[str, float] = OFFERS,
    gates: Mapping[str, float] | None = None,
) -> Opinion:
    return Opinion(escalate, offers, on_topic, gates or {})


@dataclass
class SaysAlways:
    """Stands for a `Model`, an `Encoder`, or both; counts how often it was asked."""

    opinion: Opinion
    asked: int = 0

    def judge(self, text: Features | str, history: Sequence[Message] = ()) -> Opinion:
        del text, history
        self.asked += 1
        return self.opinion
