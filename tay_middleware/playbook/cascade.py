"""The part of `policy.yaml` that says how sure each stage must be: shapes and limits."""

from collections.abc import Container
from typing import Annotated

from pydantic import Field, model_validator

from tay_middleware.playbook.entry import Entry, Slug
from tay_middleware.playbook.gate_names import (
    COMPLAINT,
    CONDUCT,
    DISTRESS,
    INJECTION,
    MEDICAL,
    MINOR,
    OFF_TOPIC,
    OPT_OUT,
    OWNER,
    REFUSAL,
    SUPPORT,
)

Chance = Annotated[float, Field(ge=0, le=1)]
"""A calibrated probability."""


LEARNED_GATES = (
    *(DISTRESS, MEDICAL, MINOR),
    *(COMPLAINT, SUPPORT, REFUSAL, OPT_OUT, OWNER),
    *(INJECTION, CONDUCT),
)
"""The gates that have a learned head beside their phrases, and `conduct`: any of them at all, which
is easier to learn than each. The order is that of the model files."""

DOUBTED_GATES = (*LEARNED_GATES, OFF_TOPIC)
"""The gates that can be closed in doubt."""


class Band(Entry):
    """The probabilities, ends included, at which a question is still uncertain."""

    least: Chance = 0.3
    most: Chance = 0.7
    behind: tuple[Slug, ...] = Field(
        (),
        description="gates, `off_topic` among them, behind which a model is asked where a learned "
        "head closed them in doubt",
    )

    @model_validator(mode="after")
    def _in_order(self) -> "Band":
        if self.least > self.most:
            raise ValueError(f"least ({self.least}) is above most ({self.most}): swap them")
        return self

    def holds(self, chance: float) -> bool:
        """Whether `chance` lies in the band."""
        return self.least <= chance <= self.most


class OnTopic(Entry):
    """How likely a question must be ours: with a word of the craft or trade in it, and without.

    Without one the odds of a likely need multiply those of being ours; what comes of it is what is
    held against `without`.
    """

    with_a_word: Chance = 0.3
    without: Chance = 0.8
    doubted_from: Chance = Field(
        0.2, description="what is held to be none of ours is so in doubt from this probability on"
    )


class Reopen(Entry):
    """When a gate that a phrase closed opens again, because the whole message says otherwise."""

    gate_below: Chance = Field(0.0, description="its learned head is less likely than this")
    gates: tuple[Slug, ...] = Field(
        (), description="the gates with a learned head that may open; a plain no never should"
    )
    weak_below: Chance = Field(
        0.0,
        description="only weak phrases closed it, there is a need, and its learned head is less "
        "likely than this",
    )
    need_from: Chance = Field(
        1.0, description="it has no learned head, and a need is at least this likely"
    )


class StageRule(Entry):
    """How sure a stage must be of what it says."""

    threshold: Chance = Field(0.5, description="from which probability a question escalates")
    agreed: Chance = Field(1.0, description="the same where the phrases say so too, if lower")
    agreed_by: tuple[Slug, ...] = Field(
        (), description="groups of indicators.yaml by all of which they must say so for that"
    )
    plain_from: float = Field(
        3.0,
        ge=0,
        description="weight of phrases from which on `conduct` alone holds back only where sure",
    )
    follow_up: Chance = Field(
        0.5, description="the same for words that only what was said before makes ours"
    )
    on_topic: OnTopic = OnTopic()
    reopen: Reopen = Reopen()
    gates: dict[Slug, Chance] = Field(
        default_factory=dict, description="learned gate → from which probability it closes"
    )
    gates_stick_from: Chance = Field(
        0.6, description="from here on a learned gate counts for later turns too, as a phrase does"
    )

    def has_agreeing(self, scores: Container[str]) -> bool:
        """Whether the names of the keyword stage's `scores` have all groups of `agreed_by`."""
        return all(f"group.{name}" in scores for name in self.agreed_by)


class EncoderRule(StageRule):
    """The encoder: asked from `ask_from` of the built-in scorer on, and blended with it."""

    ask_from: Chance = 0.02
    weight: Chance = 0.7


class CascadeRules(Entry):
    """`policy.yaml`, `cascade`: how keywords, scorer, encoder and model's opinion work together."""

    learned: bool = Field(True, description="false: keywords alone decide, whatever is installed")
    scorer: StageRule = StageRule()
    encoder: EncoderRule = EncoderRule()
    unsure: Band = Field(Band(), description="a classifier, if there is one, is asked in this band")
    purchase_from: Chance = Field(
        0.1, description="a phrase that asks to buy counts from this probability on"
    )
