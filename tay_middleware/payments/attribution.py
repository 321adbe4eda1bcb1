"""Which mention a purchase is credited to. Pure: everything it needs is handed in.

Whose purchase it is, in this order: a tracked link's token, our own metadata, a customer the
provider has shown us before, the address of one, an admin's word. Two answers of one rank are no
answer: the purchase waits for a person. Then the last touch within the window gets the credit, a
click before a view; a mention of another offer makes it a cross-sale, kept apart.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from tay_middleware.payments.catalogue import Sold
from tay_middleware.payments.facts import Evidence, Fact
from tay_middleware.payments.purchases import Purchase

CONFIDENCE = {
    "token": 100,
    "metadata": 95,
    "reference": 90,
    "customer": 85,
    "email": 70,
    "by_hand": 100,
}
"""How sure each method is, in percent, by judgement: not measured."""

OF_ITS_OWN = frozenset({"token", "metadata", "reference"})
"""The methods by which a purchase itself says whose it is; an admin's word does not change that."""

CLOCK_SKEW = timedelta(seconds=60)
"""Providers tell times in whole seconds of their own clock: a mention may seem to be so much later
than the purchase that it led to."""


@dataclass(frozen=True, slots=True)
class Touch:
    """A mention that a user saw, and when they clicked its link, if ever."""

    escalation_id: UUID
    user_key: str | None
    offer: str
    shown_at: datetime
    clicked_at: datetime | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the log and other purchases say beside the purchase itself.

    `mentions` are those that tokens and metadata name, by token and by id. `users` are keys that
    the log has seen. `customers` and `emails` lead to the keys of those who bought as such.
    """

    by_token: Mapping[str, Touch] = field(default_factory=dict)
    by_id: Mapping[UUID, Touch] = field(default_factory=dict)
    users: Collection[str] = frozenset()
    customers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    emails: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who bought: by which method, and the mention that the evidence itself names."""

    user_key: str | None = None
    method: str | None = None
    named: Touch | None = None
    ambiguous: bool = False
    dismissed: bool = False


@dataclass(frozen=True, slots=True)
class Credit:
    """What a purchase is, seen from the mentions."""

    kind: str
    offer: str | None = None
    escalation_id: UUID | None = None
    first_escalation_id: UUID | None = None
    cross_escalation_id: UUID | None = None


def buyer_of(purchase: Purchase, known: Known) -> Buyer:
    """Whose purchase it is."""
    evidence = [fact.evidence for fact in purchase.facts if not fact.evidence.by_hand]
    hands = hands_of(purchase.facts)
    for method, answers in (
        ("token", _by_token(evidence, known)),
        ("metadata", _by_metadata(evidence, known)),
        ("reference", _by_reference(evidence, known)),
        ("customer", _by_others(known.customers, (one.customer for one in evidence))),
        ("email", _by_others(known.emails, (one.email_key for one in evidence))),
    ):
        if len(answers) == 1:
            return _found(method, answers[0])
        if answers:
            return _by_hand(hands, known) or Buyer(ambiguous=True)
    return _by_hand(hands, known) or Buyer()


_Answer = tuple[str | None, Touch | None]


def direct_users(facts: Iterable[Fact], known: Known) -> frozenset[str]:
    """The users that a purchase's own facts name, for other purchases of the same customer.

    An admin's last word stands in where its evidence names nobody; earlier words were corrected.
    """
    known_facts = tuple(facts)
    evidence = [fact.evidence for fact in known_facts if not fact.evidence.by_hand]
    answers = [
        *_by_token(evidence, known),
        *_by_metadata(evidence, known),
        *_by_reference(evidence, known),
    ]
    if not answers and (word := _by_hand(hands_of(known_facts), known)) is not None:
        answers = [(word.user_key, None)]
    return frozenset(user for user, _ in answers if user is not None)


def hands_of(facts: Iterable[Fact]) -> list[Fact]:
    """What admins said of a purchase, the last word last."""
    said = (fact for fact in facts if fact.evidence.by_hand)
    return sorted(said, key=lambda fact: (fact.at, fact.id))


def _found(method: str, answer: _Answer) -> Buyer:
    user_key, named = answer
    return Buyer(user_key=user_key, method=method, named=named)


def _by_token(evidence: Sequence[Evidence], known: Known) -> list[_Answer]:
    touches = {
        touch.escalation_id: touch
        for one in evidence
        if one.token is not None and (touch := known.by_token.get(one.token)) is not None
    }
    return _one_a_user(touches.values())


