"""The shape of `indicators.yaml`, `gates.yaml` and `topics.yaml`: what is looked for in a question."""

from typing import Literal

from pydantic import Field

from tay_middleware.domain import Reason
from tay_middleware.playbook.entry import Entry, Slug


class Group(Entry):
    """Indicators that mean one thing. Weights add up per distinct phrase, up to `cap`."""

    weight: float = Field(1.0, ge=0, le=5)
    cap: float = Field(2.0, ge=0, le=10, description="the most that this group can add")
    counts: bool = Field(True, description="whether it is an indicator of the brief's 2+ rule")
    reason: Reason | None = Field(None, description="the reason it speaks for")
    negatable: bool = Field(True, description="a negator within four tokens before drops it")
    phrases: tuple[str, ...] = Field(min_length=1)


class Indicators(Entry):
    """`indicators.yaml`: groups, negators, and phrases that take points away."""

    groups: dict[Slug, Group]
    negators: tuple[str, ...]
    dampers: dict[Slug, Group] = Field(description="groups whose points are taken away")


class Gate(Entry):
    """`gates.yaml`: a kind of message on which Tay never mentions anything.

    `suppression` is what the log says when a need was there all the same; `None` means that such a
    question never has one. `unless` names indicator groups whose presence keeps the gate open.
    `sticky_seconds` keeps later turns of the same user closed for that long (0: this turn only),
    within the session unless `sticky_everywhere`.
    """

    suppression: Literal["sensitive", "declined", "opted_out"] | None = None
    phrases: tuple[str, ...] = Field(min_length=1)
    unless: tuple[Slug, ...] = ()
    at_least: int = Field(1, ge=1, le=5, description="distinct phrases needed to close the gate")
    sticky_seconds: int = Field(0, ge=0, le=400 * 86400)
    sticky_everywhere: bool = False


class Gates(Entry):
    """All gates by name, the topics that are ours, and the questions about ourselves."""

    gates: dict[Slug, Gate]
    on_topic: tuple[str, ...] = Field(description="words of hair, beauty, or running a business")
    asks_why: tuple[str, ...] = Field(description="'why did you mention that?'")
    opts_in: tuple[str, ...] = Field(description="'you can recommend things again'")


class Topic(Entry):
    """What a question is about, for history and for `$topic`: the noun is ours, never the user's."""

    noun: str = Field(min_length=2, max_length=40)
    phrases: tuple[str, ...] = Field(min_length=1)
