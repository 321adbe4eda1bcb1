"""What goes in and out of the API, as OpenAPI shows it. Amounts are texts in major units."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tay_middleware.storage.payments.tables import PurchaseKind, PurchaseStatus

Word = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
"""A short text; a database of ours may not know the character zero."""

EXAMPLE_ID = "01958a2e-7c00-7000-8000-000000000001"


class Sent(BaseModel):
    """A body that is sent to us: unknown fields are errors, so that a typo is not ignored."""

    model_config = ConfigDict(extra="forbid")


class MoneyOut(BaseModel):
    """Amounts of one purchase. `net` is the first payment less what went back."""

    currency: str = Field(examples=["usd"])
    amount: str = Field(examples=["49.00"])
    refunded: str = Field(examples=["0.00"])
    disputed: str = Field(description="at stake in an open dispute", examples=["0.00"])
    lost: str = Field(description="lost to disputes", examples=["0.00"])
    net: str = Field(examples=["49.00"])
    lifetime: str = Field(description="net of all payments, renewals included", examples=["49.00"])


class PurchaseOut(BaseModel):
    """One purchase as it stands."""

    id: UUID
    provider: str
    status: PurchaseStatus = Field(examples=["paid"])
    kind: PurchaseKind = Field(examples=["attributed"])
    counts: bool = Field(description="whether it is a conversion now")
    offer: str | None
    product: str | None
    money: MoneyOut | None = Field(description="null while nothing was paid")
    payments: int
    method: str | None = Field(description="how the buyer was found", examples=["token"])
    confidence: int | None = Field(description="how sure that is, percent", examples=[100])
    escalation_id: UUID | None = Field(description="last touch: the mention that gets the credit")
    first_escalation_id: UUID | None = Field(description="first touch in the window")
    cross_escalation_id: UUID | None = Field(description="a mention of another offer")
    begun_at: datetime
    paid_at: datetime | None
    ended_at: datetime | None
    simulated: bool = Field(description="true where nobody bought anything: `tay simulate`")


class MarkOut(BaseModel):
    """What an admin said of a mention by hand; `converted` null takes the word back."""

    converted: bool | None
    amount: str | None
    currency: str | None
    note: str | None
    actor: str
    at: datetime
    sold_at: datetime | None = Field(description="when it was sold, if the admin said so")


class FeedbackOut(BaseModel):
    """What the user said of a mention."""

    helpful: bool | None
    stop: bool
    note: str | None
    at: datetime


class EscalationOut(BaseModel):
    """One mention that was shown, and what became of it."""

    model_config = ConfigDict(json_schema_extra={"example": {"id": EXAMPLE_ID, "offer": "course"}})

    id: UUID
    user_id: str | None
    session_id: str | None
    question: str | None
    topic: str | None
    offer: str
    reason: str
    scores: dict[str, Any]
    template: str
    variant: str
    addition: str
    tier: str
    strength: str
    stage: str
    arm: str | None
    playbook_version: str
    created_at: datetime
    converted: bool
    converted_at: datetime | None
    converted_by: str | None = Field(description="`provider` or `admin`")
    time_to_conversion_seconds: float | None
    amount: str | None = Field(description="of the purchase, or as an admin said it")
    currency: str | None
    clicked_at: datetime | None
    purchase: PurchaseOut | None = Field(description="the first purchase credited to it")
    feedback: FeedbackOut | None
    simulated: bool = Field(description="true where the user is made up: `tay simulate`")


class EscalationPage(BaseModel):
    """A page, newest first; `next_cursor` asks for the next one, null on the last."""

    items: list[EscalationOut]
    next_cursor: str | None


class Explanation(BaseModel):
    """Why it was decided as it was; indicators with their place in the question as typed."""

    confidence: float | None
    gates: list[str]
    indicators: list[Any]
    notes: list[str]
    need: bool
    detected: bool
    status: str
    answered_at: datetime


class EscalationDetail(EscalationOut):
    """One mention with everything that is known of it."""

    explanation: Explanation | None = Field(description="null when its question is past retention")
    purchases: list[PurchaseOut]
    marks: list[MarkOut]


class MarkIn(Sent):
    """An admin's word on a mention."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"converted": True},
                {"converted": True, "amount": "49.00", "currency": "usd", "note": "paid in cash"},
                {"converted": True, "sold_at": "2026-03-02T12:00:00Z"},
                {"converted": None},
            ]
        },
    )

    converted: bool | None = Field(strict=True, description="null takes an earlier word back")
    amount: Decimal | None = Field(
        None, ge=0, lt=10**12, description="in major units, such as 49.00"
    )
    currency: str | None = Field(None, pattern="^[A-Za-z]{3}$")
    sold_at: AwareDatetime | None = Field(
        None, description="when it was sold; without it the sale has no part in times to a sale"
    )
    note: Word | None = None

    @model_validator(mode="after")
    def _amount_belongs_to_a_sale(self) -> "MarkIn":
        if (self.amount is None) != (self.currency is None):
            raise ValueError("amount and currency come together")
        if self.amount is not None and self.converted is not True:
            raise ValueError("an amount needs converted: true")
        if self.sold_at is not None and self.converted is not True:
            raise ValueError("sold_at needs converted: true")
        return self


