"""The frozen nouns that every layer speaks; no I/O, no clock, no randomness.

The names here are those of code, SQL, API and docs. Times are aware and in UTC; spans are half-open
character positions in the question.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Literal
from uuid import UUID


class Tier(StrEnum):
    """What the user pays for. A missing or unknown tier is `free`."""

    FREE = "free"
    PREMIUM = "premium"
    VIP = "vip"

    @classmethod
    def parse(cls, value: object) -> "Tier":
        """Read a tier as the app gives it, in any letter case."""
        told = str(value).strip().lower()
        return next((tier for tier in cls if tier == told), cls.FREE)


class Strength(StrEnum):
    """How much pressure a mention carries: gentle < standard < direct (see `rank`)."""

    GENTLE = "gentle"
    STANDARD = "standard"
    DIRECT = "direct"

    @property
    def rank(self) -> int:
        """0 for gentle, 1 for standard, 2 for direct."""
        return list(Strength).index(self)

    def raised(self, steps: int) -> "Strength":
        """The strength `steps` higher (lower when negative), held inside the scale."""
        scale = list(Strength)
        return scale[max(0, min(self.rank + steps, len(scale) - 1))]

    def capped(self, most: "Strength") -> "Strength":
        """The lesser of this strength and `most`."""
        return min(self, most, key=lambda strength: strength.rank)


class Reason(StrEnum):
    """Why a question deserves more than a chat."""

    PERSONALIZED_HELP = "personalized_help"
    STRATEGIC = "strategic"
    ADVANCED = "advanced"
    TECHNIQUE = "technique"
    PURCHASE_INTENT = "purchase_intent"


class Stage(StrEnum):
    """The stage of the cascade whose opinion became the detection."""

    KEYWORDS = "keywords"
    MODEL = "model"
    LLM = "llm"


class Suppression(StrEnum):
    """Why a need that was detected is not mentioned.

    The order is the order of precedence, but that what a person says now comes before what she said
    earlier.
    """

    MODE = "mode"
    NOT_ALLOWED = "not_allowed"
    SENSITIVE = "sensitive"
    OWNS_OFFER = "owns_offer"
    OPTED_OUT = "opted_out"
    DECLINED = "declined"
    LANGUAGE = "language"
    PAUSED = "paused"
    COOLDOWN = "cooldown"
    BUDGET = "budget"
    ALREADY_MENTIONED = "already_mentioned"
    HOLDOUT = "holdout"
    UNWEAVABLE = "unweavable"
    DEGRADED = "degraded"


class Kind(StrEnum):
    """What a turn exposed the user to, beside the model's own words.

    `organic` is the model naming an offer by itself; `acknowledgement` and `explanation` name no
    offer and claim no cool-down.
    """

    NONE = "none"
    MENTION = "mention"
    ORGANIC = "organic"
    ACKNOWLEDGEMENT = "acknowledgement"
    EXPLANATION = "explanation"


class ReplyStatus(StrEnum):
    """What became of the reply; `failed` and `abandoned` give way to the same turn `replied`.

    `failed` raised; `abandoned` was closed early, or called tools and is not the answer yet.
    """

    REPLIED = "replied"
    FAILED = "failed"
    ABANDONED = "abandoned"


class Mode(StrEnum):
    """`on` weaves; `shadow` decides and logs but never weaves; `off` does nothing at all."""

    ON = "on"
    SHADOW = "shadow"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Message:
    """One earlier message of the conversation, as plain text."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One question as it reaches us, with who asked it and when.

    `user_id` is the app's own id, or `None` when the app gave none; `user_key` is its HMAC, or that
    of the session for an anonymous user, or `None` when neither is known (then there is no
    history). `session_key` is the HMAC of `session_id`. `transcript` holds the earlier messages of
    this conversation that came with the question, oldest first, `signals` what the app knows beside
    them. `simulated` marks a person who does not exist, also on every row that comes of it.
    """

    turn_id: UUID
    question: str
    asked_at: datetime
    user_id: str | None = None
    user_key: str | None = None
    session_id: str | None = None
    session_key: str | None = None
    tier: Tier = Tier.FREE
    owned_offers: frozenset[str] = frozenset()
    transcript: tuple[Message, ...] = ()
    signals: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Indicator:
    """A phrase of a group found in the question; `start:end` is its span in the question as typed.

    `weight` is what it added to the score: 0.0 when a negation, a cap or an overlap took it away.
    """

    group: str
    phrase: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class Detection:
    """What the question deserves, history aside.

    `need` is the verdict before the gates, `escalate` the verdict after them: `gates` says why they
    differ. `offer` and `reason` are set whenever `need` is. `confidence` is a calibrated
    probability, if one was computed. Only with `sure_topic` may a wording say the noun of `topic`.
    `purchase` marks a wish to buy, `enquires` one that only asks after what is ours, `asks_anyway`
    one beside a stop, `asks_why` "why did you mention that?", `opts_in` a user who asks for
    recommendations again. `follows`: only what was said before gives it a subject of ours. `least`
    is the probability that was asked for, if any was. `closed_by` are the phrases that closed
    gates, each a `group` by the name of its gate. `weakly` are the gates that only phrases closed
    which may mean something else, `certainly` those that no learned head opens, `spoken_against`
    and `unsuspected` those that a suspicion, or no head, may close. `upset`: half of a distress.

    What it means as the answer to a mention (see `decide.aftermath`): `answers` are the gates that
    it closes then, `asks_more` that it asks for what was mentioned; `names` are the offers of ours
    that it names, and `mentioned` the offer of our sentence in the reply just before it, which came
    with the question. `has_it` is the phrase that says she has what was spoken of, if nothing
    before it tells what. `asked_back`: the reply before it ended with a question of its own.
    """

    escalate: bool
    need: bool
    offer: str | None
    reason: Reason | None
    stage: Stage
    scores: Mapping[str, float]
    gates: tuple[str, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    confidence: float | None = None
    topic: str | None = None
    purchase: bool = False
    enquires: bool = False
    asks_anyway: bool = False
    asks_why: bool = False
    opts_in: bool = False
    follows: bool = False
    least: float | None = None
    closed_by: tuple[Indicator, ...] = ()
    weakly: tuple[str, ...] = ()
    certainly: tuple[str, ...] = ()
    spoken_against: tuple[str, ...] = ()
    unsuspected: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    asks_more: bool = False
    names: tuple[str, ...] = ()
    mentioned: str | None = None
    sure_topic: bool = False
    has_it: Indicator | None = None
    asked_back: bool = False
    upset: bool = False


@dataclass(frozen=True, slots=True)
class PastTurn:
    """What history keeps of one earlier turn: topics and choices, never its words.

    `template` is the wording that was decided on. Of a `failed` turn nobody saw a reply.
    """

    turn_id: UUID
    at: datetime
    session_id: str | None
    topic: str | None
    kind: Kind
    offer: str | None
    reason: Reason | None
    gates: tuple[str, ...] = ()
    template: str | None = None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class ClosedGate:
    """A gate that stays closed for a while after the message that closed it.

    `session_id` is where it was closed, `None` where it stays closed in every session.
    """

    gate: str
    at: datetime
    session_id: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What is known of a user when a question arrives.

    `turns` holds the most recent turns, oldest first, at most as many as the store was asked to
    keep; `mentions` every mention of the longest cap window, oldest first. A user without earlier
    turns has `first_seen` `None`. `opted_out_at` is `None` again after the user opted back in.
    `closed` holds the last time of each gate that stays closed, however many turns ago it was.
    """

    first_seen: datetime | None = None
    last_seen: datetime | None = None
    turns: tuple[PastTurn, ...] = ()
    mentions: tuple[datetime, ...] = ()
    declined_at: datetime | None = None
    declined_session: str | None = None
    opted_out_at: datetime | None = None
    closed: tuple[ClosedGate, ...] = ()

    def without(self, turn_id: UUID) -> "History":
        """The history as it was before a turn that is asked again (a retry)."""
        again = [turn for turn in self.turns if turn.turn_id == turn_id]
        if not again:
            return self
        mentioned = {turn.at for turn in again if turn.kind is Kind.MENTION}
        turns = tuple(turn for turn in self.turns if turn.turn_id != turn_id)
        mentions = tuple(at for at in self.mentions if at not in mentioned)
        return replace(self, turns=turns, mentions=mentions)


