"""What the learned scorer sees of a question: words and pairs of words, its shape, and the phrases.

Starts from the text that the keyword stage has folded already, so case, curly quotes, emoji and a
"hey Tay" in front change nothing. One place for training and for run time.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tay_middleware.decide.encoding import said_before
from tay_middleware.decide.normalise import BLANK
from tay_middleware.decide.spelling import respelled
from tay_middleware.domain import Detection, Message

_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)?|[$]|\d[\d.,]*[a-z%]*|\?")
_CALLED = (
    "there|tay|team|all|everyone|girl|sis|hun|hon|honey|love|lovely|babe|dear|darling|sweetie"
    "|friend|lady|ladies|madam|ma'am|sir|auntie|aunty|queen|boss|mama|coach|ma|miss tay|again"
)
_GREETING = re.compile(
    r"\s*(?:(?:hi+|hey+|hello+|hiya|heya|yo|good (?:morning|afternoon|evening|day)|greetings"
    rf"|dear)\b(?:[ ,]+(?:{_CALLED})\b)*"
    r"[\s,.!:-]*|tay[,!:]\s*)+"
)
_EMOJI = re.compile("[\u2190-\u2bff\u3030\u303d\u200d\ufe0f\U0001f000-\U0001faff]+")
_FIRST_PERSON = frozenset(
    {"i", "i'm", "i've", "i'd", "i'll", "im", "ive", "my", "me", "mine", "we", "our"}
)
_MOST_TOKENS = 700
_LONG = 5
"""Letters of a word that also counts by its beginning: "ventilating", "ventilaton"."""


@dataclass(frozen=True, slots=True)
class Features:
    """What the built-in scorer reads: `terms` by name, the distinct plain `words` among them."""

    terms: list[str]
    words: list[str]


def spoken(folded: str) -> str:
    """The folded text as a reader would take it: no greeting, no slip, nothing that was blanked."""
    text = folded.replace(BLANK, " ")
    if not text.isascii():
        text = _EMOJI.sub(" ", text)
    greeting = _GREETING.match(text)
    if greeting is not None and greeting.end() < len(text):
        text = text[greeting.end() :]
    return respelled(text)


def features(text: str, detection: Detection, history: Sequence[Message] = ()) -> Features:
    """The features that a question has, each once, in a fixed order.

    Args:
        text: of `spoken`.
        detection: what the keyword stage made of the question; its groups, gates and offer are
            features as well.
        history: what was said before.
    """
    words = ["#" if word[0].isdigit() else word for word in _TOKEN.findall(text)[:_MOST_TOKENS]]
    plain = list(found := dict.fromkeys(words))
    before = "<"
    for word in words:
        found[f"{before} {word}"] = None
        if len(word) > _LONG:
            found[f"{word[:_LONG]}*"] = None
        before = word
    found[f"{before} >"] = None
    _add_shape(found, words, said_before(text, history))
    _add_phrases(found, detection)
    return Features(list(found), plain)


def _add_shape(found: dict[str, None], words: list[str], history: Sequence[Message]) -> None:
    found[f"@length {min(7, len(words).bit_length())}"] = None
    found[f"@asks {min(3, words.count('?'))}"] = None
    found[f"@numbers {min(3, words.count('#'))}"] = None
    found[f"@first person {min(4, sum(map(_FIRST_PERSON.__contains__, words)))}"] = None
    if history:
        found["@history"] = None


def _add_phrases(found: dict[str, None], detection: Detection) -> None:
    for name, score in detection.scores.items():
        if score > 0:
            found[f"@{name}"] = None
            if score >= 1:
                found[f"@{name} 1"] = None
    for gate in detection.gates:
        found[f"@gate {gate}"] = None
    found[f"@need {detection.need}"] = None
    found[f"@offer {detection.offer}"] = None
    found[f"@topic {detection.topic}"] = None