def _by_metadata(evidence: Sequence[Evidence], known: Known) -> list[_Answer]:
    named = [known.by_id.get(one.escalation_id) for one in evidence if one.escalation_id]
    named += [known.by_token.get(one.metadata_token) for one in evidence if one.metadata_token]
    touches = {touch.escalation_id: touch for touch in named if touch is not None}
    users = {one.user_key for one in evidence if one.user_key is not None}
    users |= {touch.user_key for touch in touches.values() if touch.user_key is not None}
    if len(users) == 1:  # a mention to nobody contradicts nobody
        latest = max(touches.values(), key=_when, default=None)
        return [(user, latest) for user in users]
    answers = _one_a_user(touches.values())
    return [*answers, *((user, None) for user in sorted(users - {user for user, _ in answers}))]


def _when(touch: Touch) -> tuple[datetime, UUID]:
    return touch.shown_at, touch.escalation_id


def _one_a_user(touches: Iterable[Touch]) -> list[_Answer]:
    """One answer a user: of several mentions named, the latest; of nobody's, each is one."""
    latest: dict[str, Touch] = {}
    for touch in sorted(touches, key=_when):
        latest[touch.user_key or f"nobody {touch.escalation_id}"] = touch
    return [(touch.user_key, touch) for _, touch in sorted(latest.items())]


def _by_reference(evidence: Sequence[Evidence], known: Known) -> list[_Answer]:
    keys = {one.reference_key for one in evidence if one.reference_key in known.users}
    return [(key, None) for key in sorted(key for key in keys if key is not None)]


def _by_others(seen: Mapping[str, frozenset[str]], names: Iterable[str | None]) -> list[_Answer]:
    users = {user for name in names if name is not None for user in seen.get(name, frozenset())}
    return [(user, None) for user in sorted(users)]


def _by_hand(hands: Sequence[Fact], known: Known) -> Buyer | None:
    """The last word of an admin."""
    if not hands:
        return None
    word = hands[-1].evidence
    if word.dismissed:
        return Buyer(method="by_hand", dismissed=True)
    named = known.by_id.get(word.escalation_id) if word.escalation_id else None
    user_key = word.user_key or (named.user_key if named else None)
    return Buyer(user_key=user_key, method="by_hand", named=named)


def credit(
    purchase: Purchase,
    buyer: Buyer,
    touches: Iterable[Touch],
    *,
    sold: Sold,
    window: timedelta,
    marked: Collection[UUID] = (),
) -> Credit:
    """The mention that gets the credit.

    Args:
        purchase: what was bought.
        buyer: by whom.
        touches: mentions of that user, at least those of the window.
        sold: what was bought. Of what the catalogue does not know, a mention that the evidence
            itself names gets the credit, and no other.
        window: how long after a mention a purchase that begins is credited to it. A mention that
            the evidence itself names needs no window.
        marked: mentions of which an admin says that they led to a sale, and that no payment is
            credited to: this is that sale, if it fits.
    """
    if (kind := _without_credit(purchase, buyer)) is not None:
        return Credit(kind, sold.one())
    at = purchase.begun_at + CLOCK_SKEW
    seen = [touch for touch in touches if at - window <= touch.shown_at <= at]
    fits = [touch for touch in seen if sold.fits(touch.offer)]
    first = min(fits, key=_when, default=None)
    word = [touch for touch in fits if touch.escalation_id in marked]
    last = named_for(buyer, sold) or _last(word or fits, at)
    if last is not None:
        return Credit(
            "attributed",
            sold.one(last.offer) or last.offer,
            escalation_id=last.escalation_id,
            first_escalation_id=(first or last).escalation_id,
        )
    other = buyer.named or _last(seen, at)
    if other is not None:
        return Credit("cross_sale", sold.one(), cross_escalation_id=other.escalation_id)
    return Credit("organic", sold.one())


def named_for(buyer: Buyer, sold: Sold) -> Touch | None:
    """The mention that the evidence names, unless it is of another offer than was sold."""
    named = buyer.named
    if named is None or buyer.method == "by_hand" or not sold.known or sold.fits(named.offer):
        return named
    return None


def _without_credit(purchase: Purchase, buyer: Buyer) -> str | None:
    """What a purchase is that no mention is looked for."""
    if buyer.dismissed:
        return "dismissed"
    if purchase.is_earlier:
        return "earlier"
    if buyer.ambiguous:
        return "ambiguous"
    return "unmatched" if buyer.user_key is None and buyer.named is None else None


def _last(touches: Iterable[Touch], at: datetime) -> Touch | None:
    """The last touch: of those clicked before the purchase if there are any, else of all."""

    def rank(touch: Touch) -> tuple[bool, datetime, UUID]:
        clicked = touch.clicked_at if touch.clicked_at and touch.clicked_at <= at else None
        return clicked is not None, clicked or touch.shown_at, touch.escalation_id

    return max(touches, key=rank, default=None)
