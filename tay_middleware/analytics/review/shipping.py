"""How the winner of a test becomes what the playbook says: a test that ends switches its arms off.

Where values of the playbook can say just what the arm did there are changes for a diff; where they
cannot, words alone.
"""

from collections.abc import Iterator

from tay_middleware.domain import Tier
from tay_middleware.playbook import Arm, Experiment, Playbook
from tay_middleware.playbook.experiments import ExperimentKind
from tay_middleware.playbook.patch import Change

Steps = tuple[str, tuple[Change, ...]]
"""What to do, in words, and the changes that do it, none where none is safe."""

_RUNS_ON = "let the test run: its end switches it off"


def shipping(name: str, arm_name: str, playbook: Playbook, end: Change) -> Steps:
    """What ships an arm of a test.

    Args:
        name: the test's.
        arm_name: the winner's.
        playbook: which has the test.
        end: the change that ends it.

    Returns:
        The words, and all changes, `end` among them; no change at all where none is safe.
    """
    experiment = playbook.experiments.experiments[name]
    arm = experiment.arms[arm_name]
    if not (arm.use or arm.raise_ or arm.confidence is not None or arm.offer) and (
        arm.wording != "all"
    ):
        return f"end the test: without it everybody gets what {arm_name} got", (end,)
    if experiment.kind is ExperimentKind.TEMPLATE:
        return _wordings(arm_name, arm, experiment, playbook, end)
    if experiment.kind is ExperimentKind.STRENGTH:
        return _strength(arm, experiment, playbook, end)
    return f"{_by_hand(arm, experiment)}; until then {_RUNS_ON}", ()


def _wordings(
    arm_name: str, arm: Arm, experiment: Experiment, playbook: Playbook, end: Change
) -> Steps:
    scope = experiment.scope
    others = {
        one.id
        for one in playbook.templates
        if one.variant not in arm.use and scope.takes_in(one.offer, one.strength, one.tier)
    }
    paused = sorted(others.union(playbook.policy.paused_templates))
    words = (
        f"end the test, and pause what {arm_name} does not say; or keep only {arm_name} in "
        "prompts/templates"
    )
    return words, (end, Change("policy.yaml", ("paused_templates",), f"[{', '.join(paused)}]"))


def _strength(arm: Arm, experiment: Experiment, playbook: Playbook, end: Change) -> Steps:
    tiers = [tier for tier in Tier if experiment.scope.tier in {None, tier.value}]
    steps, rules = arm.raise_ or 0, playbook.policy.tiers
    words = f"add {steps:+d} to `raise` of {', '.join(tiers)} in prompts/policy.yaml, `tiers`"
    is_for_all = experiment.scope.offer is None and experiment.scope.strength is None
    # A tier's steps come before its cap, an arm's after it: only upwards is it the same.
    if not is_for_all or steps < 0 or any(rules[tier].raise_ < 0 for tier in tiers):
        words += ", as far as it fits: it is not just what the arm did"
        return f"{words}; until then {_RUNS_ON}", ()
    raised = tuple(
        Change("policy.yaml", ("tiers", tier.value, "raise"), rules[tier].raise_ + steps)
        for tier in tiers
    )
    return f"{words}, and end the test", (end, *raised)


def _by_hand(arm: Arm, experiment: Experiment) -> str:
    where = " and ".join(_scope(experiment))
    if experiment.kind is ExperimentKind.THRESHOLD:
        return (
            f"raise `threshold`, `agreed` and `follow_up` of the stage that decides (`scorer` or "
            f"`encoder` in prompts/policy.yaml, `cascade`) to {arm.confidence:g} where they are "
            f"lower{' (tested for ' + where + ' alone)' if where else ''}, and take the test out "
            "of prompts/experiments.yaml"
        )
    if experiment.kind is ExperimentKind.OFFER:
        return (
            f"write prompts/ so that {where or 'such needs'} leads to the {arm.offer}, which no "
            "single value says (`tay playbook diff --replay` shows whether it does), and end the "
            "test"
        )
    return (
        f"delete the tier's own wordings ({where or 'all tiers'}) in prompts/templates, and take "
        "the test out of prompts/experiments.yaml"
    )


def _scope(experiment: Experiment) -> Iterator[str]:
    scope = experiment.scope
    for value, words in (
        (scope.offer, "the {}"),
        (scope.strength, "strength {}"),
        (scope.tier, "tier {}"),
    ):
        if value is not None:
            yield words.format(value)
