"""What must agree between the files of a playbook, and what every wording must keep to."""

import re
import string
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tay_middleware.domain import Reason, Strength, Tier
from tay_middleware.playbook.fairness import unfair
from tay_middleware.playbook.names import Found, unknown
from tay_middleware.playbook.protection import unprotected
from tay_middleware.playbook.schema import Offer, Template, Voice
from tay_middleware.playbook.wording import fill, placeholders

if TYPE_CHECKING:
    from tay_middleware.playbook.load import Playbook

LEAST_VARIANTS = 3
"""Fewer wordings than this wear out, and leave no test to run."""

CLASSIFIER_PLACEHOLDERS = frozenset({"offers", "reasons", "data"})
"""What `classifier.md` may ask for: the catalogue, the reasons, the place of the question."""

_HIDDEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SHOUTS = re.compile(r"\b[A-Z]{4,}\b")
_SENTENCE_END = re.compile(r"[.!?]+(?=\s|$)")
_ENDS_WELL = re.compile(r"https?://\S+$|[.!?)\U0001f000-\U0001faff\u2600-\u27bf\ufe0f]$")


def disagreements(playbook: "Playbook", *, complete: bool) -> list[Found]:
    """Everything that is wrong between the files, in the order of the files.

    `complete` is whether every file could be read: else a pool is not said to be too small, nor an
    experiment to name a wording that there is not.
    """
    return [
        *_evidence(playbook),
        *_gates(playbook),
        *_policy(playbook),
        *unprotected(playbook),
        *_voice(playbook),
        *_templates(playbook),
        *_repeated(playbook),
        *_classifier(playbook),
        *(unfair(playbook) if complete else ()),
        *(_pools(playbook) if complete else ()),
    ]


def _evidence(playbook: "Playbook") -> Iterator[Found]:
    groups = playbook.indicators.groups
    for name, offer in playbook.offers.items():
        for group in offer.evidence:
            if group not in groups:
                yield "offers.yaml", (name, "evidence", group), unknown("group", group, groups)
        for group in offer.needs:
            if group not in groups:
                yield "offers.yaml", (name, "needs"), unknown("group", group, groups)
    for name in playbook.indicators.asked_for:
        if name not in playbook.offers:
            message = unknown("offer", name, playbook.offers)
            yield "indicators.yaml", ("asked_for", name), message


def _gates(playbook: "Playbook") -> Iterator[Found]:
    for name, gate in playbook.gates.gates.items():
        for group in gate.unless:
            if group not in playbook.indicators.groups:
                message = unknown("group", group, playbook.indicators.groups)
                yield "gates.yaml", ("gates", name, "unless"), message
    for group in playbook.gates.on_topic.beside:
        if group not in playbook.indicators.groups:
            message = unknown("group", group, playbook.indicators.groups)
            yield "gates.yaml", ("on_topic", "beside"), message


def _policy(playbook: "Playbook") -> Iterator[Found]:
    policy = playbook.policy
    ids = {template.id for template in playbook.templates}
    for at, name in enumerate(policy.paused_offers):
        if name not in playbook.offers:
            message = unknown("offer", name, playbook.offers)
            yield "policy.yaml", ("paused_offers", at), message
    for at, name in enumerate(policy.paused_templates):
        if name not in ids:
            yield "policy.yaml", ("paused_templates", at), unknown("wording", name, ids)
    gates = playbook.gates.gates
    if "reactions" in policy.auto_pause.model_fields_set:
        for at, name in enumerate(policy.auto_pause.reactions):
            if name not in gates:
                place = ("auto_pause", "reactions", at)
                yield "policy.yaml", place, unknown("gate", name, gates)


def _voice(playbook: "Playbook") -> Iterator[Found]:
    voice = playbook.voice
    for reason in Reason:
        if reason not in voice.explanations:
            yield "voice.yaml", ("explanations",), f"add the explanation of {reason.value!r}"
    spoken: list[tuple[str, int | str, str]] = [
        ("acknowledgements", at, text) for at, text in enumerate(voice.acknowledgements)
    ]
    spoken += [("explanations", key.value, text) for key, text in voice.explanations.items()]
    for group, key, text in spoken:
        for message in _broken(fill_widest(text, None, playbook), playbook):
            yield "voice.yaml", (group, key), message


