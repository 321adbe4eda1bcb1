"""Which wording, and how it reads in this reply.

The variant is sticky by user, for the experiment's sake; fitting it to the reply (pet names, emoji,
topic) happens inside the variant.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tay_middleware.decide.assign import choose
from tay_middleware.domain import Strength, Tier
from tay_middleware.errors import TayError
from tay_middleware.playbook import ConductRules, Playbook, Template, fill


class UnfitWordingError(TayError):
    """A wording, filled in, breaks a rule that the playbook check should have caught."""


@dataclass(frozen=True, slots=True)
class ReplyFacts:
    """What policy and wording need to know of the model's reply; facts, never its text.

    `obstacle` says why nothing may be added to it, `None` when something may. `names` holds the
    offers that the reply itself names. `pet_names` counts those it uses already.
    """

    obstacle: str | None = None
    names: frozenset[str] = frozenset()
    in_language: bool = True
    pet_names: int = 0
    has_emoji: bool = False


def pick(
    playbook: Playbook,
    offer: str,
    strength: Strength,
    tier: Tier,
    who: str,
    *,
    among: Collection[str] | None = None,
    paused: Collection[str] = (),
    for_all: bool = False,
) -> Template | None:
    """The wording for `who` (a user's key); `None` when every wording that may be used is paused.

    Args:
        playbook: where the wordings are.
        offer: what is offered.
        strength: how strongly.
        tier: the user's.
        who: what the choice is sticky by.
        among: the variants to choose from, `None` for all.
        paused: ids of wordings that are not used now; only their own users move to another one.
        for_all: leaves out what the tier has of its own.
    """
    pool = playbook.pool(offer, strength, tier, for_all=for_all)
    used = _weights(pool, among)
    if not any(used):
        return None
    seed = f"template:{offer}:{strength}:{pool[0].tier}"
    chosen = pool[choose(seed, who, used)]
    if chosen.id not in paused:
        return chosen
    left = [
        0.0 if template.id in paused else weight
        for template, weight in zip(pool, used, strict=True)
    ]
    return pool[choose(f"{seed}:instead", who, left)] if any(left) else None


def _weights(pool: Sequence[Template], among: Collection[str] | None) -> list[float]:
    """What each wording weighs; an arm of wordings that nobody else gets shares them out evenly."""
    if among is None:
        return [template.weight for template in pool]
    own = [template.weight if template.variant in among else 0.0 for template in pool]
    return own if any(own) else [float(template.variant in among) for template in pool]


def render(template: Template, playbook: Playbook, topic: str | None, reply: ReplyFacts) -> str:
    """The mention as the user will read it, disclosure included.

    Raises:
        UnfitWordingError: the filled text breaks a conduct rule or holds a link that is not the
            catalogue's.
    """
    offer = playbook.offers[template.offer]
    room = playbook.voice.max_pet_names - reply.pet_names
    values = {
        "pet_name": (template.pet_name or playbook.voice.pet_names[0]) if room > 0 else "",
        "topic": _noun(playbook, topic) or offer.topic_noun,
        "offer": offer.name,
        "link": str(offer.link or ""),
        "price": offer.price or "",
    }
    text = fill(template.text, values)
    if not reply.has_emoji:
        text = without_emoji(text)
    check_catalogue(text, str(offer.link or ""), playbook.conduct)
    disclosure = playbook.voice.disclosure
    notice = {"none": "", "short": disclosure.short, "full": disclosure.full}[disclosure.style]
    return f"{text} {notice}".strip()


def _noun(playbook: Playbook, topic: str | None) -> str | None:
    known = playbook.topics.get(topic) if topic else None
    return known.noun if known else None


def acknowledge(playbook: Playbook, who: str, reply: ReplyFacts) -> str:
    """The sentence that confirms an opt-out."""
    wordings = playbook.voice.acknowledgements
    index = choose("acknowledgement", who, [1.0] * len(wordings))
    return _plain(wordings[index], playbook, reply)


_LINK = re.compile(r"https?://\S+|www\.\S+", re.IGNORECASE)
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b50\u2b55\u2934\u2935\ufe0f\u200d\u20e3]+"
)


def without_emoji(text: str) -> str:
    """`text` without its emoji and the gaps that they leave."""
    return re.sub(r" {2,}", " ", _EMOJI.sub("", text)).strip()


def check_catalogue(text: str, link: str, conduct: ConductRules) -> None:
    """Hold a filled wording against conduct and catalogue one last time before it is shown.

    Raises:
        UnfitWordingError: it breaks a rule, or links to anything but the offer's own page.
    """
    broken = conduct.violations(text)
    if broken:
        raise UnfitWordingError(f"breaks the rule {broken[0].rule!r}: {broken[0].quote!r}")
    for found in _LINK.findall(text):
        if not link or found.rstrip(".,;:!?)") != link.rstrip(".,;:!?)"):
            raise UnfitWordingError(f"holds a link that is not the catalogue's: {found!r}")


def explain_mention(playbook: Playbook, offer: str, reason: str, reply: ReplyFacts) -> str:
    """The sentence that answers "why did you mention that?"."""
    wording = next(text for key, text in playbook.voice.explanations.items() if key == reason)
    return _plain(wording, playbook, reply, offer)


def _plain(wording: str, playbook: Playbook, reply: ReplyFacts, offer: str | None = None) -> str:
    known = playbook.offers.get(offer) if offer else None
    name = known.name if known else ""
    text = fill(wording, {"pet_name": "", "topic": "", "offer": name, "link": "", "price": ""})
    return text if reply.has_emoji else without_emoji(text)
