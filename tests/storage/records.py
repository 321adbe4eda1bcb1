"""Turn records for tests of stores; every argument has a plain default."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from tay_middleware.domain import (
    Decision,
    Kind,
    Reason,
    ReplyStatus,
    Strength,
    Turn,
    uuid7,
)
from tay_middleware.identities import user_key
from tay_middleware.storage import Cap, Claim, TurnRecord, TurnStore
from tests.builders import NOON, SECRET, a_detection, a_turn, no_need

RULE = Claim(session_turns=3, caps=(Cap(86_400, 2), Cap(7 * 86_400, 4)))
"""The default policy."""

KEY_OF = partial(user_key, SECRET)
"""Hides an identity as the records' users are hidden."""

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def a_record(
    number: int = 1,
    *,
    at: datetime = NOON,
    user: str | None = "ada",
    session: str | None = "s1",
    question: str | None = "q",
    shown: bool = True,
    claim: Claim | None = RULE,
    status: ReplyStatus = ReplyStatus.REPLIED,
    **effects: Any,
) -> TurnRecord:
    turn = a_turn(number=number, at=at, user=user, session=session)
    return TurnRecord(
        id=uuid7(at, number),
        turn=turn,
        question=question,
        decision=_decision(turn, shown=shown),
        status=status,
        answered_at=at,
        claim=claim if shown else None,
        **effects,
    )


def repeated(number: int = 1, bits: int = 99, *, shown: bool = True) -> TurnRecord:
    """The same turn, answered once more."""
    return replace(a_record(number, shown=shown), id=uuid7(NOON, bits))


def _decision(turn: Turn, *, shown: bool) -> Decision:
    if not shown:
        return Decision(no_need(topic="pricing"), Kind.NONE, None, "v1")
    return Decision(
        detection=a_detection(),
        kind=Kind.MENTION,
        suppressed=None,
        playbook_version="v1",
        offer="mentorship",
        reason=Reason.PERSONALIZED_HELP,
        strength=Strength.GENTLE,
        template="mentorship.gentle.any.A",
        variant="A",
        arm="shown",
        addition=f"\n\nabout turn {turn.turn_id.int}",
        notes=("first session: gentle",),
    )


def key(user: str = "ada") -> str:
    return a_turn(user=user).user_key or ""


async def opened(store: TurnStore) -> TurnStore:
    """The store, once its server was looked at: on a busy machine `open` does not wait so long.

    Any other store is open at once.
    """
    await store.open()
    async with asyncio.timeout(60):
        while not getattr(store, "_checked", True):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.02)
    return store
