"""Where the sentence goes: after the reply's last character, as a paragraph of its own, or nowhere.

The reply is never altered. So weaving is one question, "which characters are to be appended?", with
one answer for a text and for a stream: a stream is passed on as it comes, and at its end the text
that has passed is asked the same question. Pure and linear in the length of the reply.
"""

import json
import re
from collections.abc import Collection

from tay_middleware.signatures import ends_signed

_LINE = re.compile(r"\r\n|\n|\r")
_FENCE = re.compile(r"([ >*+\d.)-]*?)(`{3,}|~{3,})(.*)", re.DOTALL)
_MARKER = re.compile(r"[*+\d.)-]")
_HTML_LINE = re.compile(r"^[ >*+\d.)-]*<[a-z/!?]", re.IGNORECASE | re.MULTILINE)
_RAW_HTML = re.compile(
    r"<(?:(/)(?:pre|script|style|textarea)>|(pre|script|style|textarea)(?=[\s>]|$))", re.IGNORECASE
)
_RAW_PAIRS = (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"), ("<!", ">"))
_MARKUP = re.compile(r"<\?xml\b|<!doctype\b|<([a-z][\w:.-]*)[\s>]", re.IGNORECASE)
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff\u2600-\u27bf\u2b50\u2b55\u2934\u2935\u20e3]"
)
_HEADING = re.compile(r" {0,3}#{1,6}(?:\s|$)")
_OPTION = re.compile(r"\s*\(?[A-Ha-h][).]\s")
_CUT_OFF = re.compile(
    r"(?:(?<!\S)(?:the|an?|and|or|but|because|if|than|your|my|our|their|with|to|of)|,)\Z"
)
"""The end of a line that goes on: what streams it may say nothing of having stopped in between."""

_SPAN = re.compile(r"(`+)[^`]*\1")
_BARE_WORD = re.compile(r"[\w:/+-]+(?:\.\w+)*", re.ASCII)
"""What a router or a grader is answered: "PRICING", "7", "needs_human"."""


def addition(reply: str, mention: str) -> str | None:
    """The exact characters to append to `reply` so that `mention` is a paragraph of its own.

    `None` where nothing may be added: an empty reply, one that a program will read (a bare word,
    JSON, a lone block of it, a document of markup), one that ends inside a code fence or raw HTML
    or may do so, one whose last line is signed, promises more, breaks off or asks to choose, or one
    that ends with this mention already (weaving twice is weaving once).
    """
    if not mention or not has_place(reply) or reply.rstrip().endswith(mention.strip()):
        return None
    return _separator(reply) + mention


def has_place(reply: str, names: Collection[str] = ()) -> bool:
    """Whether anything may be added to a reply: see `addition` for where nothing may.

    `names`, in lower case, are of who may sign it; most signatures are known without.
    """
    bare = reply.strip()
    if not bare or _is_structured(bare):
        return False
    return not (_in_code(reply) or _in_raw_html(reply) or _stays_open(bare, names))


def untouched(reply: str, woven: str, added: str) -> bool:
    """Whether `woven` is `reply`, character for character, followed by what was added."""
    return woven == reply + added


def has_emoji(text: str) -> bool:
    """Whether there is an emoji in `text`."""
    return _EMOJI.search(text) is not None


def _is_structured(bare: str) -> bool:
    """Whether a program will read the reply: nothing may follow what it parses."""
    if _BARE_WORD.fullmatch(bare):
        return True
    return _is_json(_inside_lone_fence(bare)) or _is_markup(bare)


def _inside_lone_fence(bare: str) -> str:
    """What a reply that is one fenced block holds; any other reply as it is."""
    first, _, rest = bare.partition("\n")
    body = rest.removesuffix("```")
    lone = first.startswith("```") and body != rest and "```" not in body
    return body.strip() if lone else bare


def _is_json(text: str) -> bool:
    """Whether `text` is JSON, or JSON Lines; deeper nesting than the parser bears counts too."""
    if not text or not (text[0] in "{[" and text[-1] in "}]"):
        return False
    try:
        json.loads(text)
    except RecursionError:
        return True
    except ValueError:
        return _is_json_lines(text)
    return True


