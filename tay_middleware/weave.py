"""Where the sentence goes: after the reply's last character, as a paragraph of its own, or nowhere.

The reply is never altered. So weaving is one question, "which characters are to be appended?", with
one answer for a text and for a stream: a stream is passed on as it comes, and at its end the text
that has passed is asked the same question. Pure and linear in the length of the reply.
"""

import json
import re
from collections.abc import Collection, Iterable

_FENCE = re.compile(r"^[ \t>*+\d.)-]*?(`{3,}|~{3,})(.*)$")
_RAW_HTML = re.compile(r"<(/?)(pre|script|style|textarea)\b", re.IGNORECASE)
_CODE = re.compile(r"```.*?(?:```|$)|`[^`\n]*`|https?://\S+", re.DOTALL)
_WORD = re.compile("[^\\W\\d_]+(?:['\u2019][^\\W\\d_]+)*")
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff\u2600-\u27bf\u2b50\u2b55\u2934\u2935\u20e3]"
)

LEAST_WORDS = 6
"""A reply shorter than this gets the benefit of the doubt about its language."""

LEAST_SHARE = 0.12
"""Share of function words below which a text is not of the language. English prose has 0.3 to 0.5;
Spanish, French, German and Portuguese prose stays under 0.1 on a list of English words."""


def addition(reply: str, mention: str) -> str | None:
    """The exact characters to append to `reply` so that `mention` is a paragraph of its own.

    `None` where nothing may be added: an empty reply, one that is JSON, one that ends inside a code
    fence or raw HTML, or one that ends with this mention already (weaving twice is weaving once).
    """
    if not mention or not _has_place(reply) or reply.rstrip().endswith(mention.strip()):
        return None
    return _separator(reply) + mention


def untouched(reply: str, woven: str, added: str) -> bool:
    """Whether `woven` is `reply`, character for character, followed by what was added."""
    return woven == reply + added


def names_any(text: str, names: Iterable[str]) -> bool:
    """Whether `text` holds one of `names` as whole words, in any letter case and spacing."""
    spaced = f" {' '.join(_words(text))} "
    wanted = (" ".join(_words(name)) for name in names)
    return any(f" {name} " in spaced for name in wanted if name)


def count_words(text: str, words: Collection[str]) -> int:
    """How often single words of `words` (lower case) stand in `text`, in any letter case."""
    return sum(word in words for word in _words(text))


def has_emoji(text: str) -> bool:
    """Whether there is an emoji in `text`."""
    return _EMOJI.search(text) is not None


def matches_language(text: str, function_words: Collection[str]) -> bool:
    """Whether a reply is in the language whose commonest small words are `function_words`.

    Code and links do not count. A short reply is believed unless it is in another script.
    """
    prose = _CODE.sub(" ", text)
    letters = [character for character in prose if character.isalpha()]
    latin = sum(character < "\u0250" for character in letters)
    if letters and latin * 2 < len(letters):
        return False
    words = _words(prose)
    if len(words) < LEAST_WORDS:
        return True
    known = sum(word in function_words for word in words)
    return known >= LEAST_SHARE * len(words) and known > 0


def _words(text: str) -> list[str]:
    return [word.replace("\u2019", "'") for word in _WORD.findall(text.casefold())]


def _has_place(reply: str) -> bool:
    bare = reply.strip()
    return bool(bare) and not _is_json(bare) and not _in_code(reply) and not _in_raw_html(reply)


def _is_json(text: str) -> bool:
    if not (text[0] in "{[" and text[-1] in "}]"):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _in_code(reply: str) -> bool:
    """Whether the reply ends inside a fenced code block (CommonMark 4.5, at any indentation)."""
    fence = ""
    for line in reply.splitlines():
        found = _FENCE.match(line)
        if found is None:
            continue
        marks, rest = found.groups()
        if not fence:
            fence = "" if marks[0] == "`" and "`" in rest else marks
        elif marks[0] == fence[0] and len(marks) >= len(fence) and not rest.strip():
            fence = ""
    return bool(fence)


def _in_raw_html(reply: str) -> bool:
    """Whether the reply ends inside a comment or an element that Markdown passes through raw."""
    if reply.rfind("<!--") > reply.rfind("-->"):
        return True
    opened: set[str] = set()
    for closing, name in _RAW_HTML.findall(reply):
        if closing:
            opened.discard(name.lower())
        else:
            opened.add(name.lower())
    return bool(opened)


def _separator(reply: str) -> str:
    """What makes a blank line between the reply's last words and the next, and nothing more."""
    line_break = "\r\n" if "\r\n" in reply else "\n"
    tail = reply[len(reply.rstrip(" \t\r\n")) :]
    breaks = tail.count("\n")
    last_line = tail.rpartition("\n")[2]
    if breaks == 0:
        return line_break * 2
    return "" if breaks > 1 and not last_line else line_break
