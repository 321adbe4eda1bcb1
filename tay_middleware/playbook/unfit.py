"""What every wording must keep to, in every way in which it can be filled and shown."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from tay_middleware import naming
from tay_middleware.domain import Strength
from tay_middleware.playbook.mention import INVENTED_PRICE, breach, breaches, readings, with_notice
from tay_middleware.playbook.names import Found, unknown
from tay_middleware.playbook.schema import Offer, Template, Voice
from tay_middleware.playbook.typed import badly_typed
from tay_middleware.playbook.wording import EMOJI, fill, placeholders

if TYPE_CHECKING:
    from tay_middleware.playbook.load import Playbook

ENGLISH = "en"
"""The language of the two checks that know words; in any other they are silent."""

_HIDDEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SHOUTS = re.compile(r"\b[A-Z]{4,}\b")
_SENTENCE_END = re.compile(r"[.!?]+(?=\s|$)")
_BETWEEN_SENTENCES = re.compile(r"(?<=[.!?]) ")
_LINK = re.compile(r"https?://\S+")
_BLOCK = re.compile(r"\s*(?:#{1,6}\s|>|[*+-]\s|\d{1,3}[.)]\s|\|)")
_LEFT_OVER = re.compile(r"<!--|</?[a-z][^<>]{0,40}>?|[{}\[\]<>]", re.IGNORECASE)
_PAID = re.compile(r"\b(?:paid|i sell|costs money)\b", re.IGNORECASE)
_STILL_SELLS = re.compile(
    r"\b(?:(?:one|a) last (?:time|thing)|one more (?:time|thing)|(?:have|take) (?:a|another) look"
    r"|check (?:it|them|this) out|my (?:page|site|website|bio|link)|link in"
    r"|before you (?:decide|go)|reconsider|are you sure)\b",
    re.IGNORECASE,
)
"""What no answer to "stop recommending" may go on with."""

_NEXT_STEP = re.compile(
    r"\b(?:join|book|enrol|enroll|apply|sign up|buy|grab|reserve|dm|message|text|call) (?=\$"
    r"|me\b|your\b|here\b|in\b|now\b|for\b|a\b|it\b|us\b)"
    r"|\b(?:(?:in|from|on) (?:my|the) bio|link in|click|your (?:seat|spot|place))\b",
    re.IGNORECASE,
)
_ENDS_WELL = re.compile(rf"[.!?){EMOJI}]")


def unfit(playbook: "Playbook") -> Iterator[Found]:
    """Every text of `voice.yaml` and `templates/` that may not be shown, and why."""
    yield from _prices(playbook)
    yield from _spoken(playbook)
    notices = list(_notices(playbook))
    yield from notices
    notice = "" if notices else playbook.voice.disclosure.notice
    longest = 0
    for template in playbook.templates:
        offer = playbook.offers.get(template.offer)
        if offer is None:
            message = unknown("offer", template.offer, playbook.offers)
            yield template.file, ("offer",), message
            continue
        texts = readings(template, playbook)
        for message in dict.fromkeys(_wrong(template, offer, texts, notice, playbook)):
            yield template.file, template.place, message
        longest = max(longest, _most_words(texts))
    yield from _too_long_with(notice, longest, playbook.voice)


def _spoken(playbook: "Playbook") -> Iterator[Found]:
    """What is said of ourselves, filled as it is at run time: with an offer's name, or nothing."""
    names = [offer.name for offer in playbook.offers.values()]
    voice = playbook.voice
    spoken: list[tuple[str, int | str, str]] = [
        ("acknowledgements", at, text) for at, text in enumerate(voice.acknowledgements)
    ]
    spoken += [("explanations", key.value, text) for key, text in voice.explanations.items()]
    for group, key, text in spoken:
        texts = {
            fill(text, {"offer": name}, emoji=show) for name in names for show in (True, False)
        }
        found = (
            said
            for one in sorted(texts)
            for said in (*_said_badly(one, playbook), *_said_of_offers(group, one, playbook))
        )
        for message in dict.fromkeys(found):
            yield "voice.yaml", (group, key), message


def _prices(playbook: "Playbook") -> Iterator[Found]:
    """A price may be a price, which a wording may not; nothing else is forgiven it."""
    for name, offer in playbook.offers.items():
        for broken in playbook.conduct.violations(offer.price or ""):
            if broken.rule != INVENTED_PRICE:
                yield "offers.yaml", (name, "price"), breach(broken)


def _said_badly(text: str, playbook: "Playbook") -> Iterator[str]:
    for violation in playbook.conduct.violations(text):
        yield breach(violation)
    yield from _misshapen(text)


def _said_of_offers(group: str, text: str, playbook: "Playbook") -> Iterator[str]:
    """An acknowledgement names no offer: she just said stop; an explanation says who is paid."""
    names = {name: offer.names for name, offer in playbook.offers.items()}
    if group == "acknowledgements":
        for name in sorted(naming.names_found(text, names)):
            yield f"names the offer {name!r} to somebody who has just said stop: take it out"
        still = _STILL_SELLS.search(text) if playbook.voice.language == ENGLISH else None
        if still is not None:
            yield f"goes on selling to somebody who has just said stop: take {still[0]!r} out"
    elif playbook.voice.language == ENGLISH and not _PAID.search(text):
        yield 'does not say that it is paid: keep "it\'s one of my paid programs"'


def _notices(playbook: "Playbook") -> Iterator[Found]:
    disclosure = playbook.voice.disclosure
    for key, text in (("short", disclosure.short), ("full", disclosure.full)):
        if text:
            for message in (*breaches(text, playbook.conduct), *_misshapen(text)):
                yield "voice.yaml", ("disclosure", key), message


