"""Which wording, and how it reads in this reply.

The variant is sticky by user, for the experiment's sake; fitting it to the reply (pet names, emoji,
topic) happens inside the variant.
"""

from collections.abc import Collection, Sequence

from tay_middleware.decide.assign import choose
from tay_middleware.decide.replies import Facts
from tay_middleware.domain import Reason, Strength, Tier
from tay_middleware.playbook import Playbook, Template, fill


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
    shown: Sequence[str] = (),
) -> Template | None:
    """The wording for `who` (a user's key); nobody reads one twice while there are others.

    `None` when every wording that may be used is paused, or the only one left is the last she read.

    Args:
        playbook: where the wordings are.
        offer: what is offered.
        strength: how strongly.
        tier: the user's.
        who: what the choice is sticky by.
        among: the variants to choose from, `None` for all.
        paused: ids of wordings that are not used now; only their own users move to another one.
        for_all: leaves out what the tier has of its own.
        shown: ids of the wordings that she was shown, oldest first.
    """
    pool = playbook.pool(offer, strength, tier, for_all=for_all)
    used = _weights(pool, among)
    seen = {template.id for template in pool if template.id in shown}
    fresh = _without(seen, pool, used)
    if not any(_without(paused, pool, fresh)):
        usable = [one for one, left in zip(pool, _without(paused, pool, used), strict=True) if left]
        return _longest_ago(usable, shown)
    seed = f"template:{offer}:{strength}:{pool[0].tier}{f':{len(seen)}' if seen else ''}"
    chosen = pool[choose(seed, who, fresh)]
    if chosen.id not in paused:
        return chosen
    return pool[choose(f"{seed}:instead", who, _without(paused, pool, fresh))]


def _without(
    left_out: Collection[str], pool: Sequence[Template], weights: Sequence[float]
) -> list[float]:
    """The weights with none for wordings of these ids."""
    return [
        0.0 if template.id in left_out else weight
        for template, weight in zip(pool, weights, strict=True)
    ]


def _longest_ago(usable: Sequence[Template], shown: Sequence[str]) -> Template | None:
    """Of wordings that she has all read the one read longest ago, but never the last."""
    last = {name: at for at, name in enumerate(shown)}
    known = [template for template in usable if template.id != shown[-1]] if shown else []
    return min(known, key=lambda template: last[template.id], default=None)


def _weights(pool: Sequence[Template], among: Collection[str] | None) -> list[float]:
    """What each wording weighs; an arm of wordings that nobody else gets shares them out evenly."""
    if among is None:
        return [template.weight for template in pool]
    own = [template.weight if template.variant in among else 0.0 for template in pool]
    return own if any(own) else [float(template.variant in among) for template in pool]


def render(template: Template, playbook: Playbook, topic: str | None, reply: Facts) -> str:
    """The mention as the user will read it, disclosure included.

    Raises:
        UnfitWordingError: the filled text breaks a conduct rule or holds a link that is not the
            catalogue's.
    """
    return playbook.mentions.text(
        template,
        _noun(template, playbook, topic),
        pet_name=reply.pet_names < playbook.voice.max_pet_names,
        emoji=reply.has_emoji,
    )


def is_fitted(template: Template, playbook: Playbook, topic: str | None) -> bool:
    """Whether a wording reads differently below one reply and another; most do not."""
    return playbook.mentions.differs(template, _noun(template, playbook, topic))


def _noun(template: Template, playbook: Playbook, topic: str | None) -> str:
    known = playbook.topics.get(topic) if topic else None
    return known.noun if known else playbook.offers[template.offer].topic_noun


def acknowledge(playbook: Playbook, who: str, reply: Facts) -> str:
    """The sentence that confirms an opt-out."""
    wordings = playbook.voice.acknowledgements
    index = choose("acknowledgement", who, [1.0] * len(wordings))
    return _plain(wordings[index], reply)


def explain_mention(playbook: Playbook, offer: str, reason: Reason, reply: Facts) -> str:
    """The sentence that answers "why did you mention that?"."""
    return _plain(playbook.voice.explanations[reason], reply, playbook.offers[offer].name)


def _plain(wording: str, reply: Facts, offer: str = "") -> str:
    return fill(wording, {"offer": offer}, emoji=reply.has_emoji)