@dataclass(frozen=True, slots=True)
class Assignment:
    """The arm of an experiment that a user is in, and whether this decision let it matter.

    `exposed` is true where the arms would have done different things: from the first such decision
    on the user belongs to the experiment. `chance` is the probability with which the arm was drawn.
    """

    experiment: str
    arm: str
    exposed: bool
    chance: float


@dataclass(frozen=True, slots=True)
class Decision:
    """Detection plus what history and policy made of it.

    `shown` means that words were meant to be added to the reply; `kind` says which. `addition` is
    exactly the characters to append after the reply's last one, `None` when nothing is appended.
    `suppressed` is the first cause that held a need back. `arm` is `shown`, `holdout` or `None`.
    `assignments` holds every running experiment that the user is in, the holdout among them.
    `notes` are the policy's steps in reading order, in plain words.
    """

    detection: Detection
    kind: Kind
    suppressed: Suppression | None
    playbook_version: str
    offer: str | None = None
    reason: Reason | None = None
    strength: Strength | None = None
    template: str | None = None
    variant: str | None = None
    arm: str | None = None
    addition: str | None = None
    notes: tuple[str, ...] = ()
    assignments: tuple[Assignment, ...] = ()

    @property
    def shown(self) -> bool:
        """Whether a mention of an offer is appended (an acknowledgement is none)."""
        return self.kind is Kind.MENTION


def uuid7(at: datetime, random_bits: int) -> UUID:
    """A UUIDv7 (RFC 9562) of the millisecond `at` and the low 74 bits of `random_bits`.

    A time before 1970 is 1970: ids are compared, and one that wrapped around would be after all.
    """
    milliseconds = max(0, int(at.timestamp() * 1000)) & ((1 << 48) - 1)
    random_a = (random_bits >> 62) & 0xFFF
    random_b = random_bits & ((1 << 62) - 1)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | random_a << 64 | 0b10 << 62 | random_b)