def _wrong(
    template: Template, offer: Offer, texts: tuple[str, ...], notice: str, playbook: "Playbook"
) -> Iterator[str]:
    yield from _misused(template, offer, playbook)
    if playbook.voice.language == ENGLISH:
        yield from badly_typed(template.text, offer)
    for text in texts:
        yield from _misnamed(text, template.offer, playbook)
    for text in _to_ask_about(texts, notice):
        yield from breaches(text, playbook.conduct, offer)
    for text in texts:
        yield from _misshapen(text)
    yield from _too_long(texts, playbook.voice)


def _to_ask_about(texts: tuple[str, ...], notice: str) -> dict[str, None]:
    """One reading as it is shown, and what the others say otherwise: whole, they take far longer.

    Only a rule that is broken across two sentences, and for some topics alone, is left to the look
    at the mention itself.
    """
    others = (sentence for text in texts[1:] for sentence in _BETWEEN_SENTENCES.split(text))
    return dict.fromkeys((with_notice(texts[0], notice), *others))


def _misused(template: Template, offer: Offer, playbook: "Playbook") -> Iterator[str]:
    used = placeholders(template.text)
    if "link" in used and offer.link is None:
        yield f"uses $link, but the offer {template.offer!r} has no link"
    if "price" in used and offer.price is None:
        yield f"uses $price, but the offer {template.offer!r} has no price"
    pet_names = playbook.voice.pet_names
    if template.pet_name and template.pet_name.lower() not in pet_names:
        known = ", ".join(pet_names)
        yield (
            f"the pet name {template.pet_name!r} is not in voice.yaml's pet_names: write one of "
            f"{known}, or add it there"
        )
    if "link" in used and template.strength is Strength.GENTLE:
        yield "a gentle wording names no next step: take $link out"
    if template.strength is Strength.GENTLE and playbook.voice.language == ENGLISH:
        for step in _NEXT_STEP.findall(template.text):
            yield f"a gentle wording names no next step: take {step!r} out"
    for called in _called(pet_names).findall(template.text):
        yield f"the pet name {called!r} can never vanish: write $pet_name, and `pet_name` beside it"


@lru_cache(maxsize=8)
def _called(pet_names: tuple[str, ...]) -> re.Pattern[str]:
    """Pet names by which somebody is called, set off by marks; "I'd love to" calls nobody."""
    known = "|".join(map(re.escape, pet_names))
    return re.compile(
        r"(?:^|[.!?,:;\u2026\u2013\u2014-]\s*|\b(?:hey|hi|ok|okay|oh|yes|no|listen|look|so|well|my)\s+)"
        rf"({known})(?=\s*(?:[.!?,:;\u2026\u2013\u2014]|$))",
        re.IGNORECASE,
    )


def _misnamed(text: str, own: str, playbook: "Playbook") -> Iterator[str]:
    names: Mapping[str, tuple[str, ...]] = {
        name: (*offer.names, *offer.nouns) for name, offer in playbook.offers.items()
    }
    if not naming.names_any(text, playbook.offers[own].names):
        yield "does not name its offer: write $offer where it is meant"
    for other in sorted(naming.others_named(text, names, own)):
        yield f"names another offer, {other!r}: one offer in a wording"


def _misshapen(text: str) -> Iterator[str]:
    if not text.isascii() and _HIDDEN.search(text):
        yield "holds a hidden character: type the words again"
    if "!!" in text or "! !" in text:
        yield "has exclamation marks in a row: one is plenty"
    if len(_SHOUTS.findall(text)) > 1:
        yield "shouts in capitals: stress one word at most"
    yield from _marked_up(text)
    last = text.rpartition(" ")[2]
    if not (last.startswith(("https://", "http://")) or _ENDS_WELL.match(text[-1:])):
        yield "does not end like a sentence: add its full stop, before an emoji if there is one"


def _marked_up(text: str) -> Iterator[str]:
    """Marks that a page would not show, or would let run on into the reply."""
    bare = _LINK.sub(" ", text)
    if _BLOCK.match(bare):
        yield "begins like a heading, a quotation or a list: a mention is a plain paragraph"
    left = _LEFT_OVER.search(bare)
    if left is not None:
        yield f"holds {left[0]!r}: no HTML, no brackets, nothing left over from a template"
    for mark in ("`", "*", "_", "~~"):
        if bare.count(mark) % 2:
            yield f"opens {mark!r} and does not close it: write both, or neither"


def _too_long(texts: tuple[str, ...], voice: Voice) -> Iterator[str]:
    """Each reading is counted: the longest is not the one with most sentences."""
    words = _most_words(texts)
    if words > voice.max_words:
        yield f"has {words} words when filled in; at most {voice.max_words}"
    sentences = max(len(_SENTENCE_END.findall(text.replace("...", "\u2026"))) for text in texts)
    if sentences > voice.max_sentences:
        yield f"has {sentences} sentences; at most {voice.max_sentences}"
    pets = max(naming.count_words(text, voice.pet_names) for text in texts)
    if pets > voice.max_pet_names:
        yield f"uses {pets} pet names; at most {voice.max_pet_names}"


def _most_words(texts: tuple[str, ...]) -> int:
    return max(len(text.split()) for text in texts)


def _too_long_with(notice: str, longest: int, voice: Voice) -> Iterator[Found]:
    """A notice is told off once, and not with every wording that it makes too long."""
    words = longest + len(notice.split())
    if notice and longest <= voice.max_words < words:
        most = f"at most {voice.max_words}: shorten it, or write `max_words: {words}`"
        message = f"makes {words} words with the longest wording; {most}"
        yield "voice.yaml", ("disclosure", voice.disclosure.style), message
