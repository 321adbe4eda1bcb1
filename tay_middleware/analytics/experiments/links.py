"""Whether the arms of an experiment hand out links alike.

The token of a tracked link says whose a purchase is. Where only some arms hand links out, a
purchase that nothing else identifies counts in those arms alone, and they seem to sell more than
they do.
"""

from collections import defaultdict

from tay_middleware.playbook import Experiment, Playbook, Template
from tay_middleware.playbook.experiments import ExperimentKind
from tay_middleware.playbook.wording import placeholders

_NEVER = frozenset({ExperimentKind.STRENGTH, ExperimentKind.THRESHOLD})
"""Gentle wordings have no link, and neither has silence."""


def are_links_alike(experiment: Experiment, playbook: Playbook) -> bool:
    """Whether the same link is handed out at each place of the playbook, whatever the arm."""
    if experiment.kind in _NEVER:
        return False
    has_link: dict[tuple[str, ...], set[bool]] = defaultdict(set)
    for template in playbook.templates:
        if _may_be_said(experiment, template):
            place = _place(experiment.kind, template)
            has_link[place].add("link" in placeholders(template.text))
    return all(len(answers) == 1 for answers in has_link.values())


def _may_be_said(experiment: Experiment, template: Template) -> bool:
    scope, arms = experiment.scope, experiment.arms.values()
    offers = {scope.offer} | {arm.offer for arm in arms if arm.offer}
    tiers = {scope.tier} if experiment.kind is ExperimentKind.TEMPLATE else {scope.tier, "any"}
    variants = {name for arm in arms for name in arm.use} if all(arm.use for arm in arms) else None
    return (
        (scope.offer is None or template.offer in offers)
        and scope.strength in {None, template.strength}
        and (scope.tier is None or template.tier in tiers)
        and (variants is None or template.variant in variants)
    )


def _place(kind: ExperimentKind, template: Template) -> tuple[str, ...]:
    """What a wording shares with those that other arms say in its stead."""
    if kind is ExperimentKind.OFFER:
        return (template.strength,)
    if kind is ExperimentKind.TIER:
        return template.offer, template.strength
    return template.offer, template.strength, template.tier
