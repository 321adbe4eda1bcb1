"""What running experiments make of a decision, and which of them this decision lets matter.

A user is *exposed* to an experiment by the first decision on which its arms would differ: there is
a need, nothing but the holdout or the reply itself is in the way, and it is in scope. That must
never depend on the user's own arm, so each experiment is looked at before it acts, and holdout and
shown users are exposed by the same rule.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from tay_middleware.decide.assign import bucket, choose
from tay_middleware.decide.case import Case, Circumstances
from tay_middleware.decide.policy import in_holdout, suppression
from tay_middleware.decide.strength import choose_strength
from tay_middleware.domain import (
    Assignment,
    Detection,
    Mode,
    Stage,
    Strength,
    Suppression,
    Turn,
)
from tay_middleware.playbook import HOLDOUT, Arm, Experiment, ExperimentKind, Playbook

SHOWN = "shown"
"""The arm of everybody who is not in the holdout."""

_REACHED = frozenset({None, Suppression.HOLDOUT, Suppression.UNWEAVABLE})
"""Causes after everything that depends on user and question: the mention was due."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What a decision is about to do.

    `dropped` means that an arm asks for more certainty than there is. `variants` are those that an
    arm leaves to choose from, `None` for all; `for_all` leaves out the tier's own wordings.
    """

    detection: Detection
    cause: Suppression | None
    strength: Strength
    notes: tuple[str, ...]
    variants: frozenset[str] | None = None
    for_all: bool = False
    dropped: bool = False


def assigned(turn: Turn, playbook: Playbook, around: Circumstances) -> tuple[Assignment, ...]:
    """The arms that the user is in at the time of the turn, nothing of it exposed."""
    if not _takes_part(turn, around):
        return ()
    found = [
        Assignment(name, arm, exposed=False, chance=experiment.chance(arm))
        for name, experiment, arm in _placed(turn, playbook)
    ]
    return (*found, *_holdout(turn, playbook, exposed=False))


def aimed(case: Case) -> tuple[Aim, tuple[Assignment, ...]]:
    """What becomes of a need that has an offer, every running experiment considered."""
    turn, detection, playbook = case.turn, case.detection, case.playbook
    strength, notes = choose_strength(turn, detection, case.history, playbook.policy)
    aim = Aim(detection, suppression(case), strength, notes)
    if not _takes_part(turn, case.around):
        return aim, ()
    found = []
    for name, experiment, arm in _placed(turn, playbook):
        step = _STEPS[experiment.kind]
        outcomes = {other: step(aim, one, case) for other, one in experiment.arms.items()}
        matters = _in_scope(aim, experiment, case) and len(set(map(_gist, outcomes.values()))) > 1
        exposed = matters and _is_due(aim, case) and aim.cause is not Suppression.HOLDOUT
        found.append(Assignment(name, arm, exposed, experiment.chance(arm)))
        if matters:
            note = f"experiment {name}: arm {arm}"
            aim = replace(outcomes[arm], notes=(*outcomes[arm].notes, note))
    return aim, (*found, *_holdout(turn, playbook, exposed=_is_due(aim, case)))


def _takes_part(turn: Turn, around: Circumstances) -> bool:
    return turn.user_key is not None and not around.stateless and around.mode is Mode.ON


def _placed(turn: Turn, playbook: Playbook) -> Iterator[tuple[str, Experiment, str]]:
    """The running experiments that have the user, with her arm in each."""
    who, experiments = turn.user_key or "", playbook.experiments
    for name, experiment in experiments.running(turn.asked_at):
        seed = experiments.layers[experiment.layer].seed
        if experiment.holds(bucket(seed, who)):
            weights = [arm.weight for arm in experiment.arms.values()]
            yield name, experiment, list(experiment.arms)[choose(f"{seed}:{name}", who, weights)]


def _holdout(turn: Turn, playbook: Playbook, *, exposed: bool) -> tuple[Assignment, ...]:
    share = playbook.policy.holdout.share
    if not share:
        return ()
    if in_holdout(turn, playbook):
        return (Assignment(HOLDOUT, HOLDOUT, exposed, share),)
    return (Assignment(HOLDOUT, SHOWN, exposed, 1 - share),)


def _is_due(aim: Aim, case: Case) -> bool:
    """Whether a mention would be shown, holdout and reply aside."""
    ready = aim.detection.escalate and case.around.history_known and not aim.dropped
    return ready and aim.cause in _REACHED


def _in_scope(aim: Aim, experiment: Experiment, case: Case) -> bool:
    scope, offer = experiment.scope, aim.detection.offer
    if aim.dropped or scope.offer not in {None, offer}:
        return False
    if scope.strength not in {None, aim.strength}:
        return False
    tier = case.turn.tier.value
    if experiment.kind is ExperimentKind.TEMPLATE:
        turn = case.turn
        pool = case.playbook.pool(offer or "", aim.strength, turn.tier, for_all=aim.for_all)
        tier = pool[0].tier if pool else ""
    return scope.tier is None or scope.tier == tier


def _gist(aim: Aim) -> tuple[object, ...]:
    """What the user could notice of it."""
    return aim.dropped, aim.detection.offer, aim.strength, aim.variants, aim.for_all


def _ask_for_more(aim: Aim, arm: Arm, _case: Case) -> Aim:
    seen = aim.detection
    if arm.confidence is None or seen.confidence is None:
        return aim
    if seen.stage is not Stage.MODEL or seen.purchase or seen.confidence >= arm.confidence:
        return aim
    return replace(aim, dropped=True)


def _offer_another(aim: Aim, arm: Arm, case: Case) -> Aim:
    if arm.offer is None or aim.detection.purchase or arm.offer == aim.detection.offer:
        return aim
    detection = replace(aim.detection, offer=arm.offer)
    cause = suppression(replace(case, detection=detection))
    return replace(aim, detection=detection, cause=cause)


def _speak_up(aim: Aim, arm: Arm, case: Case) -> Aim:
    if not arm.raise_ or aim.detection.purchase:
        return aim
    policy, turn = case.playbook.policy, case.turn
    most = policy.tiers[turn.tier].max_strength
    if turn.user_id is None:
        most = policy.anonymous_max_strength
    return replace(aim, strength=aim.strength.raised(arm.raise_).capped(most))


def _speak_as_to_all(aim: Aim, arm: Arm, case: Case) -> Aim:
    """An arm without the tier's own wordings; nothing changes where it has none."""
    pool = case.playbook.pool(aim.detection.offer or "", aim.strength, case.turn.tier)
    has_own = bool(pool) and pool[0].tier != "any"
    return replace(aim, for_all=True) if arm.wording == "all" and has_own else aim


def _choose_among(aim: Aim, arm: Arm, _case: Case) -> Aim:
    return replace(aim, variants=frozenset(arm.use)) if arm.use else aim


_STEPS: Mapping[ExperimentKind, Callable[[Aim, Arm, Case], Aim]] = {
    ExperimentKind.THRESHOLD: _ask_for_more,
    ExperimentKind.OFFER: _offer_another,
    ExperimentKind.STRENGTH: _speak_up,
    ExperimentKind.TIER: _speak_as_to_all,
    ExperimentKind.TEMPLATE: _choose_among,
}
"""What an arm of each kind does to an aim; pure, so that every arm's can be looked at."""
