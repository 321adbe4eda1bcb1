"""Policy last: whether a need that was found may be spoken of now, and the first cause if not.

Deterministic over any stage of detection; the order of the checks is the order of `Suppression`,
but that what a person has just said comes before what she said some other time: it explains best
why we are silent now.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from tay_middleware.decide.assign import bucket
from tay_middleware.decide.case import Case
from tay_middleware.decide.earlier import closed_earlier
from tay_middleware.decide.guesses import since_opted_in
from tay_middleware.decide.kept_gates import lasting, staying_closed
from tay_middleware.decide.ownership import owned, told_of
from tay_middleware.decide.replies import Obstacle
from tay_middleware.decide.said_before import mentions
from tay_middleware.decide.visit import began, is_of_this_visit, of_the_conversation, turns_here
from tay_middleware.domain import ClosedGate, Kind, Mode, Suppression, Turn
from tay_middleware.playbook import Gate, Gates, Playbook

_BLANKS = re.compile(r"[\s-]+")


def suppression(case: Case) -> Suppression | None:
    """The first cause that holds the mention back, `None` when there is none.

    `holdout` comes after everything that depends on user and question, so that its arm compares
    like with like; then what depends on this reply alone (`unweavable`) and on our own health.
    Behind a closed gate only what is bound to the user is a cause: in another mode or under another
    reply nothing would be shown either.
    """
    causes = (cause for cause, holds in _CHECKS if holds(case))
    if case.detection.escalate:
        return next(causes, None)
    return next((cause for cause in causes if cause in _BEHIND_A_GATE), None)


def owns(turn: Turn, offer: str | None, playbook: Playbook) -> bool:
    """Whether the user already has the offer, by its name or by one of its entitlements.

    Letter case does not matter, neither in the playbook nor in what the app says.
    """
    if offer is None or not turn.owned_offers:
        return False
    names = {name.strip().lower() for name in (offer, *playbook.offers[offer].entitlements)}
    return any(owned.strip().lower() in names for owned in turn.owned_offers)


def is_cause(gate: str, cause: Suppression, offer: str | None, gates: Gates) -> bool:
    """Whether a gate that was closed earlier is why `offer` is held back."""
    return cause in gates.causes((gate,)) or (
        cause is Suppression.OWNS_OFFER and offer in owned((gate,))
    )


def _is_cooling(case: Case) -> bool:
    """Whether an offer was named too recently, by us or by the model; a wish to buy lifts it.

    Of what was ours the store has the last word, atomically, when the turn is committed. Where
    nobody is known, the replies that came with the question are looked at.
    """
    turn, history, policy = case.turn, case.history, case.playbook.policy
    if case.detection.purchase:
        return False
    if turn.user_key is None:
        return _mentioned_lately(turn, case.playbook)
    most = policy.cooldown.session_turns
    recent = turns_here(turn, history, policy)[-most:] if most else []
    if any(past.kind in _NAMED_ONE for past in recent):
        return True
    return any(
        sum(at > turn.asked_at - timedelta(hours=cap.hours) for at in history.mentions) >= cap.most
        for cap in policy.cooldown.caps
    )


_NAMED_ONE = frozenset({Kind.MENTION, Kind.ORGANIC})
"""Turns in which she heard of an offer; only ours count against the caps."""


def _mentioned_lately(turn: Turn, playbook: Playbook) -> bool:
    """Whether one of the last replies of the transcript carries a mention."""
    most = playbook.policy.cooldown.session_turns
    replies = [one.content for one in turn.transcript if one.role == "assistant"]
    return any(mentions(reply, playbook) for reply in replies[-most:]) if most else False


def in_holdout(turn: Turn, playbook: Playbook) -> bool:
    """Whether the user's mentions are ghosts, logged and never shown."""
    holdout = playbook.policy.holdout
    if turn.user_key is None or holdout.share == 0:
        return False
    return bucket(holdout.seed, turn.user_key) < holdout.share


def _not_allowed(case: Case) -> bool:
    return bool(case.turn.signals) and any(
        not {_plain(value) for value in rule.values}.isdisjoint(
            _told(case.turn.signals.get(rule.signal))
        )
        for rule in case.playbook.policy.not_allowed
    )


