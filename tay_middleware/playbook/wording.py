"""The little language of wordings: `$placeholder`s from an allow-list, filled with our own values.

`string.Template` and nothing stronger: `str.format` reaches attributes of what it is given, and a
sandboxed template engine has no limit on the work one wording can cost.
"""

import re
import string
from collections.abc import Collection, Mapping
from difflib import get_close_matches

PLACEHOLDERS = frozenset({"pet_name", "topic", "offer", "link", "price"})
"""All that a wording may ask for; each is filled from `prompts/`, never from the user's text."""

MAX_VALUE_CHARS = 200
"""A filled value longer than this is cut: no wording needs more. A link is never cut."""

EMOJI = (
    "\U0001f000-\U0001faff\u2600-\u27bf\u231a\u231b\u23e9-\u23fa\u2b05-\u2b55\u2934\u2935"
    "\ufe0f\u200d\u20e3"
)
"""Emoji and what they are joined with, as the inside of a character class."""

_LINK_HERE, _EMPTY = "\ue000", "\ue001"
"""Stand for the link while the text around it is mended, and for a value that is empty."""

_EMOJI = re.compile(f"[{EMOJI}]+")
_GAP = re.compile(
    r"(?P<before>[(,;:.!?\u2026\u2013\u2014-]|\b(?:and|but|so|or|yet|because)\b)?"
    rf"\s*{_EMPTY}(?:\s*{_EMPTY})*"
    r"(?:\s*(?P<after>[),;:.!?\u2026\u2013\u2014-]+))?(?P<blank>\s*)(?P<next>\w?)",
    re.IGNORECASE,
)
_STOPS, _DASHES, _PAUSES = ".!?", "\u2013\u2014-", ",;:\u2026\u2013\u2014-"
_ORPHAN_PUNCTUATION = re.compile(r"^[\s,;:.!-]+")
_SPACE_BEFORE_PUNCTUATION = re.compile(r"\s+([,.;:!?])")
_DOUBLED_COMMA = re.compile(r",(\s*,)+")
_COMMA_BEFORE_STOP = re.compile(r",\s*([.!?;:])")
_OPENING = re.compile(r"(?<=[.!?] )\$(\{)?(?P<name>offer|topic|pet_name)(?(1)\}|\b)")
"""A placeholder that begins a sentence, further in; links and prices are written as they are."""

_SPACES = re.compile(r"[ \t]{2,}")


_NAMED = re.compile(r"(?<!\$)\$([A-Za-z]\w*)")

_IN_CAPITALS = re.compile(
    r"(?<!\$)\$(?!(?-i:offer|topic|pet_name|link|price)\b)(?:offer|topic|pet_name|link|price)\b",
    re.IGNORECASE,
)
"""A placeholder in other letters than its own: `$Offer`."""

_DETERMINED = re.compile(
    r"\b(a|an|the|my|your|our|her|his|their|this|that|these|those)"
    r"(?: (?:own|whole|entire|real|next|best|new|little))? \$\{?(topic|pet_name)\b",
    re.IGNORECASE,
)
"""An article before a value that has one of its own ("your clients"), or that may be empty."""

_OWNED_NAME = re.compile(r"\$(?:pet_name\b|\{pet_name\})['\u2019]s\b")
"""What belongs to a pet name, which may be empty."""

_PRICED = re.compile(r"(?<!\$)\$\d(?:[\d.,]*\d)?")
"""A price as it is written elsewhere: here `$` begins a placeholder."""

_ARTICLE_TWICE = re.compile(
    r"\b(a|an|the|my|your|our|her|his|their)(?: (?:own|whole|next|best|new|little))? \$\{?offer\b",
    re.IGNORECASE,
)
"""An article before the name of an offer, which has one: "the the mentorship"."""

_SAYS_OF_TOPIC = re.compile(
    r"(\b(?:with|on|about|of|for|in|around|to|at|from|behind|into|over|and|or|through) )?"
    r"\$\{?topic\b\}? (?:(?:always|never|often|still|also|really|usually) )?"
    r"(is|isn't|are|was|were|has|have|does|doesn't|do|gets|takes|needs|deserves|goes|comes|works"
    r"|looks|feels|keeps|makes|wants|depends|matters|starts|stops|changes|costs|pays|brings)\b",
    re.IGNORECASE,
)
"""A verb of which `$topic` is the subject: it may be "pricing", and it may be "your clients"."""


_CURLY = "\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u00ab\u00bb"


class _Wording(string.Template):
    idpattern = r"(?a:[a-z_]+)"
    flags = re.NOFLAG


def check_placeholders(text: str, allowed: Collection[str] = PLACEHOLDERS) -> str:
    """Return `text` when every placeholder is on the allow-list and every `$` is meant.

    Raises:
        ValueError: a placeholder is unknown or has an article before it, a lone `$` stands there,
            or the text breaks a line.
    """
    if "\n" in text or "\r" in text:
        raise ValueError("a wording is one paragraph: take the line break out")
    check_quotes(text)
    priced = _PRICED.search(text)
    if priced is not None:
        raise ValueError(f"{priced[0]!r}: a price stands in offers.yaml: write $price here")
    template = _Wording(text)
    if not template.is_valid():
        capital = _IN_CAPITALS.search(text)
        if capital is not None:
            raise ValueError(f"{capital[0]!r} is in capitals: write {capital[0].lower()}")
        named = _NAMED.search(text)
        if named is not None and named[1] != named[1].lower():
            meant = _meant(named[1].lower(), allowed)
            raise ValueError(f"unknown placeholder {named[0]}{meant}")
        raise ValueError("a lone '$': write '$$' for a dollar sign")
    _check_neighbours(text)
    unknown = sorted(set(template.get_identifiers()) - set(allowed))
    if unknown and not set(unknown) - PLACEHOLDERS:
        raise ValueError(f"${unknown[0]} is not known here: take it out")
    if unknown:
        raise ValueError(f"unknown placeholder ${unknown[0]}{_meant(unknown[0], allowed)}")
    return text


