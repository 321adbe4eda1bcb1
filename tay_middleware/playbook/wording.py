"""The little language of wordings: `$placeholder`s from an allow-list, filled with our own values.

`string.Template` and nothing stronger: `str.format` reaches attributes of what it is given, and a
sandboxed template engine has no limit on the work one wording can cost.
"""

import re
import string

PLACEHOLDERS = frozenset({"pet_name", "topic", "offer", "link", "price"})
"""All that a wording may ask for; each is filled from `prompts/`, never from the user's text."""

MAX_VALUE_CHARS = 200
"""A filled value longer than this is cut: no wording needs more, and links stay below it."""

_ORPHAN_PUNCTUATION = re.compile(r"^[\s,;:.!-]+")
_SPACE_BEFORE_PUNCTUATION = re.compile(r"\s+([,.;:!?])")
_DOUBLED_COMMA = re.compile(r",(\s*,)+")
_COMMA_BEFORE_STOP = re.compile(r",\s*([.!?;:])")
_OPENING = re.compile(r"(?<=[.!?] )\$(\{)?(?P<name>offer|topic|pet_name)(?(1)\}|\b)")
"""A placeholder that begins a sentence, further in; links and prices are written as they are."""

_SPACES = re.compile(r"[ \t]{2,}")


class _Wording(string.Template):
    idpattern = r"(?a:[a-z_]+)"
    flags = re.NOFLAG


def check_placeholders(text: str) -> str:
    """Return `text` when every placeholder is on the allow-list and every `$` is meant.

    Raises:
        ValueError: a placeholder is unknown, a lone `$` stands there, or the text breaks a line.
    """
    if "\n" in text or "\r" in text:
        raise ValueError("a wording is one paragraph: take the line break out")
    template = _Wording(text)
    if not template.is_valid():
        raise ValueError("a lone '$': write '$$' for a dollar sign")
    unknown = sorted(set(template.get_identifiers()) - PLACEHOLDERS)
    if unknown:
        known = ", ".join(f"${name}" for name in sorted(PLACEHOLDERS))
        raise ValueError(f"unknown placeholder ${unknown[0]}; known are {known}")
    return text


def placeholders(text: str) -> frozenset[str]:
    """The placeholders that `text` uses."""
    return frozenset(_Wording(text).get_identifiers())


def fill(text: str, values: dict[str, str]) -> str:
    """Fill the placeholders of `text` and mend what an empty value leaves behind.

    `"$pet_name, I can help."` with an empty pet name becomes `"I can help."`. Values are cut at
    `MAX_VALUE_CHARS`, lose their line breaks, and begin a sentence with a capital.

    Raises:
        KeyError: a placeholder has no value.
    """
    safe = {name: " ".join(value.split())[:MAX_VALUE_CHARS] for name, value in values.items()}
    capital = {name: value[:1].upper() + value[1:] for name, value in safe.items()}
    opened = _OPENING.sub(lambda found: capital[found["name"]].replace("$", "$$"), text)
    filled = _Wording(opened).substitute(safe)
    filled = _SPACE_BEFORE_PUNCTUATION.sub(r"\1", _SPACES.sub(" ", filled))
    filled = _COMMA_BEFORE_STOP.sub(r"\1", _DOUBLED_COMMA.sub(",", filled))
    filled = _ORPHAN_PUNCTUATION.sub("", filled).strip()
    return filled[:1].upper() + filled[1:]
