"""From a decision to the record that is written: what is claimed, what is kept, what it means."""

from dataclasses import replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from tay_middleware.decide.kept_gates import ends_noes, kept_closed, said_noes
from tay_middleware.domain import Decision, Indicator, ReplyStatus, Suppression, Turn
from tay_middleware.playbook import Playbook
from tay_middleware.redaction import keep
from tay_middleware.storage import Cap, Claim, TurnRecord


def make_record(
    turn: Turn,
    decision: Decision,
    status: ReplyStatus,
    *,
    record_id: UUID,
    answered_at: datetime,
    playbook: Playbook,
    store_text: Literal["none", "redacted", "full"],
) -> TurnRecord:
    """The record of one turn; a mention carries its claim unless the user asked to buy.

    `store_text` holds for all that is written of her words: the question, and those of it in which
    an indicator was found. Which rule found it, where and for how much is always kept.
    """
    noes = said_noes(decision.detection, playbook.gates)
    return TurnRecord(
        id=record_id,
        turn=turn,
        question=keep(turn.question, store_text),
        decision=_kept(decision, store_text),
        status=status,
        answered_at=answered_at,
        claim=_claim(playbook) if decision.shown and not decision.detection.purchase else None,
        declines=Suppression.DECLINED in noes,
        opts_out=Suppression.OPTED_OUT in noes,
        opts_in=ends_noes(decision.detection, playbook.gates),
        closed=kept_closed(turn, decision.detection, playbook.gates),
    )


def _kept(decision: Decision, store_text: Literal["none", "redacted", "full"]) -> Decision:
    detection = decision.detection
    found = tuple(_kept_phrase(one, store_text) for one in detection.indicators)
    if found == detection.indicators:
        return decision
    return replace(decision, detection=replace(detection, indicators=found))


def _kept_phrase(found: Indicator, store_text: Literal["none", "redacted", "full"]) -> Indicator:
    """Words of the question as they are stored; a signal of the app has no place in it."""
    if found.end <= found.start:
        return found
    phrase = keep(found.phrase, store_text) or ""
    return found if phrase == found.phrase else replace(found, phrase=phrase)


def _claim(playbook: Playbook) -> Claim:
    cooldown = playbook.policy.cooldown
    return Claim(
        session_turns=cooldown.session_turns,
        visit_pause_seconds=playbook.policy.visit_pause_hours * 3600,
        caps=tuple(Cap(seconds=cap.hours * 3600, most=cap.most) for cap in cooldown.caps),
    )
