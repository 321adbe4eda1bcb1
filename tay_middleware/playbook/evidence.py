"""The shape of `indicators.yaml`, `gates.yaml` and `topics.yaml`: what is looked for in a question.

Every phrase is in the little language of `phrases`; one that cannot be read is an error of its
field. What a group is worth to an offer stands with the offer (`Offer.evidence`).
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from tay_middleware.domain import Reason, Suppression
from tay_middleware.playbook.entry import Entry, Slug
from tay_middleware.playbook.phrases import REMEMBERED, parse

_NO_NOUN = re.compile(r"[.!?:;,]|^(?:a|an|her|his|my|our|their)\b", re.IGNORECASE)


def _fits_a_sentence(noun: str) -> str:
    wrong = _NO_NOUN.search(noun)
    if wrong is not None:
        raise ValueError(f"{wrong[0]!r} in a noun: it stands in the middle of a sentence")
    return noun


@lru_cache(maxsize=REMEMBERED)
def _readable(phrase: str) -> str:
    parse(phrase)
    return phrase


Phrase = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_readable)]
"""A phrase of the little language."""


class Phrases(Entry):
    """Phrases, and the longer ones in which they mean something else."""

    phrases: tuple[Phrase, ...] = Field(min_length=1)
    except_: tuple[Phrase, ...] = Field(
        (), alias="except", description="phrases that take away what they overlap"
    )

    model_config = ConfigDict(populate_by_name=True)


ANY = "any"
"""Under `enquiries`: what asks after none of the offers by name."""


class Group(Phrases):
    """Indicators that mean one thing. Weights add up per distinct wording found, up to `cap`.

    `kind` names the groups that the brief's rule speaks of: `personal` (first-person language about
    a business) and `business` (its context); and the wish to buy, which has its own lane:
    `purchase` may refer back to an offer just spoken of, `purchase_named` needs its name, and
    `purchase_object` the name right behind it.
    """

    weight: float = Field(1.0, ge=0, le=5)
    cap: float = Field(2.0, ge=0, le=10, description="the most that this group can add")
    counts: bool = Field(True, description="whether it is an indicator of the brief's 2+ rule")
    kind: Literal[
        "personal", "business", "purchase", "purchase_named", "purchase_object", "other"
    ] = "other"
    reason: Reason | None = Field(None, description="the reason it speaks for")
    negatable: bool = Field(True, description="a negator within four tokens before drops it")


class Damper(Phrases):
    """Phrases that take points away from every offer, up to `cap`, unless a group was found."""

    weight: float = Field(1.0, ge=0, le=5)
    cap: float = Field(2.0, ge=0, le=10)
    unless: tuple[Slug, ...] = Field((), description="groups in whose presence it takes nothing")


class Signal(Entry):
    """What the app knows, as evidence of a group; it counts with personal language only."""

    group: Slug
    weight: float = Field(1.0, ge=0, le=5)


class BesideNames(Entry):
    """What may stand right beside an offer's name that means ours; an empty list asks nothing."""

    before: frozenset[str] = Field(frozenset(), description="the word before it")
    after: frozenset[str] = Field(
        frozenset(), description="the word after it, or the two words after it"
    )
    addressed: frozenset[str] = Field(
        frozenset(),
        description="words that address us: one must stand in the clause of a name that is an "
        "ordinary phrase",
    )


class Indicators(Entry):
    """`indicators.yaml`: groups, negators, and phrases that take points away."""

    spellings: dict[str, Annotated[tuple[str, ...], Field(max_length=12)]] = Field(
        default_factory=dict, description="other ways to write a word, for all three files"
    )
    groups: dict[Slug, Group]
    negators: tuple[Phrase, ...]
    dampers: dict[Slug, Damper] = Field(default_factory=dict)
    asked_for: dict[Slug, tuple[Phrase, ...]] = Field(
        default_factory=dict,
        description="offer → how somebody who wants to buy refers to it, beside its aliases",
    )
    enquiries: dict[Slug, tuple[Phrase, ...]] = Field(
        default_factory=dict,
        description="offer, or `any` → messages that are nothing but a question after what is ours",
    )
    fillers: dict[Slug, Phrases] = Field(
        default_factory=dict,
        description="words that say nothing and are passed over where an enquiry is looked for",
    )
    own_offers: tuple[Phrase, ...] = Field(
        (), description="the same words when the user means an offer that is not ours"
    )
    beside_names: BesideNames = BesideNames()
    refers_back: tuple[Phrase, ...] = Field(
        (), description="a wish to buy without a name, which means the offer just spoken of"
    )
    asks_more: tuple[Phrase, ...] = Field(
        (), description="what asks for an offer only right after it was mentioned"
    )
    signals: dict[Slug, Signal] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_agree(self) -> "Indicators":
        named = {name for damper in self.dampers.values() for name in damper.unless}
        named |= {signal.group for signal in self.signals.values()}
        _check_known("indicators.yaml", named, self.groups)
        return self


