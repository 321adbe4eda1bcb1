"""What made-up people write, and what the model answers: read from `questions.yaml`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from random import Random
from typing import Any

import yaml

OPENERS = ("", "", "", "hi tay, ", "hey, ", "quick one, ", "okay so ", "morning tay, ", "so ")
"""How people begin; most begin with what they want."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One message: its words, what its writer was after, and the offer that fits, if one does."""

    words: str
    intent: str
    need: str | None = None


@dataclass(frozen=True, slots=True)
class Bank:
    """All sentences, by intent."""

    needs: Mapping[str, Sequence[str]]
    buys: Mapping[str, Sequence[str]]
    after: Mapping[str, Sequence[str]]
    replies: Mapping[str, Sequence[str]]
    others: Mapping[str, Sequence[str]]

    def need(self, offer: str, random: Random) -> Asked:
        """A question that deserves `offer`."""
        words = random.choice(self.needs[offer])
        return Asked(opened(words, random), "need", offer)

    def purchase(self, offer: str, random: Random) -> Asked:
        """A question how to buy `offer`."""
        return Asked(random.choice(self.buys[offer]), "buys", offer)

    def other(self, intent: str, random: Random) -> Asked:
        """A message that deserves no offer."""
        words = random.choice(self.others[intent])
        return Asked(opened(words, random) if intent == "quick" else words, intent)

    def reaction(self, kind: str, random: Random) -> Asked:
        """What follows a mention."""
        return Asked(random.choice(self.after[kind]), kind)

    def reply(self, intent: str, random: Random) -> str:
        """A model's answer."""
        kind = _REPLIES.get(intent, "other")
        return random.choice(self.replies[kind])


_REPLIES = {
    "quick": "quick",
    "need": "deep",
    "buys": "chat",
    "small_talk": "chat",
    "thanks": "chat",
    "why": "chat",
}


def opened(words: str, random: Random) -> str:
    """The words with an opener."""
    return f"{random.choice(OPENERS)}{words}"


def read_bank() -> Bank:
    """The bank of this package."""
    source = files("tay_middleware.simulate") / "questions.yaml"
    found: dict[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))
    rest = ("quick", "small_talk", "off_topic", "support", "tender")
    return Bank(
        needs=found["needs"],
        buys=found["buys"],
        after=found["after"],
        replies=found["replies"],
        others={name: found[name] for name in rest},
    )
