"""Whether a reply ends with a text that she is to send on: what stands below is sent with it.

English only, as `engine.answers`. A text that is set off (quoted, in a list, in code) has an end of
its own, and a paragraph below it is none of it.
"""

import re

DRAFT = "draft"
"""The obstacle of a reply that ends inside a message, a caption or the like."""

_HANDS_OVER = re.compile(
    r"\b(?:messages?|texts?|dms?|e-?mails?|captions?|scripts?|letters?|templates?|drafts?|bios?|"
    r"announcements?|wording|(?:something|a line) like|like this|say this|write (?:this|back)|"
    r"(?:tell|send|post|paste) (?:her|him|them|it|this|that|your (?:\w+ )?\w+)(?: this)?|"
    r"what i(?:['\u2019]d| would) (?:send|post|say|write|tell|text|put)|"
    r"reply with(?: this)?)\b[^:]{0,60}$",
    re.IGNORECASE,
)
_BEGINS_WITH_IT = re.compile(
    r"\W*(?:caption|message|text|dm|e-?mail|script|bio|subject|draft)[*_]*:[*_ ]*[^\W\d_]",
    re.IGNORECASE,
)
_GREETS = re.compile(
    r"(?:hi|hiya|hey|hello|dear|subject|good (?:morning|afternoon|evening))\b", re.IGNORECASE
)
_SET_OFF = re.compile(r"[>|\"\u201c\u2018'`~*#+\u2013\u2014-]|\d+[.)]")
_BETWEEN = re.compile(r"\n[ \t]*\n\s*")
_RULE = re.compile(r"(?:-{3,}|\*{3,}|_{3,})")


def ends_in_a_draft(text: str) -> bool:
    """Whether the last paragraph is a text to send on, handed over by a line above it.

    Of several paragraphs below that line, the last may be of the text or about it: it counts as of
    it where the first greets somebody.
    """
    paragraphs = [one.strip() for one in _BETWEEN.split(text.replace("\r\n", "\n").strip())]
    if any(map(_RULE.fullmatch, paragraphs[-2:])):
        return False
    if _BEGINS_WITH_IT.match(paragraphs[-1]):
        return True
    return any(_is_of_it(paragraphs, at) for at in range(len(paragraphs)))


def _is_of_it(paragraphs: list[str], at: int) -> bool:
    """Whether the line that ends this paragraph, or begins it, hands over what is last."""
    first, _, inside = paragraphs[at].partition("\n")
    line, follow = first.rstrip(" *_"), len(paragraphs) - at - 1
    if not line.endswith(":") or _HANDS_OVER.search(line[:-1]) is None:
        return False
    if not inside and not follow:
        return False
    begin = inside or paragraphs[at + 1]
    if _SET_OFF.match(begin):
        return False
    return follow + bool(inside) == 1 or _GREETS.match(begin) is not None