class Counted(BaseModel):
    """Escalations of one kind and what became of them."""

    escalations: int
    conversions: int
    conversion_rate: float = Field(description="percent, 0 to 100")


class Revenue(BaseModel):
    """Money of the purchases begun in the period, in one currency: never added to another one's."""

    kind: str = Field(description="attributed · cross_sale · organic · unmatched …")
    currency: str
    purchases: int
    net: str
    lifetime: str


class Today(BaseModel):
    """What of the totals is of today; without it they are of the whole days alone."""

    since: datetime
    questions: int
    escalations: int


class Stats(BaseModel):
    """The figures of a period: so many whole days (UTC), and today as far as it has come."""

    period_days: int = Field(description="whole days, the last of them yesterday")
    since: datetime
    until: datetime = Field(description="the end of today")
    total_questions: int
    total_escalations: int
    escalation_rate: float = Field(description="shown per question, percent")
    conversions_since: datetime = Field(
        description="conversions are of escalations from here on: older rows are past retention"
    )
    total_conversions: int
    conversion_rate: float = Field(
        description="converted per escalation since `conversions_since`, percent, 0 to 100"
    )
    by_offer: dict[str, int]
    by_reason: dict[str, int]
    by_template: dict[str, int]
    by_tier: dict[str, int]
    by_strength: dict[str, int]
    offers: dict[str, Counted]
    reasons: dict[str, Counted]
    templates: dict[str, Counted]
    tiers: dict[str, Counted]
    strengths: dict[str, Counted]
    revenue: list[Revenue]
    recent_escalations: list[EscalationOut]
    today: Today
    simulated: bool = Field(description="true where rows of made-up people are among them")


class PurchaseListed(PurchaseOut):
    """A purchase in the list, with the provider's own ids, by which a person finds it there."""

    references: list[str] = Field(examples=[["cs_live_a1", "pi_3N", "ch_3N"]])


class PurchasePage(BaseModel):
    """A page of purchases, newest first."""

    items: list[PurchaseListed]
    next_cursor: str | None


class TouchOut(BaseModel):
    """Purchases that count, by the wording of one mention on their way, in one currency."""

    offer: str
    template: str
    currency: str
    purchases: int
    net: str
    lifetime: str


class PurchaseStats(BaseModel):
    """Purchases begun in a period, and where the credit goes by last touch and by first touch."""

    period_days: int = Field(description="whole days, the last of them yesterday")
    since: datetime
    until: datetime = Field(description="the end of today")
    kinds: dict[PurchaseKind, int]
    kinds_today: dict[PurchaseKind, int] = Field(description="those of them that began today")
    organic_share: float = Field(
        description="percent of the purchases by known users that no mention of the window led to"
    )
    revenue: list[Revenue]
    last_touch: list[TouchOut]
    first_touch: list[TouchOut]
    simulated: bool = Field(description="true where rows of made-up people are among them")


class AssignIn(Sent):
    """Whose purchase it is: a mention's, a user's (`force`: also one never seen), or nobody's."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"user_id": "u1"}, {"dismiss": True}]}
    )

    escalation_id: UUID | None = None
    user_id: Annotated[Word, Field(min_length=1)] | None = None
    dismiss: Literal[True] | None = None
    force: bool = False

    @model_validator(mode="after")
    def _exactly_one(self) -> "AssignIn":
        given = [one for one in (self.escalation_id, self.user_id, self.dismiss) if one is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of escalation_id, user_id, dismiss")
        return self


class FeedbackIn(Sent):
    """What a user says of a mention. `stop` is a decline; `for_good` with it, an opt-out."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"escalation_id": EXAMPLE_ID, "helpful": True}]},
    )

    escalation_id: UUID
    helpful: bool | None = Field(None, strict=True)
    stop: bool = Field(False, strict=True)
    for_good: bool = Field(False, strict=True)
    note: Word | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "FeedbackIn":
        if self.helpful is None and not self.stop and not self.for_good and self.note is None:
            raise ValueError("say helpful, stop, for_good or note")
        return self


class Received(BaseModel):
    """A delivery was stored, or was there already."""

    status: Literal["stored"] = "stored"


class Noted(BaseModel):
    """It is written down."""

    status: Literal["noted"] = "noted"


class DeliveryOut(BaseModel):
    """One delivery in the inbox, without its words."""

    id: UUID
    provider: str
    external_id: str
    kind: str | None
    received_at: datetime
    attempts: int
    outcome: str | None
    error: str | None
    due_at: datetime | None
    handled_at: datetime | None
    dead_at: datetime | None


class DeliveryPage(BaseModel):
    """A page of deliveries, newest first."""

    items: list[DeliveryOut]
    next_cursor: str | None
