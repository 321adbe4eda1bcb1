"""Small values for tests; every argument has a plain default."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tay_middleware.domain import (
    Detection,
    History,
    Kind,
    Message,
    PastTurn,
    Reason,
    Stage,
    Tier,
    Turn,
)
from tay_middleware.identities import user_key

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECRET = b"a secret of the tests"


def a_turn(
    question: str = "Can you review my pricing structure and tell me what's wrong?",
    *,
    number: int = 1,
    at: datetime = NOON,
    user: str | None = "ada",
    session: str | None = "s1",
    tier: Tier = Tier.FREE,
    owns: frozenset[str] = frozenset(),
    transcript: tuple[Message, ...] = (),
    signals: Mapping[str, object] | None = None,
) -> Turn:
    return Turn(
        turn_id=UUID(int=number),
        question=question,
        asked_at=at,
        user_id=user,
        user_key=user_key(SECRET, f"user:{user}") if user else None,
        session_id=session,
        tier=tier,
        owned_offers=owns,
        transcript=transcript,
        signals=signals or {},
    )


def a_detection(
    *,
    escalate: bool = True,
    need: bool = True,
    offer: str | None = "mentorship",
    reason: Reason | None = Reason.PERSONALIZED_HELP,
    gates: tuple[str, ...] = (),
    topic: str | None = "pricing",
    purchase: bool = False,
    asks_why: bool = False,
    opts_in: bool = False,
) -> Detection:
    return Detection(
        escalate=escalate,
        need=need,
        offer=offer,
        reason=reason,
        stage=Stage.KEYWORDS,
        scores={"total": 3.0},
        gates=gates,
        topic=topic,
        sure_topic=topic is not None,
        purchase=purchase,
        asks_why=asks_why,
        opts_in=opts_in,
    )


def no_need(**changes: object) -> Detection:
    return a_detection(escalate=False, need=False, offer=None, reason=None, **changes)  # type: ignore[arg-type]  # the other fields, by name


def a_past_turn(
    *,
    ago: timedelta = timedelta(minutes=5),
    session: str | None = "s1",
    topic: str | None = None,
    kind: Kind = Kind.NONE,
    offer: str | None = None,
    reason: Reason | None = None,
    gates: tuple[str, ...] = (),
    number: int = 100,
    failed: bool = False,
) -> PastTurn:
    return PastTurn(
        turn_id=UUID(int=number),
        at=NOON - ago,
        session_id=session,
        topic=topic,
        kind=kind,
        offer=offer,
        reason=reason,
        gates=gates,
        failed=failed,
    )


def a_mention(*, ago: timedelta = timedelta(minutes=5), session: str | None = "s1") -> PastTurn:
    return a_past_turn(
        ago=ago,
        session=session,
        kind=Kind.MENTION,
        offer="mentorship",
        reason=Reason.PERSONALIZED_HELP,
    )


def a_history(
    *turns: PastTurn,
    declined_ago: timedelta | None = None,
    declined_session: str | None = None,
    opted_out_ago: timedelta | None = None,
) -> History:
    return History(
        first_seen=turns[0].at if turns else None,
        last_seen=turns[-1].at if turns else None,
        turns=turns,
        mentions=tuple(turn.at for turn in turns if turn.kind is Kind.MENTION),
        declined_at=NOON - declined_ago if declined_ago is not None else None,
        declined_session=declined_session,
        opted_out_at=NOON - opted_out_ago if opted_out_ago is not None else None,
    )
