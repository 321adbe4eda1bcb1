"""The shape of `prompts/`: every key the business may write, its default and its limits.

Frozen models, unknown keys are errors. This module holds shapes and checks that need one entry
alone; what must agree between files (an offer that a template names) is checked in `agreement`.
"""

import re
from dataclasses import dataclass
from itertools import dropwhile, takewhile
from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from tay_middleware.domain import Reason, Strength, Tier
from tay_middleware.playbook.cascade import CascadeRules
from tay_middleware.playbook.entry import Entry, Slug, VariantName
from tay_middleware.playbook.experiments import PowerPlan
from tay_middleware.playbook.values import (
    Acknowledgement,
    Explanation,
    Language,
    Link,
    Notice,
    Pattern,
    Price,
    Said,
    Wording,
)


class Offer(Entry):
    """A paid thing in the catalogue. Names, prices and links in a mention come from here alone."""

    name: Said = Field(min_length=2, max_length=60, description="as Tay says it: the mentorship")
    for_whom: str = Field(description="one sentence for people and for the classifier")
    link: Link | None = None
    price: Price | None = Field(None, max_length=40, description="as it may be said, or nothing")
    aliases: tuple[str, ...] = Field((), description="phrases by which a reply or a user names it")
    nouns: tuple[str, ...] = Field(
        (), description="what may mean it in a question, and in a reply anybody's: mentoring"
    )
    entitlements: tuple[str, ...] = Field(
        (), description="values of owned_offers that count as owning it; its own name always does"
    )
    products: tuple[str, ...] = Field(
        (), description="a payment provider's ids (product, price, payment link) that sell it"
    )
    evidence: dict[Slug, float] = Field(description="indicator group → weight for this offer")
    needs: tuple[Slug, ...] = Field(
        (), description="indicator groups of which one must be found for it to be an offer at all"
    )
    reason: Reason = Field(description="the reason when nothing says it more precisely")
    topic_noun: Said = Field(description="what $topic says when the question names no known topic")

    @property
    def names(self) -> tuple[str, ...]:
        """What names it wherever it stands; `nouns` do so in a question alone."""
        return (self.name, *self.aliases)

    @property
    def names_in_replies(self) -> tuple[str, ...]:
        """What names it in a reply: a noun as well, where Tay calls it her own ("my mentoring")."""
        written = [noun.replace("one to one", "1:1") for noun in self.nouns]
        nouns = dict.fromkeys((*self.nouns, *written))
        return (*self.names, *(f"{own} {noun}" for own in ("my", "our") for noun in nouns))


class Threshold(Entry):
    """The brief's rule: two or more indicators, or business context with personal language."""

    indicators: int = Field(2, ge=1, le=10, description="distinct counting groups or phrases")
    min_score: float = Field(1.2, ge=0, description="what the weights must add up to")
    business_and_personal: bool = True
    min_margin: float = Field(
        0.0, ge=0, description="gap between the two best offers; below: unsure"
    )


class CapRule(Entry):
    """At most `most` mentions to a user in `hours`."""

    hours: float = Field(gt=0, le=24 * 400)
    most: int = Field(ge=0, le=100)


class Cooldown(Entry):
    """How rarely: none within `session_turns` turns of the last of a visit, nor above `caps`."""

    session_turns: int = Field(3, ge=0, le=50)
    caps: tuple[CapRule, ...] = (CapRule(hours=24, most=2), CapRule(hours=168, most=4))


class Repeat(Entry):
    """When the same topic counts as asked again: one step stronger."""

    earlier_turns: int = Field(1, ge=1, le=20)
    within_days: float = Field(30, gt=0, le=365)
    except_topics: tuple[Slug, ...] = Field(
        (), description="topics on which a second question is no stronger wish for an offer"
    )


class TierRule(Entry):
    """What a tier may bear."""

    max_strength: Strength = Strength.DIRECT
    raise_: int = Field(0, ge=-2, le=2, alias="raise", description="steps added to the strength")

    model_config = ConfigDict(populate_by_name=True)


class Budget(Entry):
    """A ceiling on the share of questions with a mention, over this process's latest questions."""

    max_share: float | None = Field(None, gt=0, le=1)
    over_questions: int = Field(400, ge=50, le=100_000)


class Holdout(Entry):
    """Users who get a ghost offer: decided and logged, never shown."""

    share: float = Field(0.0, ge=0, le=0.5)
    seed: str = "holdout"
    window_days: float = Field(
        14, gt=0, le=120, description="how long after the first ghost or mention a purchase counts"
    )
    plan: PowerPlan = Field(
        PowerPlan(baseline=0.02, lift=0.5), description="what the holdout is made to find"
    )


class AutoPause(Entry):
    """When an offer or a wording is switched off by itself; a person switches it on again."""

    limit: float | None = Field(
        0.1, gt=0, le=0.9, description="share of users who may react badly; null switches it off"
    )
    false_alarm: float = Field(
        0.001, gt=0, le=0.1, description="how likely something that keeps the limit is ever paused"
    )
    least_users: int = Field(20, ge=5, le=100_000)
    within_hours: float = Field(24, gt=0, le=24 * 30, description="how soon a message must follow")
    window_days: float = Field(60, gt=0, le=400, description="how far it looks back")
    reactions: tuple[Slug, ...] = Field(
        ("refusal", "opt_out", "complaint", "pitched"),
        description="gates that the next message may close",
    )