def _templates(playbook: "Playbook") -> Iterator[Found]:
    for template in playbook.templates:
        place = ("wordings", template.strength.value, template.tier, template.variant)
        offer = playbook.offers.get(template.offer)
        if offer is None:
            message = unknown("offer", template.offer, playbook.offers)
            yield template.file, ("offer",), message
            continue
        for message in _unfit(template, offer, playbook):
            yield template.file, place, message


def _unfit(template: Template, offer: Offer, playbook: "Playbook") -> Iterator[str]:
    used = placeholders(template.text)
    if "link" in used and offer.link is None:
        yield f"uses $link, but the offer {template.offer!r} has no link"
    if "price" in used and offer.price is None:
        yield f"uses $price, but the offer {template.offer!r} has no price"
    if template.pet_name and template.pet_name.lower() not in playbook.voice.pet_names:
        yield f"the pet name {template.pet_name!r} is not in voice.yaml's pet_names"
    if "link" in used and template.strength is Strength.GENTLE:
        yield "a gentle wording names no next step: take $link out"
    text = fill_widest(template.text, template, playbook)
    yield from _broken(text, playbook)
    yield from _too_long(text, playbook.voice)


def fill_widest(text: str, template: Template | None, playbook: "Playbook") -> str:
    """`text` filled with the longest values that it can ever get."""
    offer = playbook.offers.get(template.offer) if template else None
    nouns = [topic.noun for topic in playbook.topics.values()]
    nouns += [offer.topic_noun] if offer else []
    names = [one.name for one in playbook.offers.values()]
    pet_name = (template.pet_name if template else None) or playbook.voice.pet_names[0]
    return fill(
        text,
        {
            "pet_name": pet_name,
            "topic": max(nouns, key=lambda noun: len(noun.split())),
            "offer": offer.name if offer else max(names, key=len),
            "link": str(offer.link or "") if offer else "",
            "price": (offer.price or "") if offer else "",
        },
    )


def _broken(text: str, playbook: "Playbook") -> Iterator[str]:
    for violation in playbook.conduct.violations(text):
        yield f"breaks the conduct rule {violation.rule!r}: {violation.quote!r}"
    if _HIDDEN.search(text):
        yield "holds a hidden character: type the words again"
    if "!!" in text or "! !" in text:
        yield "has exclamation marks in a row: one is plenty"
    if len(_SHOUTS.findall(text)) > 1:
        yield "shouts in capitals: stress one word at most"
    if not _ENDS_WELL.search(text):
        yield "does not end like a sentence: add its full stop"


def _too_long(text: str, voice: Voice) -> Iterator[str]:
    words = len(text.split())
    if words > voice.max_words:
        yield f"has {words} words when filled in; at most {voice.max_words}"
    sentences = len(_SENTENCE_END.findall(text.replace("...", "…")))
    if sentences > voice.max_sentences:
        yield f"has {sentences} sentences; at most {voice.max_sentences}"
    pets = sum(word.strip(".,!?").lower() in voice.pet_names for word in text.split())
    if pets > voice.max_pet_names:
        yield f"uses {pets} pet names; at most {voice.max_pet_names}"


def _repeated(playbook: "Playbook") -> Iterator[Found]:
    """Two files may have wordings of one offer, and never the same one twice."""
    files: dict[str, str] = {}
    for template in playbook.templates:
        first = files.setdefault(template.id, template.file)
        if first != template.file:
            place = ("wordings", template.strength.value, template.tier, template.variant)
            yield template.file, place, f"stands in {first} as well: keep one, or rename one"


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
        for strength in Strength:
            for tier in Tier:
                pool = playbook.pool(name, strength, tier)
                if not _can_occur(playbook, strength, tier):
                    continue
                place = ("wordings", strength.value, tier.value)
                file = files.get(name, f"templates/{name}.yaml")
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
