"""What is no problem of a playbook, and may still be a slip: the check tells it."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from tay_middleware import naming
from tay_middleware.languages import matches_language
from tay_middleware.playbook.experiments import Experiment
from tay_middleware.playbook.mention import readings
from tay_middleware.playbook.schema import Offer
from tay_middleware.playbook.typed import has_article
from tay_middleware.playbook.unfit import ENGLISH
from tay_middleware.playbook.wording import placeholders

if TYPE_CHECKING:
    from tay_middleware.playbook.load import Playbook


def notes(playbook: "Playbook") -> Iterator[str]:
    """A sentence for each thing that may be a slip, in the order of the files."""
    for key, offer in playbook.offers.items():
        yield from _unsaid(key, offer, playbook)
        if playbook.voice.language == ENGLISH:
            yield from _named(key, offer)
    yield from _foreign(playbook)
    yield from _repeated(playbook)
    if not playbook.policy.not_allowed:
        yield f"policy.yaml: nothing stands under not_allowed: {_TO_ANYBODY}"
    for name in playbook.policy.paused_offers:
        yield f"policy.yaml: {name!r} is paused and never mentioned, {_UNTIL}"
    for name in playbook.policy.paused_templates:
        yield f"policy.yaml: {name!r} is paused and never shown, {_UNTIL}"


def moved(former: "Playbook", playbook: "Playbook", now: datetime) -> Iterator[str]:
    """What a change does to the tests that run now: `former` is the playbook that is in force."""
    for name, before in former.experiments.running(now):
        change = _change(before, playbook.experiments.experiments.get(name))
        if change is None and _seed(former, before) != _seed(playbook, before):
            change = f"its layer {before.layer!r} has another seed"
        if change is not None:
            yield (
                f"experiments.yaml: {name!r} is running, and {change} since the version in force "
                f"({former.version}): users who change arms by it are left out. End the test "
                "first (stop), or leave it as it was"
            )


def _seed(playbook: "Playbook", test: Experiment) -> str | None:
    """By which the layer of a test shares users out."""
    layer = playbook.experiments.layers.get(test.layer)
    return None if layer is None else layer.seed


def _change(before: Experiment, after: Experiment | None) -> str | None:
    """What has become of a test, `None` where everybody stays in the same arm."""
    if after is None:
        return "is gone, or has another name,"
    gone = [arm for arm in before.arms if arm not in after.arms]
    if gone:
        return f"its arm {gone[0]!r} is gone, or has another name,"
    new = [arm for arm in after.arms if arm not in before.arms]
    if new:
        return f"has a new arm {new[0]!r}"
    other = [arm for arm, one in before.arms.items() if one != after.arms[arm]]
    if other:
        return f"its arm {other[0]!r} is another one"
    if [*before.arms] != [*after.arms]:
        return "its arms stand in another order"
    keys = ("layer", "share", "from_", "scope")
    moved_by = [key for key in keys if getattr(before, key) != getattr(after, key)]
    return f"its {moved_by[0].rstrip('_')} is another one" if moved_by else None


_TO_ANYBODY = "mentions are shown whatever the app says of age or health"

_UNTIL = "until you take it out there"


def _foreign(playbook: "Playbook") -> Iterator[str]:
    """Wordings that seem to be in another language than the replies that they join."""
    voice = playbook.voice
    for template in playbook.templates:
        text = readings(template, playbook)[0]
        if not matches_language(text, voice.function_words, voice.language):
            place = ".".join(map(str, template.place))
            yield (
                f"{template.file}: {place} does not read as {voice.language!r}, the language of "
                "voice.yaml: replies in another one get no mention"
            )


def _repeated(playbook: "Playbook") -> Iterator[str]:
    """Words that a wording says beside a `$topic` that may say them too."""
    nouns = {topic.noun for topic in playbook.topics.values()}
    for template in playbook.templates:
        if "topic" not in placeholders(template.text):
            continue
        said = set(naming.words(template.text))
        for noun in sorted(nouns | {playbook.offers[template.offer].topic_noun}):
            twice = [word for word in naming.words(noun) if word in said and len(word) >= _WORD]
            if twice:
                place = ".".join(map(str, template.place))
                yield (
                    f"{template.file}: {place} says {twice[0]!r} twice where $topic is {noun!r}: "
                    "take another word"
                )


_WORD = 5
"""Letters of a word that is heard when it comes twice; "the", "your" and "side" are not."""


def _unsaid(key: str, offer: Offer, playbook: "Playbook") -> Iterator[str]:
    """Facts of the catalogue that no wording has a place for."""
    of_offer = [one.text for one in playbook.templates if one.offer == key]
    used = frozenset[str]().union(*map(placeholders, of_offer))
    for fact, value in (("link", offer.link), ("price", offer.price)):
        if value is not None and fact not in used:
            yield f"offers.yaml: the {fact} of {key!r} is never said: no wording of it has ${fact}"


def _named(key: str, offer: Offer) -> Iterator[str]:
    """A name that is said in the middle of a sentence brings its article, and is one thing."""
    if not has_article(offer.name):
        mend = f"write 'the {offer.name}', if you would say so"
        yield f"offers.yaml: wordings will say 'in {offer.name}' of {key!r}: {mend}"
    *before, last = naming.words(offer.name) or [""]
    aliases = [naming.words(alias) for alias in offer.aliases]
    if any(alias and naming.plural(alias[-1]) == last for alias in aliases):
        said = " ".join([*before, last])
        yield f"offers.yaml: wordings will say '{said} is' of {key!r}: name it as one thing"