def _meant(name: str, allowed: Collection[str]) -> str:
    known = sorted(allowed)
    close = get_close_matches(name, known, n=1)
    if close:
        return f": did you mean ${close[0]}?"
    return f"; known are {', '.join(f'${one}' for one in known) or 'none'}"


def check_quotes(text: str) -> str:
    """Return `text` when no quotation mark of the file has become a part of it.

    Raises:
        ValueError: one has: YAML knows straight pairs alone, so others would be said.
    """
    if text[:1] in {*_CURLY} and text[-1:] in {*_CURLY, '"', "'"}:
        raise ValueError(f'{text[0]} around it would be said: type straight quotation marks, "')
    if text[:1] == text[-1:] == '"' and '"' not in text[1:-1] and len(text) > 1:
        raise ValueError('the " around it would be said: type the blank before them anew')
    if text.endswith('"') and text.count('"') % 2:
        raise ValueError('one " is missing: write one before the text and one behind it')
    return text


def _check_neighbours(text: str) -> None:
    """What stands beside a placeholder must fit everything that it may say."""
    determined = _DETERMINED.search(text)
    if determined is not None:
        article, name = determined.groups()
        raise ValueError(f"{article!r} before ${name}: it may be 'your clients', or nothing")
    if _OWNED_NAME.search(text):
        raise ValueError("'s behind $pet_name: it may be nothing, and then 's would stand alone")
    twice = _ARTICLE_TWICE.search(text)
    if twice is not None:
        raise ValueError(f"{twice[1]!r} before $offer: its name has its own article, take this out")
    for found in _SAYS_OF_TOPIC.finditer(text):
        if found[1] is None:
            raise ValueError(f"{found[0]!r}: $topic may be one or many, so it can be no subject")


def check_notice(text: str) -> str:
    """Return `text`, which is shown as it stands, when there is nothing to fill in.

    Raises:
        ValueError: there is a `$`, or the text breaks a line.
    """
    if "\n" in text or "\r" in text:
        raise ValueError("a notice is part of a paragraph: take the line break out")
    check_quotes(text)
    if "$" in text:
        raise ValueError("nothing is filled in here: take the '$' out")
    if has_emoji(text):
        raise ValueError("a reply without emoji would get this one: take the emoji out")
    return text


def has_emoji(text: str) -> bool:
    """Whether `text` has emoji, which vanish in a reply without any."""
    return _EMOJI.search(text) is not None


def placeholders(text: str) -> frozenset[str]:
    """The placeholders that `text` uses."""
    return frozenset(_Wording(text).get_identifiers())


def fill(text: str, values: Mapping[str, str], *, emoji: bool = True) -> str:
    """Fill the placeholders of `text` and mend what an empty value leaves behind.

    `"$pet_name, I can help."` with an empty pet name becomes `"I can help."`. Values are cut at
    `MAX_VALUE_CHARS`, lose their line breaks, and begin a sentence with a capital; the link is put
    in last, character for character. Without `emoji` there are none, and no gaps in their places.

    Raises:
        KeyError: a placeholder has no value.
    """
    safe = {name: " ".join(value.split())[:MAX_VALUE_CHARS] for name, value in values.items()}
    if safe.get("link"):
        safe["link"] = _LINK_HERE
    safe = {name: value or _EMPTY for name, value in safe.items()}
    capital = {name: value[:1].upper() + value[1:] for name, value in safe.items()}
    opened = _OPENING.sub(
        lambda found: capital[found["name"]].replace("$", "$$"), _SPACES.sub(" ", text)
    )
    filled = _mended(_Wording(opened).substitute(safe), emoji=emoji)
    return filled.replace(_LINK_HERE, values.get("link", "").strip())


def _mended(text: str, *, emoji: bool) -> str:
    if not emoji:
        text = _EMOJI.sub(_EMPTY, text)
    if _EMPTY in text:
        text = _SPACES.sub(" ", _GAP.sub(_without_gap, text))
    mended = _SPACE_BEFORE_PUNCTUATION.sub(r"\1", text)
    mended = _COMMA_BEFORE_STOP.sub(r"\1", _DOUBLED_COMMA.sub(",", mended))
    mended = _ORPHAN_PUNCTUATION.sub("", mended).strip()
    return mended[:1].upper() + mended[1:]


def _without_gap(found: re.Match[str]) -> str:
    """What stays of an empty place and the marks around it, of which one is enough."""
    before, after = found["before"] or "", found["after"] or ""
    follows = found["blank"] + found["next"]
    if found.start() == 0 and not before:
        return found["next"].upper()
    if before and before in _STOPS:
        return before + found["blank"] + found["next"].upper()
    if before == "(":
        return after[1:] + follows if after.startswith(")") else before + follows.lstrip()
    if before not in {"", ","} and after[:1] not in tuple(_STOPS):
        return before + after.lstrip(_PAUSES) + follows
    if before.isalpha():
        return before + after + follows
    mark = after or before
    return (f" {mark}" if mark[:1] in tuple(_DASHES) else mark) + follows
