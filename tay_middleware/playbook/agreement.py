"""What must agree between the files of a playbook."""

import string
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tay_middleware.domain import Reason, Strength, Tier
from tay_middleware.playbook.common import too_common
from tay_middleware.playbook.evidence import ANY
from tay_middleware.playbook.fairness import unfair
from tay_middleware.playbook.names import Found, Place, listed, strangers, unknown
from tay_middleware.playbook.protection import unprotected
from tay_middleware.playbook.schema import Policy
from tay_middleware.playbook.twins import twins
from tay_middleware.playbook.unfit import unfit

if TYPE_CHECKING:
    from tay_middleware.playbook.load import Playbook
    from tay_middleware.playbook.schema import Template

LEAST_VARIANTS = 3
"""Fewer wordings than this wear out, and leave no test to run."""

MOST_TOLD_ALONE = 3
"""More wordings than these in two files are a copy of the file."""

CLASSIFIER_PLACEHOLDERS = frozenset({"offers", "reasons", "data"})
"""What `classifier.md` may ask for: the catalogue, the reasons, the place of the question."""


def disagreements(playbook: "Playbook", *, complete: bool) -> list[Found]:
    """Everything that is wrong between the files, in the order of the files.

    `complete` is whether every file could be read: else a pool is not said to be too small, nor an
    experiment to name a wording that there is not.
    """
    return [
        *_evidence(playbook),
        *too_common(playbook),
        *_gates(playbook),
        *_policy(playbook),
        *_cascade(playbook),
        *unprotected(playbook),
        *_explanations(playbook),
        *unfit(playbook),
        *_repeated(playbook),
        *twins(playbook),
        *_classifier(playbook),
        *(unfair(playbook) if complete else ()),
        *(_pools(playbook) if complete else ()),
    ]


def _evidence(playbook: "Playbook") -> Iterator[Found]:
    groups = playbook.indicators.groups
    for name, offer in playbook.offers.items():
        named: list[tuple[Place, str]] = [((name, "evidence", one), one) for one in offer.evidence]
        named += [((name, "needs"), one) for one in offer.needs]
        yield from strangers("offers.yaml", "group", named, groups)
    yield from _asked_for(playbook)


def _asked_for(playbook: "Playbook") -> Iterator[Found]:
    indicators = playbook.indicators
    named: list[tuple[Place, str]] = [(("asked_for", one), one) for one in indicators.asked_for]
    named += [(("enquiries", one), one) for one in indicators.enquiries if one != ANY]
    yield from strangers("indicators.yaml", "offer", named, playbook.offers)


def _gates(playbook: "Playbook") -> Iterator[Found]:
    file, groups, gates = "gates.yaml", playbook.indicators.groups, playbook.gates.gates
    for name, gate in gates.items():
        unless = ((("gates", name, "unless"), group) for group in gate.unless)
        yield from strangers(file, "group", unless, groups)
        if gate.reacts_as is not None:
            reacts = (("gates", name, "reacts_as"), gate.reacts_as)
            yield from strangers(file, "gate", [reacts], gates)
    beside = ((("on_topic", "beside"), group) for group in playbook.gates.on_topic.beside)
    yield from strangers(file, "group", beside, groups)


def _policy(playbook: "Playbook") -> Iterator[Found]:
    policy = playbook.policy
    reactions = policy.auto_pause.reactions if _sets_reactions(policy) else ()
    for place, names, kind, known in (
        (("paused_offers",), policy.paused_offers, "offer", playbook.offers),
        (("repeat", "except_topics"), policy.repeat.except_topics, "topic", playbook.topics),
        (("paused_templates",), policy.paused_templates, "wording", playbook.by_id),
        (("auto_pause", "reactions"), reactions, "gate", playbook.gates.gates),
    ):
        yield from strangers("policy.yaml", kind, listed(place, names), known)


def _sets_reactions(policy: Policy) -> bool:
    """Whether the business wrote the reactions; those that are the default it need not have."""
    return "reactions" in policy.auto_pause.model_fields_set


def _cascade(playbook: "Playbook") -> Iterator[Found]:
    groups, cascade = playbook.indicators.groups, playbook.policy.cascade
    for stage, rule in (("scorer", cascade.scorer), ("encoder", cascade.encoder)):
        agreed = listed(("cascade", stage, "agreed_by"), rule.agreed_by)
        yield from strangers("policy.yaml", "group", agreed, groups)


def _explanations(playbook: "Playbook") -> Iterator[Found]:
    for reason in Reason:
        if reason not in playbook.voice.explanations:
            yield "voice.yaml", ("explanations",), f"add the explanation of {reason.value!r}"


def _repeated(playbook: "Playbook") -> Iterator[Found]:
    """Two files may have wordings of one offer, and never the same one twice."""
    files: dict[str, str] = {}
    pairs: dict[tuple[str, str], list[Template]] = {}
    for template in playbook.templates:
        first = files.setdefault(template.id, template.file)
        if first != template.file:
            pairs.setdefault((template.file, first), []).append(template)
    for (file, first), found in pairs.items():
        if len(found) > MOST_TOLD_ALONE:
            message = f"{len(found)} of its wordings stand in {first} as well: take one file out"
            yield file, ("wordings",), message
            continue
        for template in found:
            yield file, template.place, f"stands in {first} as well: keep one, or rename one"


def _classifier(playbook: "Playbook") -> Iterator[Found]:
    template = string.Template(playbook.classifier_prompt)
    if not template.is_valid():
        yield "classifier.md", (), "a lone '$': write '$$' for a dollar sign"
        return
    for name in sorted(set(template.get_identifiers()) - CLASSIFIER_PLACEHOLDERS):
        message = unknown("placeholder", name, CLASSIFIER_PLACEHOLDERS)
        yield "classifier.md", (f"${name}",), message


def _pools(playbook: "Playbook") -> Iterator[Found]:
    files = {template.offer: template.file for template in playbook.templates}
    for name in playbook.offers:
        if name not in files:
            message = (
                f"{name!r} has no wording: write {LEAST_VARIANTS} or more of each strength, as in "
                "the other files there"
            )
            yield f"templates/{name}.yaml", (), message
            continue
        for strength in Strength:
            for tier in Tier:
                pool = playbook.pool(name, strength, tier)
                if not _can_occur(playbook, strength, tier):
                    continue
                place = ("wordings", strength.value, tier.value)
                file = files[name]
                if len(pool) < LEAST_VARIANTS:
                    yield (
                        file,
                        place,
                        (
                            f"{len(pool)} wordings for {tier.value} users; "
                            f"write {LEAST_VARIANTS} or more"
                        ),
                    )
                elif not any(template.weight for template in pool):
                    yield file, place, "every weight is 0: nobody could get a wording"


def _can_occur(playbook: "Playbook", strength: Strength, tier: Tier) -> bool:
    """Direct always can: a wish to buy is answered so in every tier."""
    most = playbook.policy.tiers[tier].max_strength
    return strength is Strength.DIRECT or strength.rank <= most.rank