def _told(value: object) -> Iterator[str]:
    """What a signal says, however an app writes it: one value, or several in a list or a set."""
    if isinstance(value, list | tuple | set | frozenset):
        yield from map(_plain, value)
    elif value is not None:
        yield _plain(value)


def _plain(value: object) -> str:
    """A value in lower case, with underscores for blanks and hyphens; `True` is "true"."""
    return _BLANKS.sub("_", str(value).strip().lower())


def _sensitive(case: Case) -> bool:
    """A gate that is closed in the transcript, or still closed from an earlier turn."""
    if _closed_earlier(Suppression.SENSITIVE, case):
        return True
    here = (
        ClosedGate(name, past.at, past.session_id)
        for past in of_the_conversation(case.turn, case.history)
        for name in lasting(past.gates, case.playbook.gates)
    )
    return _kept_closed(Suppression.SENSITIVE, (*case.history.closed, *here), case)


def _says_no(case: Case, cause: Suppression) -> bool:
    """Whether this message is a no or a stop, and does not ask for the offer all the same."""
    return _closed_now(cause, case) and not case.detection.asks_anyway


def _has_it(case: Case) -> bool:
    """What the app says that she has, or she herself just now."""
    said = (found.group for found in case.detection.closed_by)
    offer = case.detection.offer
    return owns(case.turn, offer, case.playbook) or offer in owned(said)


def _owns(case: Case) -> bool:
    """What she has by her own words, here or ever before, until she gave it back.

    A message of somebody who has bought, but which does not say what, keeps the session quiet.
    """
    detection, offer = case.detection, case.detection.offer
    earlier = [name for gates in case.around.earlier_gates for name in gates]
    kept = [one.gate for one in sorted(case.history.closed, key=lambda one: one.at)]
    now = [found.group for found in detection.closed_by]
    if offer in owned((*kept, *earlier, *now)):
        return True
    if any(told_of(earlier)):
        return False
    own = Suppression.OWNS_OFFER
    return _closed_earlier(own, case) or _kept_closed(own, case.history.closed, case)


def _opted_out(case: Case) -> bool:
    """An earlier stop lasts until it runs out, or until she asks for recommendations again.

    One that was only guessed lasts for its session. Who asks to buy is answered in that turn, as
    our confirmation of the stop says; the stop stays.
    """
    if case.detection.purchase or case.detection.opts_in:
        return False
    if _closed_earlier(Suppression.OPTED_OUT, case) or _guessed(Suppression.OPTED_OUT, case):
        return True
    since = case.history.opted_out_at
    if since is None:
        return False
    return case.turn.asked_at - since < timedelta(days=case.playbook.policy.opted_out_days)


def _declined(case: Case) -> bool:
    """An earlier no counts until the user asks to buy, or opts in; one in this message always.

    It holds for the rest of its visit, and for `declined_days` in any.
    """
    turn, history, policy = case.turn, case.history, case.playbook.policy
    if case.detection.purchase or case.detection.opts_in:
        return False
    before = _closed_earlier(Suppression.DECLINED, case, since=began(turn, history, policy))
    if before or _guessed(Suppression.DECLINED, case):
        return True
    said_at = history.declined_at
    if said_at is None:
        return False
    here = turn.session_id is not None and history.declined_session == turn.session_id
    if here and is_of_this_visit(said_at, turn, history, policy):
        return True
    return turn.asked_at - said_at < timedelta(days=policy.declined_days)


def _other_language(case: Case) -> bool:
    told, own = case.turn.signals.get("language"), case.playbook.voice.language
    if told is not None and not str(told).strip().lower().startswith(own):
        return True
    return not case.around.reply.in_language


def _is_mentioned(case: Case) -> bool:
    """Whether the reply names the offer; to a wish to buy that is no answer without the link."""
    offer, reply = case.detection.offer, case.around.reply
    if offer is None or offer not in reply.names:
        return False
    has_link = case.playbook.offers[offer].link is not None
    return not (case.detection.purchase and has_link) or offer in reply.links


