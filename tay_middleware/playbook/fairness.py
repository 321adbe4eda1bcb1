"""What makes an experiment fair, and what must agree between it and the rest of the playbook."""

from collections.abc import Iterator
from datetime import date
from itertools import combinations
from typing import TYPE_CHECKING

from tay_middleware.domain import Strength
from tay_middleware.playbook.experiments import Arm, Experiment, ExperimentKind
from tay_middleware.playbook.names import Found, Place, unknown

if TYPE_CHECKING:
    from tay_middleware.playbook.load import Playbook

FILE = "experiments.yaml"

HOLDOUT = "holdout"
"""The name under which the holdout of `policy.yaml` is logged; no experiment may have it."""

_KEYS = {
    ExperimentKind.TEMPLATE: "use",
    ExperimentKind.STRENGTH: "raise",
    ExperimentKind.THRESHOLD: "confidence",
    ExperimentKind.OFFER: "offer",
    ExperimentKind.TIER: "wording",
}
"""The one key that an arm of each kind may have, beside its weight."""


def unfair(playbook: "Playbook") -> Iterator[Found]:
    """Everything that is wrong with the experiments, in the order of the file."""
    found = playbook.experiments
    for name, experiment in found.experiments.items():
        place = ("experiments", name)
        for rest, message in _alone(name, experiment, playbook):
            yield FILE, (*place, *rest), message
    for (first, one), (second, two) in combinations(found.experiments.items(), 2):
        if _share_users(one, two):
            yield (
                FILE,
                ("experiments", second, "from"),
                f"shares users with {first!r} in layer {two.layer!r}: take others, or a new layer",
            )


_Here = tuple[Place, str]
"""The place in an experiment, and what is wrong there."""


def _alone(name: str, experiment: Experiment, playbook: "Playbook") -> Iterator[_Here]:
    layers = playbook.experiments.layers
    if name == HOLDOUT:
        yield (), "this name is the holdout's: choose another"
    if experiment.layer not in layers:
        yield ("layer",), unknown("layer", experiment.layer, layers)
    if experiment.control not in experiment.arms:
        yield ("control",), unknown("arm", experiment.control, experiment.arms)
    if experiment.from_ + experiment.share > 1 + 1e-9:
        yield ("share",), f"reaches past the end: at most {1 - experiment.from_:g} from here on"
    yield from _days(experiment)
    offer = experiment.scope.offer
    if offer is not None and offer not in playbook.offers:
        yield ("scope", "offer"), unknown("offer", offer, playbook.offers)
    if experiment.counts == "offer" and offer is None:
        yield ("counts",), "name the offer in the scope, or write `any`"
    yield from _arms(experiment, playbook)


def _days(experiment: Experiment) -> Iterator[_Here]:
    if experiment.stop is not None and experiment.start is None:
        yield ("start",), "write the day on which it starts, too"
    if experiment.start and experiment.stop and experiment.stop <= experiment.start:
        yield ("stop",), "it stops before it starts: write a later day"


def _arms(experiment: Experiment, playbook: "Playbook") -> Iterator[_Here]:
    key = _KEYS[experiment.kind]
    for name, arm in experiment.arms.items():
        for other in _said(arm):
            if other != key:
                message = f"an experiment of kind {experiment.kind.value!r} has no {other!r} here"
                yield ("arms", name, other), f"{message}: it may have {key!r}"
        if name != experiment.control and key not in _said(arm):
            yield ("arms", name), f"does nothing else than the playbook: add {key!r}"
    yield from _alike(experiment)
    yield from _CHECKS[experiment.kind](experiment, playbook)


