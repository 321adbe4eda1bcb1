"""Policy last: whether a need that was found may be spoken of now, and the first cause if not.

Deterministic over any stage of detection; the order of the checks is the order of `Suppression`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tay_middleware.decide.assign import bucket
from tay_middleware.decide.templates import ReplyFacts
from tay_middleware.domain import Detection, History, Kind, Mode, Suppression, Turn
from tay_middleware.playbook import Gate, Playbook, Policy


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What policy weighs beside the question: everything that is not in the question's words.

    `earlier_gates` are the gates of the user's earlier messages that came with the question.
    `recent_share` is the share of this process's latest questions that carried a mention, `None`
    while there are too few to say. `stateless` leaves cool-down, budget and holdout out (for
    `tay decide`). `history_known` is false when history could not be read: then nothing is shown.
    """

    reply: ReplyFacts = field(default_factory=ReplyFacts)
    mode: Mode = Mode.ON
    earlier_gates: tuple[tuple[str, ...], ...] = ()
    recent_share: float | None = None
    stateless: bool = False
    history_known: bool = True


def suppression(
    turn: Turn, detection: Detection, history: History, playbook: Playbook, around: Circumstances
) -> Suppression | None:
    """The first cause that holds the mention back, `None` when there is none.

    `holdout` comes after everything that depends on user and question, so that its arm compares
    like with like; then what depends on this reply alone (`unweavable`) and on our own health.
    """
    offer = detection.offer
    policy = playbook.policy
    causes: tuple[tuple[Suppression, bool], ...] = (
        (Suppression.MODE, around.mode is not Mode.ON),
        (Suppression.NOT_ALLOWED, not _allowed(turn.signals, playbook)),
        (Suppression.SENSITIVE, _gated("sensitive", turn, detection, history, playbook, around)),
        (Suppression.OWNS_OFFER, owns(turn, offer, playbook)),
        (Suppression.OPTED_OUT, _opted_out(turn, detection, history, playbook, around)),
        (Suppression.DECLINED, _declined(turn, detection, history, playbook, around)),
        (Suppression.LANGUAGE, not _in_language(turn, playbook, around)),
        (Suppression.PAUSED, offer in policy.paused_offers),
        (Suppression.COOLDOWN, not around.stateless and cooling(turn, detection, history, policy)),
        (Suppression.BUDGET, not around.stateless and _over_budget(playbook, around)),
        (Suppression.ALREADY_MENTIONED, offer in around.reply.names),
        (Suppression.HOLDOUT, not around.stateless and in_holdout(turn, playbook)),
        (Suppression.UNWEAVABLE, around.reply.obstacle is not None),
        (Suppression.DEGRADED, not around.history_known),
    )
    return next((cause for cause, holds in causes if holds), None)


def owns(turn: Turn, offer: str | None, playbook: Playbook) -> bool:
    """Whether the user already has the offer, by its name or by one of its entitlements."""
    if offer is None:
        return False
    names = {offer, *playbook.offers[offer].entitlements}
    return any(owned.strip().lower() in names for owned in turn.owned_offers)


def cooling(turn: Turn, detection: Detection, history: History, policy: Policy) -> bool:
    """Whether a mention was shown too recently; a wish to buy lifts it.

    The store checks the same again, atomically, when the turn is committed: this look only saves
    the wording and tells the cause.
    """
    if detection.purchase:
        return False
    session = [past for past in history.turns if past.session_id == turn.session_id]
    recent = session[-policy.cooldown.session_turns :] if policy.cooldown.session_turns else []
    if any(past.kind is Kind.MENTION for past in recent):
        return True
    return any(
        sum(at > turn.asked_at - timedelta(hours=cap.hours) for at in history.mentions) >= cap.most
        for cap in policy.cooldown.caps
    )


def in_holdout(turn: Turn, playbook: Playbook) -> bool:
    """Whether the user's mentions are ghosts, logged and never shown."""
    holdout = playbook.policy.holdout
    return turn.user_key is not None and bucket(holdout.seed, turn.user_key) < holdout.share


def _allowed(signals: Mapping[str, object], playbook: Playbook) -> bool:
    for rule in playbook.policy.not_allowed:
        value = signals.get(rule.signal)
        if value is not None and str(value).strip().lower() in rule.values:
            return False
    return True


def _in_language(turn: Turn, playbook: Playbook, around: Circumstances) -> bool:
    told = turn.signals.get("language")
    if told is not None and not str(told).strip().lower().startswith(playbook.voice.language):
        return False
    return around.reply.in_language


def _over_budget(playbook: Playbook, around: Circumstances) -> bool:
    most = playbook.policy.budget.max_share
    return most is not None and around.recent_share is not None and around.recent_share >= most


def _opted_out(
    turn: Turn, detection: Detection, history: History, playbook: Playbook, around: Circumstances
) -> bool:
    if _gated("opted_out", turn, detection, history, playbook, around):
        return True
    if history.opted_out_at is None or detection.opts_in:
        return False
    return turn.asked_at - history.opted_out_at < timedelta(days=playbook.policy.opted_out_days)


def _declined(
    turn: Turn, detection: Detection, history: History, playbook: Playbook, around: Circumstances
) -> bool:
    """A no in this message always counts; an earlier one until the user asks to buy."""
    if _closed_now("declined", detection, playbook):
        return True
    if detection.purchase:
        return False
    if _gated("declined", turn, detection, history, playbook, around):
        return True
    if history.declined_at is None:
        return False
    if turn.session_id is not None and history.declined_session == turn.session_id:
        return True
    return turn.asked_at - history.declined_at < timedelta(days=playbook.policy.declined_days)


def _gated(
    cause: str,
    turn: Turn,
    detection: Detection,
    history: History,
    playbook: Playbook,
    around: Circumstances,
) -> bool:
    """Whether a gate of this cause is closed now, in the transcript, or still in history."""
    if _closed_now(cause, detection, playbook):
        return True
    gates = playbook.gates.gates
    sticky = {
        name: gate
        for name, gate in gates.items()
        if gate.suppression == cause and gate.sticky_seconds > 0
    }
    if any(name in sticky for names in around.earlier_gates for name in names):
        return True
    return any(
        name in sticky and _still_closed(sticky[name], turn, past.at, past.session_id)
        for past in history.turns
        for name in past.gates
    )


def _closed_now(cause: str, detection: Detection, playbook: Playbook) -> bool:
    return cause in _causes(detection.gates, playbook)


def _causes(names: Iterable[str], playbook: Playbook) -> set[str | None]:
    gates = playbook.gates.gates
    return {gates[name].suppression for name in names if name in gates}


def _still_closed(gate: Gate, turn: Turn, at: datetime, session_id: str | None) -> bool:
    if turn.asked_at - at >= timedelta(seconds=gate.sticky_seconds):
        return False
    return gate.sticky_everywhere or session_id == turn.session_id
