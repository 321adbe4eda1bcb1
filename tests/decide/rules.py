"""A small playbook for tests of detection: every part has a plain default."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tay_middleware.domain import Reason
from tay_middleware.playbook.evidence import Gate, Gates, Group, Indicators, OnTopic, Topic
from tay_middleware.playbook.schema import Offer, Policy, Template, Threshold, TierRule


def a_group(*phrases: str, **settings: object) -> Group:
    return Group.model_validate({"phrases": phrases, **settings})


def an_offer(**changes: object) -> Offer:
    plain = {
        "name": "the mentorship",
        "for_whom": "an owner",
        "aliases": ("mentorship",),
        "evidence": {"personal": 1.0, "strategic": 1.0},
        "reason": Reason.PERSONALIZED_HELP,
        "topic_noun": "the business side",
    }
    return Offer.model_validate({**plain, **changes})


def some_indicators(**changes: object) -> Indicators:
    plain = {
        "groups": {
            "personal": a_group("my (business|pricing|salon)", kind="personal"),
            "strategic": a_group("strategy", "audit", reason="strategic"),
        },
        "negators": ("not", "don't"),
    }
    return Indicators.model_validate({**plain, **changes})


def some_gates(**changes: object) -> Gates:
    plain = {
        "gates": {},
        "on_topic": OnTopic(craft=("wig~", "my business"), trade=("price~", "client~")),
        "asks_why": ("why did you mention that",),
        "opts_in": ("recommend things again",),
    }
    return Gates.model_validate({**plain, **changes})


def a_gate(*phrases: str, **settings: object) -> Gate:
    return Gate.model_validate({"phrases": phrases, **settings})


def a_policy(**threshold: object) -> Policy:
    return Policy(
        threshold=Threshold.model_validate({"min_score": 2.0, **threshold}),
        tiers={tier: TierRule() for tier in ("free", "premium", "vip")},
    )


@dataclass(frozen=True)
class SmallRules:
    """What `Detector` reads of a playbook."""

    indicators: Indicators = field(default_factory=some_indicators)
    gates: Gates = field(default_factory=some_gates)
    topics: Mapping[str, Topic] = field(
        default_factory=lambda: {
            "pricing": Topic(noun="pricing", phrases=("price~",), weak=("cost~",)),
            "clients": Topic(noun="your clients", phrases=("client~", "regulars")),
        }
    )
    offers: Mapping[str, Offer] = field(default_factory=lambda: {"mentorship": an_offer()})
    policy: Policy = field(default_factory=a_policy)
    templates: Sequence[Template] = ()