def _alike(experiment: Experiment) -> Iterator[_Here]:
    """Two arms that do the same find no difference, however long they run."""
    key = _KEYS[experiment.kind]
    usual = {"raise": 0, "offer": experiment.scope.offer, "wording": "own"}.get(key)
    first: dict[object, str] = {}
    for name, arm in experiment.arms.items():
        if name != experiment.control and key not in _said(arm):
            continue
        does = {
            "use": frozenset(arm.use),
            "raise": arm.raise_,
            "confidence": arm.confidence,
            "offer": arm.offer,
            "wording": arm.wording,
        }[key]
        other = first.setdefault(usual if does is None else does, name)
        if other != name:
            yield ("arms", name, key), f"does the same as the arm {other!r}: change one of them"


def _said(arm: Arm) -> list[str]:
    said = {
        "use": bool(arm.use),
        "raise": arm.raise_ is not None,
        "confidence": arm.confidence is not None,
        "offer": arm.offer is not None,
        "wording": arm.wording is not None,
    }
    return [name for name, is_said in said.items() if is_said]


def _wordings(experiment: Experiment, playbook: "Playbook") -> Iterator[_Here]:
    """Every variant that an arm uses must be in every pool that the scope takes in."""
    scope = experiment.scope
    pools: dict[tuple[str, Strength, str], set[str]] = {}
    for template in playbook.templates:
        key = (template.offer, template.strength, template.tier)
        pools.setdefault(key, set()).add(template.variant)
    wanted = [(key, variants) for key, variants in pools.items() if scope.takes_in(*key)]
    if not wanted:
        yield ("scope",), "there is no wording in this scope: look at prompts/templates"
    for name, arm in experiment.arms.items():
        for at, variant in enumerate(arm.use):
            lacking = next((key for key, variants in wanted if variant not in variants), None)
            if lacking is not None:
                known = ", ".join(sorted(pools[lacking]))
                message = f"{'.'.join(lacking)} has no variant {variant!r}: it has {known}"
                yield ("arms", name, "use", at), message


def _thresholds(experiment: Experiment, playbook: "Playbook") -> Iterator[_Here]:
    """What a threshold never let through cannot be shown: arms can only ask for more."""
    cascade = playbook.policy.cascade
    least = max(cascade.scorer.threshold, cascade.encoder.threshold)
    for name, arm in experiment.arms.items():
        if arm.confidence is not None and arm.confidence < least:
            yield (
                ("arms", name, "confidence"),
                f"below the {least:g} of policy.yaml: write the lowest that is tested there",
            )


def _offers(experiment: Experiment, playbook: "Playbook") -> Iterator[_Here]:
    for name, arm in experiment.arms.items():
        if arm.offer is not None and arm.offer not in playbook.offers:
            yield ("arms", name, "offer"), unknown("offer", arm.offer, playbook.offers)
    if experiment.scope.offer is None:
        yield ("scope",), "say of which offer: an `offer` that others take the place of"


def _tiers(experiment: Experiment, playbook: "Playbook") -> Iterator[_Here]:
    """There must be something to leave out: a tier with wordings of its own."""
    scope = experiment.scope
    own = any(
        template.tier != "any" and scope.takes_in(template.offer, template.strength, template.tier)
        for template in playbook.templates
    )
    if not own:
        yield ("scope",), "no tier has wording of its own in this scope: look at prompts/templates"
    if all(arm.wording != "all" for arm in experiment.arms.values()):
        yield ("arms",), "one arm must have `wording: all`, or there is nothing to compare"


def _nothing(_experiment: Experiment, _playbook: "Playbook") -> Iterator[_Here]:
    yield from ()


_CHECKS = {
    ExperimentKind.TEMPLATE: _wordings,
    ExperimentKind.STRENGTH: _nothing,
    ExperimentKind.THRESHOLD: _thresholds,
    ExperimentKind.OFFER: _offers,
    ExperimentKind.TIER: _tiers,
}


def _share_users(one: Experiment, two: Experiment) -> bool:
    if one.layer != two.layer or one.start is None or two.start is None:
        return False
    apart = one.from_ + one.share <= two.from_ + 1e-9 or two.from_ + two.share <= one.from_ + 1e-9
    late = date.max
    over = (one.stop or late) <= two.start or (two.stop or late) <= one.start
    return not apart and not over