class Gate(Phrases):
    """`gates.yaml`: a kind of message on which Tay never mentions anything.

    `suppression` is what the log says when a need was there all the same; `None` means that such a
    question never has one. `reacts_as` is the gate that it closes as well right after a mention.
    `unless` names indicator groups whose presence keeps the gate open. `sticky_seconds` keeps later
    turns of the same user closed for that long (0: this turn only), within the session unless
    `sticky_everywhere`. `in_quotations`: its phrases are heard in quotations and code as well,
    except where somebody else is said to speak. `weak` phrases are as often about something else:
    with a need beside them, and no mention just before, they close it in doubt alone, which no
    later turn is told of. What `certain` phrases close no learned head opens again.
    """

    phrases: tuple[Phrase, ...] = ()
    suppression: Literal["sensitive", "owns_offer", "declined", "opted_out"] | None = None
    unless: tuple[Slug, ...] = ()
    weak: tuple[Phrase, ...] = Field(
        (), description="phrases that close it in doubt alone where the message has a need"
    )
    certain: tuple[Phrase, ...] = Field(
        (), description="phrases that close it whatever a learned head says of the whole message"
    )
    at_least: int = Field(1, ge=1, le=5, description="distinct phrases needed to close the gate")
    sticky_seconds: int = Field(0, ge=0, le=400 * 86400)
    sticky_everywhere: bool = False
    in_quotations: bool = False
    after_mention: tuple[Phrase, ...] = Field(
        (),
        description="phrases that close it only at the end of an answer to a mention",
    )
    in_replies: tuple[Phrase, ...] = Field(
        (), description="phrases of the model's own reply that close it: it saw what no phrase did"
    )
    speaks_against: tuple[Phrase, ...] = Field(
        (), description="phrases beside which a mere suspicion of a learned head does not close it"
    )
    suspected_by: tuple[Phrase, ...] = Field(
        (),
        description="phrases without any of which no learned head may close it, if given",
    )
    reacts_as: Slug | None = Field(
        None, description="the gate that it closes as well right after a mention: a reaction to it"
    )

    @model_validator(mode="after")
    def _can_close(self) -> "Gate":
        if not (self.phrases or self.certain or self.weak or self.in_replies):
            raise ValueError("write `phrases`, or `in_replies`: nothing would ever close it")
        return self

    @property
    def cause(self) -> Suppression | None:
        """Its `suppression`, as decisions call it."""
        return None if self.suppression is None else Suppression(self.suppression)


class OnTopic(Entry):
    """What is ours: a question without it, alone or in its conversation, is `off_topic`.

    Enough is one word of the `craft` (hair and beauty); or one of the `trade` (running a business
    of any kind) beside one of the groups `beside`; or words of two of the trade's phrases. With a
    word of somebody's other trade (`elsewhere`) only the craft is enough.
    """

    craft: tuple[Phrase, ...] = Field(min_length=1)
    trade: tuple[Phrase, ...] = Field(min_length=1)
    beside: tuple[Slug, ...] = ()
    elsewhere: tuple[Phrase, ...] = ()
    not_ours: tuple[Phrase, ...] = Field((), description="phrases that take away what they overlap")


class Gates(Entry):
    """All gates by name, what is on topic, and the questions about ourselves."""

    gates: dict[Slug, Gate]
    on_topic: OnTopic
    asks_why: tuple[Phrase, ...] = Field(description="'why did you mention that?'")
    opts_in: tuple[Phrase, ...] = Field(description="'you can recommend things again'")
    owned: dict[Literal["has", "has_it", "gave_back"], Phrases] = Field(
        default_factory=dict,
        description="before the name of an offer: that she has it, that she has it no more; "
        "`has_it` without a name, of the offer that was just spoken of",
    )
    advises_against: tuple[Phrase, ...] = Field(
        (),
        description="in the model's reply: pay for nothing of our kind, or you need nothing of it",
    )

    def causes(self, closed: Iterable[str]) -> frozenset[Suppression]:
        """The cause of each closed gate; names that are none of `gates` have none."""
        known = (self.gates[name].cause for name in closed if name in self.gates)
        return frozenset(cause for cause in known if cause is not None)


class Topic(Phrases):
    """What a question is about, for history and `$topic`: the noun is ours, never the user's."""

    noun: Annotated[str, AfterValidator(_fits_a_sentence)] = Field(min_length=2, max_length=40)
    weak: tuple[Phrase, ...] = Field(
        (), description="phrases that count for history alone: the noun may not fit them"
    )


def _check_known(where: str, named: Iterable[str], known: Iterable[str]) -> None:
    unknown = sorted(set(named) - set(known))
    if unknown:
        raise ValueError(f"{where} names the group '{unknown[0]}', which it does not define")