def _is_json_lines(text: str) -> bool:
    lines = text.splitlines()
    try:
        return len(lines) > 1 and all(isinstance(json.loads(line), dict) for line in lines if line)
    except (ValueError, RecursionError):
        return False


def _is_markup(bare: str) -> bool:
    """Whether the whole reply is a document of HTML or XML: it ends with the tag it began with."""
    opened = _MARKUP.match(bare)
    if opened is None:
        return False
    name = opened.group(1)
    return name is None or bare.lower().endswith(f"</{name.lower()}>")


def _in_code(reply: str) -> bool:
    """Whether the reply ends, or may end, inside a fenced code block (CommonMark 4.5).

    Exact for fences at the left margin. Inside a list or a quotation a fence ends with its
    container too, and an indented one may be no fence at all; where that would have to be told
    apart, the answer is yes: then there is merely no mention.
    """
    if "```" not in reply and "~~~" not in reply:
        return False
    fence: tuple[str, str] | None = None
    fences = False
    for line in _LINE.split(reply.expandtabs(4)):
        if fence is None:
            fence = _opened(line)
            fences = fences or fence is not None
            continue
        inner = _within(line, fence[0])
        if inner is None:
            return True
        if _closes(inner, fence[1]):
            if fence[0] and inner.startswith(" "):
                return True
            fence = None
    return fence is not None or (fences and _HTML_LINE.search(reply) is not None)


def _opened(line: str) -> tuple[str, str] | None:
    """The container's prefix (list markers as spaces) and the marks of a fence that opens here."""
    found = _FENCE.fullmatch(line)
    if found is None:
        return None
    prefix, marks, rest = found.groups()
    if marks[0] == "`" and "`" in rest:
        return None
    return _MARKER.sub(" ", prefix), marks


def _within(line: str, prefix: str) -> str | None:
    """A line of an open fence without its container's prefix; `None` if it may have left it."""
    if line.startswith(prefix):
        return line[len(prefix) :]
    return "" if line.strip() in {"", prefix.strip()} else None


def _closes(line: str, marks: str) -> bool:
    """Whether a line ends the fence: as many marks or more, nothing else, indented by three."""
    indent = len(line) - len(line.lstrip(" "))
    bare = line.strip(" ")
    return indent < 4 and len(bare) >= len(marks) and not bare.strip(marks[0])


def _in_raw_html(reply: str) -> bool:
    """Whether the reply may end inside something that Markdown passes through raw (4.6, 1 to 5)."""
    if "<" not in reply:
        return False
    if any(reply.rfind(opening) > reply.rfind(closing) for opening, closing in _RAW_PAIRS):
        return True
    opened = False
    for found in _RAW_HTML.finditer(reply):
        opened = found.group(2) is not None
    return opened


def _stays_open(bare: str, names: Collection[str]) -> bool:
    """Whether a paragraph after the last line would be read as part of it, or after the goodbye."""
    paragraph = bare.replace("\r\n", "\n").rpartition("\n\n")[2]
    bold = "*" in paragraph and "```" not in paragraph
    if bold and _SPAN.sub("", paragraph).count("**") % 2:
        return True
    lines = _LINE.split(bare)
    last = lines[-1]
    if (
        _CUT_OFF.search(last)
        or last.rstrip(" *_").endswith(":")
        or _HEADING.match(last)
        or _OPTION.match(last)
    ):
        return True
    return ends_signed(lines, names)


def _separator(reply: str) -> str:
    """What makes a blank line between the reply's last words and the next, and nothing more."""
    line_break = "\r\n" if "\r\n" in reply else "\n"
    tail = reply[len(reply.rstrip(" \t\r\n")) :]
    breaks = tail.count("\n")
    last_line = tail.rpartition("\n")[2]
    if breaks == 0:
        return line_break * 2
    return "" if breaks > 1 and not last_line else line_break