class NotAllowed(Entry):
    """Where not to speak: a signal of the app and the values for which mentions are off."""

    signal: Slug
    values: tuple[str, ...] = Field(min_length=1)


class Policy(Entry):
    """`policy.yaml`: all numbers of the decision."""

    threshold: Threshold = Threshold()
    cascade: CascadeRules = CascadeRules()
    visit_pause_hours: float = Field(
        12, gt=0, le=24 * 30, description="a conversation goes on after so long: a new visit"
    )
    cooldown: Cooldown = Cooldown()
    declined_days: float = Field(14, ge=0, le=365)
    opted_out_days: float = Field(90, ge=1, le=3650)
    same_words_days: float = Field(
        7,
        ge=0,
        le=365,
        description="until the wording that she read last comes again, where no other is left",
    )
    repeat: Repeat = Repeat()
    tiers: dict[Tier, TierRule] = Field(default_factory=dict)
    anonymous_max_strength: Strength = Strength.GENTLE
    budget: Budget = Budget()
    holdout: Holdout = Holdout()
    not_allowed: tuple[NotAllowed, ...] = ()
    paused_templates: tuple[str, ...] = ()
    paused_offers: tuple[str, ...] = ()
    auto_pause: AutoPause = AutoPause()

    @model_validator(mode="after")
    def _every_tier_has_a_rule(self) -> "Policy":
        missing = [tier.value for tier in Tier if tier not in self.tiers]
        if missing:
            raise ValueError(f"tiers: add a rule for {', '.join(missing)}")
        return self


class Variant(Entry):
    """One wording and its share of the users; a bare text is a wording with the usual share."""

    text: Wording
    pet_name: str | None = Field(None, description="what $pet_name says in this wording")
    weight: float = Field(1.0, ge=0, le=100)

    @model_validator(mode="before")
    @classmethod
    def _text_alone(cls, value: object) -> object:
        return {"text": value} if isinstance(value, str) else value


class Wordings(Entry):
    """`templates/<offer>.yaml`: strength → tier (or `any`) → variant name → wording."""

    offer: Slug
    wordings: dict[
        Strength, dict[Literal["any", "free", "premium", "vip"], dict[VariantName, Variant]]
    ]


@dataclass(frozen=True, slots=True)
class Template:
    """One wording of the playbook with all that says when it is used.

    `id` is `offer.strength.tier.variant`; `tier` is `any` where it serves all tiers without one.
    """

    id: str
    file: str
    offer: str
    strength: Strength
    tier: str
    variant: str
    text: str
    pet_name: str | None
    weight: float

    @property
    def place(self) -> tuple[str, ...]:
        """Where it stands in its file."""
        return ("wordings", self.strength.value, self.tier, self.variant)


class Disclosure(Entry):
    """Whether a mention says that it is one; the wording is appended to it."""

    style: Literal["none", "short", "full"] = "none"
    short: Notice = ""
    full: Notice = ""

    @model_validator(mode="after")
    def _says_something(self) -> "Disclosure":
        if self.style != "none" and not self.notice:
            raise ValueError(f"{self.style!r} is empty: write it, or `style: none`")
        return self

    @property
    def notice(self) -> str:
        """What is appended to every mention; empty for none."""
        return {"none": "", "short": self.short, "full": self.full}[self.style]


class Conduct(Entry):
    """What no wording may ever say: name of the rule → patterns, plus phrases that must pass."""

    rules: dict[Slug, tuple[str, ...]]
    must_pass: tuple[str, ...] = ()


class Voice(Entry):
    """`voice.yaml`: how Tay sounds, in numbers and lists that a program can check."""

    persona: str
    language: Language = "en"
    function_words: frozenset[str] = Field(
        min_length=20, description="commonest small words of the language, to tell it from others"
    )
    pet_names: tuple[str, ...] = Field(min_length=1)
    max_pet_names: int = Field(2, ge=0, le=5)
    not_called: tuple[Pattern, ...] = Field(
        (), description="patterns of what somebody says who is called by no pet name"
    )
    upset: tuple[Pattern, ...] = Field(
        (), description="patterns of what somebody says who is called by no pet name on that day"
    )
    farewells: tuple[Pattern, ...] = Field(
        (), description="patterns of a reply's last line after which nobody is called by a pet name"
    )
    max_words: int = Field(45, ge=10, le=80)
    max_sentences: int = Field(2, ge=1, le=3)
    conduct: Conduct
    disclosure: Disclosure = Disclosure()
    acknowledgements: tuple[Acknowledgement, ...] = Field(min_length=1)
    explanations: dict[Reason, Explanation]

    @property
    def signs_as(self) -> frozenset[str]:
        """The persona's name as `persona` says it first, in lower case ("You are Tay, ...").

        The first words in capitals of its first sentence, but for its first word and what is
        capitals throughout ("AI"); empty where there is none.
        """
        sentence = re.split(r"(?<=[.!?:])\s", self.persona.strip(), maxsplit=1)[0].split()[1:]
        since = dropwhile(lambda word: not _is_capital(word), sentence)
        return frozenset(word.strip(_MARKS).casefold() for word in takewhile(_is_capital, since))


_MARKS = ".,;:!?()\"'\u2018\u2019\u201c\u201d*_"


def _is_capital(word: str) -> bool:
    bare = word.strip(_MARKS)
    return bare[:1].isupper() and not bare.isupper()
