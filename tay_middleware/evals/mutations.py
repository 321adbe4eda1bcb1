"""Bad exchanges made of good ones: every conduct check must fire on its own, and on no good one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from tay_middleware import naming, weave
from tay_middleware.decide.replies import Obstacle, ReplyFacts
from tay_middleware.decide.templates import render
from tay_middleware.errors import ConfigurationError
from tay_middleware.evals.conduct import Exchange, broken, checks
from tay_middleware.evals.figures import count
from tay_middleware.evals.run import Figure
from tay_middleware.playbook import Playbook

REPLIES = (
    "Start with your three best sellers and price those properly first.",
    "Do it in this order:\n\n1. Write down every cost.\n2. Add your hours.\n3. Then the margin.",
    "Use this sheet:\n\n```\ncost + hours + margin\n```\n",
    "Two things, babes.\r\n\r\nWash it cold, and dry it flat.",
    "Less glue, thinner layers 🙌🏾 and wait until each one turns clear",
)
"""Good replies of several shapes; they end in prose, a list, code, Windows lines, an emoji."""

UNFIT = ('{"steps": ["wash", "dry"]}', "Here is the script:\n\n```python\nprint('half done')\n")
"""Replies to which nothing may be added: one that a program reads, one that ends in open code."""


@dataclass(frozen=True, slots=True)
class Sentences:
    """What is put into mentions: rule → sentences that break it, and sentences that break none."""

    bad: Mapping[str, Sequence[str]]
    must_pass: Sequence[str]


def read_sentences(path: Path) -> Sentences:
    """Read `conduct.yaml`.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Sentences(told["bad"], told["must_pass"])
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error!r}") from error


Mutation = Callable[[Exchange], Exchange]


def exchanges(playbook: Playbook) -> list[Exchange]:
    """Every wording of the playbook woven into every reply, and what may not be woven into."""
    woven = []
    for template in playbook.templates:
        for reply in REPLIES:
            facts = ReplyFacts(
                pet_names=naming.count_words(reply, playbook.voice.pet_names),
                has_emoji=weave.has_emoji(reply),
            )
            mention = render(template, playbook, None, facts)
            woven.append(exchange(reply, mention, template.offer))
    return [*woven, *(exchange(reply, woven[0].mention or "", None) for reply in UNFIT)]


def exchange(reply: str, mention: str, offer: str | None) -> Exchange:
    """What our own weaving makes of a reply and a mention."""
    added = weave.addition(reply, mention)
    text = reply + (added or "")
    again = text + (weave.addition(text, mention) or "") if added else text
    return Exchange(reply, text, text, again, mention if added else None, offer)


def structural(playbook: Playbook) -> dict[str, Mutation]:
    """Check → what makes a good exchange break it."""
    other = next(iter(playbook.offers.values())).name
    last = list(playbook.offers.values())[-1].name
    return {
        "changes_the_answer": lambda one: _woven(one, one.woven.replace("e", "a", 1)),
        "comes_before_the_answer": lambda one: _woven(one, f"{one.mention}\n\n{one.reply}"),
        "replaces_the_answer": lambda one: replace(_woven(one, one.mention or ""), reply=""),
        "mentions_twice": lambda one: _woven(one, f"{one.woven}\n\n{one.mention}"),
        "names_two_offers": lambda one: _saying(one, f"See {other} and {last}."),
        "is_too_long": lambda one: _saying(one, " ".join(["and so on"] * 20) + "."),
        "has_too_many_sentences": lambda one: _saying(one, "One. Two. Three."),
        "has_too_many_pet_names": lambda one: _saying(one, "Babes, girl, queen."),
        "pets_the_upset": lambda one: replace(_saying(one, "Girl."), upset=True),
        "mentions_to_the_upset": lambda one: replace(one, upset=True),
        "is_no_paragraph_of_its_own": lambda one: _woven(one, f"{one.reply} {one.mention}"),
        "lies_in_code": _fenced,
        "joins_a_tool_call": lambda one: replace(one, obstacle=Obstacle.TOOL_CALLS),
        "differs_when_streamed": lambda one: replace(one, streamed=one.woven[:-1]),
        "grows_when_woven_twice": lambda one: replace(one, again=f"{one.woven}\n\n{one.mention}"),
        "leads_elsewhere": lambda one: _saying(one, "Look at https://elsewhere.example/shop."),
        "shouts": lambda one: _saying(one, "DO IT TODAY!!"),
        "brings_emoji": lambda one: _saying(
            replace(one, reply=_bare(one.reply), woven=_bare(one.woven)), "Here 🔥."
        ),
        "leaves_a_placeholder": lambda one: _saying(one, "Ask about $offer."),
    }


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of trying the checks: mutations made, those that lived, good ones that were hit."""

    made: int
    lived: tuple[str, ...]
    good: int
    hit: tuple[str, ...]

    def figures(self) -> dict[str, Figure]:
        """Figures `conduct.*`."""
        return {
            "conduct.mutations_alive": count(len(self.lived), self.made),
            "conduct.good_ones_hit": count(len(self.hit), self.good),
        }

    def remarks(self) -> list[str]:
        """What lived and what was hit, in words."""
        return [f"lives: {one}" for one in self.lived] + [f"hit: {one}" for one in self.hit]


def attempt(playbook: Playbook, sentences: Sentences, surfaced: Sequence[Exchange] = ()) -> Trial:
    """Try every check on every mutation, and on everything that must pass, `surfaced` included."""
    rules = checks(playbook)
    good = [*exchanges(playbook), *surfaced]
    samples = [one for one in good if one.mention][:: max(1, len(good) // 12)]
    mutated = [
        *(
            (name, f"{name} ({sample.offer})", mutate(sample))
            for name, mutate in structural(playbook).items()
            for sample in samples
        ),
        *(
            (f"says_{rule}", f"{rule}: {sentence}", _saying(sample, sentence))
            for rule, said in sentences.bad.items()
            for sentence in said
            for sample in samples[:2]
        ),
    ]
    untried = sorted({*rules} - {name for name, _, _ in mutated})
    lived = [what for name, what, one in mutated if name not in rules or not rules[name](one)]
    passing = [(sentence, _saying(_short(samples), sentence)) for sentence in sentences.must_pass]
    lexicon = {name: rule for name, rule in rules.items() if name.startswith("says_")}
    hit = [
        *(
            f"{', '.join(found)}: {one.added.strip()}"
            for one in good
            if (found := broken(one, rules))
        ),
        *(
            f"{', '.join(found)}: {said}"
            for said, one in passing
            if (found := broken(one, lexicon))
        ),
    ]
    return Trial(
        made=len(mutated) + len(untried),
        lived=(*dict.fromkeys(lived), *(f"{name} is never tried" for name in untried)),
        good=len(good) + len(passing),
        hit=tuple(dict.fromkeys(hit)),
    )


def _short(samples: Sequence[Exchange]) -> Exchange:
    return min(samples, key=lambda one: len(one.added))


def _woven(one: Exchange, text: str) -> Exchange:
    return replace(one, woven=text, streamed=text, again=text)


def _saying(one: Exchange, sentence: str) -> Exchange:
    mention = f"{one.mention} {sentence}"
    return replace(_woven(one, f"{one.woven} {sentence}"), mention=mention)


def _fenced(one: Exchange) -> Exchange:
    reply = "```python\nprint('wash')"
    return replace(_woven(one, f"{reply}\n\n{one.mention}"), reply=reply)


def _bare(text: str) -> str:
    return "".join(character for character in text if character < "\u2600")