def _is_in_the_way(case: Case) -> bool:
    """Whether the reply bears no mention below it.

    A wish to buy is answered by the link alone: there "Happy to point you there", which answers
    nothing, is no obstacle. A refusal stays one, and so does advice to pay for nothing: the link
    would contradict what the model has just said.
    """
    obstacle, offer = case.around.reply.obstacle, case.detection.offer
    if obstacle != Obstacle.NO_ANSWER or not case.detection.purchase or offer is None:
        return obstacle is not None
    return case.playbook.offers[offer].link is None


def _over_budget(case: Case) -> bool:
    most, recent = case.playbook.policy.budget.max_share, case.around.recent_share
    return most is not None and recent is not None and recent >= most


_BEHIND_A_GATE = frozenset(
    {
        Suppression.NOT_ALLOWED,
        Suppression.SENSITIVE,
        Suppression.OWNS_OFFER,
        Suppression.OPTED_OUT,
        Suppression.DECLINED,
        Suppression.COOLDOWN,
    }
)
"""Causes that come of the user and her history, and so stand beside a closed gate."""

_CHECKS: tuple[tuple[Suppression, Callable[[Case], bool]], ...] = (
    (Suppression.MODE, lambda case: case.around.mode is not Mode.ON),
    (Suppression.NOT_ALLOWED, _not_allowed),
    (Suppression.SENSITIVE, lambda case: _closed_now(Suppression.SENSITIVE, case)),
    (Suppression.OWNS_OFFER, _has_it),
    (Suppression.OPTED_OUT, lambda case: _says_no(case, Suppression.OPTED_OUT)),
    (Suppression.DECLINED, lambda case: _says_no(case, Suppression.DECLINED)),
    (Suppression.SENSITIVE, _sensitive),
    (Suppression.OWNS_OFFER, _owns),
    (Suppression.OPTED_OUT, _opted_out),
    (Suppression.DECLINED, _declined),
    (Suppression.LANGUAGE, _other_language),
    (
        Suppression.PAUSED,
        lambda case: (
            case.detection.offer in case.playbook.policy.paused_offers
            or case.detection.offer in case.around.paused
        ),
    ),
    (Suppression.COOLDOWN, lambda case: not case.around.stateless and _is_cooling(case)),
    (Suppression.BUDGET, lambda case: not case.around.stateless and _over_budget(case)),
    (Suppression.ALREADY_MENTIONED, _is_mentioned),
    (
        Suppression.HOLDOUT,
        lambda case: not case.around.stateless and in_holdout(case.turn, case.playbook),
    ),
    (Suppression.UNWEAVABLE, _is_in_the_way),
    (Suppression.DEGRADED, lambda case: not case.around.history_known),
)
"""Every cause with its check, in the order of precedence; what is said now before what was."""


def _closed_now(cause: Suppression, case: Case) -> bool:
    return _any_of(cause, case.detection.gates, case.playbook)


def _closed_earlier(cause: Suppression, case: Case, since: datetime | None = None) -> bool:
    earlier = closed_earlier(case.turn, case.history, case.around.earlier_gates, since)
    known = case.playbook.gates
    return any(cause in known.causes(lasting(gates, known)) for gates in earlier)


def _kept_closed(cause: Suppression, kept: Iterable[ClosedGate], case: Case) -> bool:
    """Whether a gate of this cause, closed by an earlier message, still is."""
    return any(
        gate.cause is cause
        and _lasts(gate, case.turn, one.at)
        and one.session_id in {None, case.turn.session_id}
        for one in kept
        for _, gate in staying_closed((one.gate,), case.playbook.gates)
    )


def _guessed(cause: Suppression, case: Case) -> bool:
    """Whether a no that was only guessed, in this session and visit, still holds."""
    turn, history, policy = case.turn, case.history, case.playbook.policy
    kept = since_opted_in(history.closed)
    here = [one for one in kept if is_of_this_visit(one.at, turn, history, policy)]
    return _kept_closed(cause, here, case)


def _any_of(cause: Suppression, names: Iterable[str], playbook: Playbook) -> bool:
    return cause in playbook.gates.causes(names)


def _lasts(gate: Gate, turn: Turn, at: datetime) -> bool:
    return turn.asked_at - at < timedelta(seconds=gate.sticky_seconds)
