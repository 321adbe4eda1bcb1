"""How strongly a mention may speak: from what is known of the user, and what the tier bears."""

from datetime import timedelta

from tay_middleware.decide.visit import was_here_before
from tay_middleware.domain import Detection, History, Kind, PastTurn, Strength, Turn
from tay_middleware.playbook import Policy


def choose_strength(
    turn: Turn, detection: Detection, history: History, policy: Policy
) -> tuple[Strength, tuple[str, ...]]:
    """The strength and the steps that led to it, in words.

    First-time user: gentle; returning (an earlier visit): standard. The same topic asked again
    within the recent window: one step more. A wish to buy: direct. Tier and anonymity cap it last,
    except that a wish to buy is always answered directly.
    """
    if detection.purchase:
        return Strength.DIRECT, ("asks to buy: direct",)
    returning = was_here_before(turn, history, policy)
    strength = Strength.STANDARD if returning else Strength.GENTLE
    notes = [f"{'returning' if returning else 'first session'}: {strength}"]
    if asked_before(turn, detection, history, policy):
        strength = strength.raised(1)
        notes.append(f"{detection.topic} asked again: {strength}")
    rule = policy.tiers[turn.tier]
    if rule.raise_:
        strength = strength.raised(rule.raise_)
        notes.append(f"tier {turn.tier} raises by {rule.raise_}: {strength}")
    most = policy.anonymous_max_strength if turn.user_id is None else rule.max_strength
    if strength.rank > most.rank:
        strength = most
        notes.append(f"{'anonymous' if turn.user_id is None else turn.tier} bears at most {most}")
    return strength, tuple(notes)


def asked_before(turn: Turn, detection: Detection, history: History, policy: Policy) -> bool:
    """Whether enough earlier questions within the window were about the same topic.

    A turn that failed does not count: to ask again what got no reply is no stronger wish. One that
    closed a gate asked for nothing that could be asked again: a loss, a thanks, a complaint. Of
    some topics (`repeat.except_topics`) a second question is no stronger wish.
    """
    if detection.topic is None or detection.topic in policy.repeat.except_topics:
        return False
    since = turn.asked_at - timedelta(days=policy.repeat.within_days)
    same = sum(
        past.topic == detection.topic and past.at >= since and _asked(past) and not past.failed
        for past in history.turns
    )
    return same >= policy.repeat.earlier_turns


def _asked(past: PastTurn) -> bool:
    return not past.gates and past.kind not in {Kind.ACKNOWLEDGEMENT, Kind.EXPLANATION}
