"""Two decisions of one question, compared as its user would notice it, and why they differ."""

from dataclasses import dataclass
from enum import StrEnum

from tay_middleware.analytics.replay.asked import ANSWERS
from tay_middleware.analytics.replay.world import Outcome


class Flip(StrEnum):
    """How a decision changes; the first that holds."""

    NOW_OFFERED = "now offered"
    NO_LONGER = "no longer offered"
    OTHER_OFFER = "another offer"
    OTHER_STRENGTH = "another strength"
    OTHER_WORDING = "another wording"
    OTHER_ANSWER = "another answer about ourselves"


@dataclass(frozen=True, slots=True)
class Change:
    """A flip with its reason, in plain words."""

    flip: Flip
    why: str


def compare(old: Outcome, new: Outcome) -> Change | None:
    """What a user would notice of the change; `None` when nothing."""
    if old.shown != new.shown:
        if new.shown:
            return Change(Flip.NOW_OFFERED, f"before: {_why_not(old)}")
        return Change(Flip.NO_LONGER, f"now: {_why_not(new)}")
    if old.shown:
        return _of_mentions(old, new)
    before, after = _answer(old), _answer(new)
    if before == after:
        return None
    return Change(Flip.OTHER_ANSWER, f"{before[0]} → {after[0]}")


def _of_mentions(old: Outcome, new: Outcome) -> Change | None:
    one, other = old.decision, new.decision
    if one.offer != other.offer:
        return Change(Flip.OTHER_OFFER, f"{one.offer} → {other.offer}")
    if one.strength != other.strength:
        return Change(Flip.OTHER_STRENGTH, f"{one.strength} → {other.strength}")
    if old.words == new.words:
        return None
    if one.template == other.template:
        return Change(Flip.OTHER_WORDING, f"{one.template}: its words")
    return Change(Flip.OTHER_WORDING, f"{one.template} → {other.template}")


def _why_not(outcome: Outcome) -> str:
    """The first cause in plain words."""
    decision, detection = outcome.decision, outcome.decision.detection
    if decision.suppressed is not None:
        return f"held back, {decision.suppressed.value}"
    if detection.gates and detection.need:
        return f"gate {detection.gates[0]}"
    if decision.kind in ANSWERS:
        return decision.kind.value
    if detection.escalate:
        return "an arm of an experiment asks for more"
    return f"gate {detection.gates[0]}" if detection.gates else "no need found"


def _answer(outcome: Outcome) -> tuple[str, str | None]:
    if outcome.decision.kind not in ANSWERS:
        return "nothing", None
    return outcome.decision.kind.value, outcome.words
