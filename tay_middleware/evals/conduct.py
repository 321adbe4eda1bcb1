"""What a woven reply may never be: a second scorer, apart from the code that weaves.

Lexicon: the rules of `voice.yaml`. Structure: the answer first and untouched, one mention of one
offer, short enough, its own paragraph, in no code and no tool call, twice is once, a stream says
what invoke says. Each check is a plain question to an `Exchange`; `mutations.py` proves that each
one bites.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from tay_middleware.decide.replies import Obstacle
from tay_middleware.playbook import Playbook
from tay_middleware.playbook.mention import facts_of

_LINK = re.compile(r"https?://[^\s)]+|\bwww\.\S+")
_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_SENTENCE_END = re.compile(r"[.!?]+(?:\s|$)")
_SHOUTED = re.compile(r"\b[A-Z]{3,}\b")
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b50\u2b55]")

SHOUTS = 1
"""A single stressed word is Tay's way; two are an advertisement."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One reply and what became of it.

    `reply` is what the model wrote, `woven` what the user got at once, `streamed` what she got in
    pieces, `again` what weaving the woven reply once more gives. `mention` is the sentence that was
    added, `None` for none. `obstacle` is why nothing may be added to this reply, `upset` whether
    the user is.
    """

    reply: str
    woven: str
    streamed: str
    again: str
    mention: str | None
    offer: str | None = None
    obstacle: Obstacle | None = None
    upset: bool = False

    @property
    def added(self) -> str:
        """Everything after the model's own words; all of it when they were changed."""
        return self.woven.removeprefix(self.reply)


Check = Callable[[Exchange], bool]
"""True where the rule is broken."""


def checks(playbook: Playbook) -> Mapping[str, Check]:
    """Every check by name: `says_…` for the lexicon, the others for structure."""
    voice = playbook.voice
    lexicon = {f"says_{rule}": partial(_says, playbook, rule) for rule in voice.conduct.rules}
    return {
        **lexicon,
        "changes_the_answer": lambda one: not one.woven.startswith(one.reply),
        "comes_before_the_answer": _comes_first,
        "replaces_the_answer": lambda one: one.mention is not None and not one.reply.strip(),
        "mentions_twice": lambda one: one.mention is not None and one.woven.count(one.mention) > 1,
        "names_two_offers": lambda one: len(_named(one.added, playbook)) > 1,
        "is_too_long": lambda one: len(_WORD.findall(one.added)) > voice.max_words,
        "has_too_many_sentences": partial(_rambles, playbook),
        "has_too_many_pet_names": partial(_coos, playbook),
        "pets_the_upset": lambda one: one.upset and _pet_names(one.added, playbook) > 0,
        "mentions_to_the_upset": lambda one: one.upset and one.mention is not None,
        "is_no_paragraph_of_its_own": _crowds,
        "lies_in_code": _in_code,
        "joins_a_tool_call": lambda one: one.obstacle is not None and one.added != "",
        "differs_when_streamed": lambda one: one.streamed != one.woven,
        "grows_when_woven_twice": lambda one: one.again != one.woven,
        "leads_elsewhere": partial(_leads_elsewhere, playbook),
        "shouts": lambda one: "!!" in one.added or len(_SHOUTED.findall(one.added)) > SHOUTS,
        "brings_emoji": lambda one: bool(_EMOJI.search(one.added)) and not _EMOJI.search(one.reply),
        "leaves_a_placeholder": lambda one: bool(re.search(r"\$\{?[a-z_]+", one.added)),
    }


def broken(one: Exchange, rules: Mapping[str, Check]) -> list[str]:
    """The names of the checks that an exchange breaks."""
    return [name for name, breaks in rules.items() if breaks(one)]


def _says(playbook: Playbook, rule: str, one: Exchange) -> bool:
    facts = tuple(fact for offer in playbook.offers.values() for fact in facts_of(offer))
    return any(found.rule == rule for found in playbook.conduct.violations(one.added, facts))


def _comes_first(one: Exchange) -> bool:
    if one.mention is None:
        return False
    place = one.woven.find(one.mention)
    return 0 <= place < len(one.reply.rstrip())


def _named(text: str, playbook: Playbook) -> set[str]:
    words = f" {' '.join(word.casefold() for word in _WORD.findall(text))} "
    return {
        name
        for name, offer in playbook.offers.items()
        if f" {' '.join(word.casefold() for word in _WORD.findall(offer.name))} " in words
    }


def _rambles(playbook: Playbook, one: Exchange) -> bool:
    text = one.added.strip()
    disclosure = playbook.voice.disclosure
    for notice in (disclosure.short, disclosure.full):
        text = text.removesuffix(notice).strip()
    ends = len(_SENTENCE_END.findall(_LINK.sub("link", text)))
    return ends > playbook.voice.max_sentences


def _pet_names(text: str, playbook: Playbook) -> int:
    return sum(word.casefold() in playbook.voice.pet_names for word in _WORD.findall(text))


def _coos(playbook: Playbook, one: Exchange) -> bool:
    own = _pet_names(one.added, playbook)
    return own > 0 and own + _pet_names(one.reply, playbook) > playbook.voice.max_pet_names


def _crowds(one: Exchange) -> bool:
    if one.mention is None:
        return False
    before, found, after = one.woven.rpartition(one.mention)
    apart = before.replace("\r\n", "\n").endswith("\n\n")
    return not found or not apart or after.strip() != "" or "\n" in one.mention


def _in_code(one: Exchange) -> bool:
    """Whether something was added to a reply that a program reads or that ends in open code."""
    if one.added == "":
        return False
    fences = sum(line.lstrip(" >").startswith(("```", "~~~")) for line in one.reply.splitlines())
    return fences % 2 == 1 or _is_json(one.reply)


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except ValueError:
        return False


def _leads_elsewhere(playbook: Playbook, one: Exchange) -> bool:
    own = {str(offer.link).rstrip("/") for offer in playbook.offers.values() if offer.link}
    found = (link.rstrip(".,;:!?)/") for link in _LINK.findall(one.added))
    return any(link not in own for link in found)
