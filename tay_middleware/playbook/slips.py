"""What a hand did to a file that is no YAML: the line of the slip, and its mend in plain words.

A parser stops where it can go on no longer, which is often a line below the slip.
"""

import re
from collections.abc import Callable, Iterator

_INDENT = re.compile(r"\s*")
_KEY = r"\s*(?:- )?(?:\"[^\"]*\"|[^\s:#'\"{\[][^:#]*)"
_CURLY = re.compile(r"(?:^|[:\[{,-]\s+)[\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u00ab\u00bb]")
_APOSTROPHE = re.compile(rf"{_KEY}:\s+(?:\{{\s*\w+:\s*)?'(?:[^']|'')*'[^\s,}}\]#]")
_COLON_INSIDE = re.compile(rf"{_KEY}:\s+[^\s\"'\[{{>|#][^\"]*:\s")
_NO_BLANK = re.compile(r"\s*[A-Za-z_][\w-]*:[^\s/]")
_NO_COLON = re.compile(r"\s*[A-Za-z_][\w-]*(?:\s[^:]*)?$")
_LIST_BEHIND = re.compile(rf"{_KEY}:\s+-\s+(?P<what>\S.*)")
_MARK_FIRST = re.compile(rf"{_KEY}:\s+(?:\{{\s*\w+:\s*)?(?P<mark>[@&*%`!|>])(?=\S|\s+\w)")
_MERGE = re.compile(r"(?:<{7}|={7}|>{7})(?:\s|$)")
_NO_BREAK = re.compile("[\u00a0\u2007\u202f\u200b\ufeff]")
_REMARK = re.compile(r"\s*#")
_REMARK_BEHIND = re.compile(r"\s#.*$")
_STRAIGHT = re.compile(r'(?<!\\)"')
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_QUOTED_ALONE = re.compile(rf"(?:{_KEY}:|\s*-)\s+\"")
_QUOTED_WELL = re.compile(rf"(?:{_KEY}:|\s*-)\s+\"(?:[^\"\\]|\\.)*\"\s*(?:#.*)?$")

BLANKS = (
    "this line or the one above it begins with too many or too few blanks: begin it exactly under "
    "the lines of its kind"
)

_PLAINLY = {
    "found another document": "a line of --- begins another file: take it out",
    "unknown escape": "a backslash in double quotes is written twice: \\\\",
    "expected ',' or": "a comma is missing here, or a quotation mark",
}
"""What the parser says of a slip that only it can see → how it is mended."""

LOOK = (
    "in this line or the one above it a colon, a blank behind one, a quotation mark or a bracket "
    "is missing, or one too many"
)


def slip(text: str, line: int, said: str) -> tuple[int, str]:
    """The line (from 1) of what was probably done, and its mend.

    Args:
        text: the file.
        line: where the parser stopped.
        said: what it called the fault; kept where nothing better is known.
    """
    lines = text.split("\n")
    near = list(_near(lines, line))
    for look in _LOOKS:
        for number in near:
            mend = look(lines[number - 1], said)
            if mend is not None:
                return number, mend
    plain = next((mend for heard, mend in _PLAINLY.items() if heard in said), None)
    if plain is not None:
        return line, plain
    return line, BLANKS if "expected key" in said or "<block end>" in said else f"{said}: {LOOK}"


def _near(lines: list[str], line: int) -> Iterator[int]:
    """The last line with words above the one where the parser stopped, and that one."""
    above = (at for at in range(min(line, len(lines)) - 1, 0, -1) if _has_words(lines[at - 1]))
    yield from [number for number in [next(above, None)] if number is not None]
    if line <= len(lines):
        yield line


def _has_words(line: str) -> bool:
    return bool(line.strip()) and not _REMARK.match(line)


def _odd_blanks(line: str, _said: str) -> str | None:
    indent = _INDENT.match(line)
    if indent is None or not line.strip():
        return None
    if "\t" in indent[0]:
        return "a tab stands at the beginning of this line: type blanks instead"
    if indent[0].strip(" \r"):
        return "blanks that are none (no-break, say) begin this line: type plain ones"
    if _NO_BREAK.search(_QUOTED.sub("", line)):
        return "a blank that is none (no-break, say) stands in this line: type a plain one"
    return None


def _merge(line: str, _said: str) -> str | None:
    if _MERGE.match(line):
        return "a mark of a merge that is not done stands here: keep one side, and take it out"
    return None


def _mark_first(line: str, _said: str) -> str | None:
    found = _MARK_FIRST.match(line)
    return f"put a text that begins with {found['mark']} in double quotes" if found else None


def _curly(line: str, _said: str) -> str | None:
    if _CURLY.search(line):
        return 'the quotation marks are those of a word processor: type straight ones, "'
    return None


def _marks(line: str, _said: str) -> str | None:
    if _REMARK.match(line):
        return None
    if len(_STRAIGHT.findall(line)) % 2:
        return 'one " is missing in this line: write one before the text and one behind it'
    if _QUOTED_ALONE.match(line) and not _QUOTED_WELL.match(line):
        return "a \" stands inside a text in quotation marks: write ' there"
    if _APOSTROPHE.match(line):
        return 'an apostrophe ends this text in single marks: put it in double ones, "'
    return None


def _brackets(line: str, said: str) -> str | None:
    bare = "" if _REMARK.match(line) else _QUOTED.sub("", line)
    for opens, closes in ("{}", "[]"):
        if f"'{closes}'" in said and bare.count(opens) > bare.count(closes):
            return f"{opens} is not closed: write {closes} at the end"
        if bare.count(closes) > bare.count(opens) > 0:
            return f"one {closes} is too many: take it out"
    return None


def _colons(line: str, said: str) -> str | None:
    if "mapping values" in said and _COLON_INSIDE.match(line):
        return "put a sentence that has a colon in double quotes"
    return None


def _keys(line: str, said: str) -> str | None:
    if "mapping values" not in said and "':'" not in said:
        return None
    if _NO_BLANK.match(line):
        return "a blank is missing behind the colon of this line"
    if _NO_COLON.match(_REMARK_BEHIND.sub("", line)):
        return "this line has no colon: write one and a blank behind its key"
    return None


def _list(line: str, said: str) -> str | None:
    found = _LIST_BEHIND.match(line) if "block sequence" in said else None
    return f"write the list as [{found['what']}]" if found else None


_LOOKS: tuple[Callable[[str, str], str | None], ...] = (
    _merge,
    _odd_blanks,
    _curly,
    _colons,
    _list,
    _marks,
    _brackets,
    _mark_first,
    _keys,
)
