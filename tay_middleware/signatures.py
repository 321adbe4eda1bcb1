"""Whether a text ends signed: what stands below a signature reads as not of who signed.

"Tay x", "- Tay", "Love, Tay", "Talk soon! Tay". A name is known by what stands around it (a goodbye
before it, kisses, a dash, a paragraph of its own), or it is given. Only the last characters of two
lines are read, whatever the length of the text.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import takewhile
from unicodedata import normalize

LONGEST = 160
"""Characters at the end of a line that are read: no signature has more."""

_KISS = "\u2661"
_KISSES = re.compile(r"(?<![^\s*_(,])(?:x{1,4}|(?:xo)+x?|<3)(?![^\s*_).,!])", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_][\w'\u2019-]*")
_ENTRY = re.compile(r"(?:[\u2012-\u2015\u2022~*+-]|\d+[.)])\s")
_DASH = re.compile(r"([\u2012-\u2015~]|-{1,2})\s*(?=[^\W\d_])")
_SENTENCE = re.compile(r"(?<=[.!?\u2026])[*_]* +")
_CLAUSE = re.compile("[,~\u2012-\u2015\u2190-\u2bff\U0001f000-\U0001faff]| - ")
_SPEAKS_ON = re.compile(r"[:;?|=`/\d]")
_STOPS = re.compile(r"[.!,\u2026\u3001\u3002\uff01\uff0c\u0964]")

_LOVING = frozenset(
    {"love", "luv", "hug", "hugs", "kiss", "kisses", "regards", "wishes", "yours", "cheers"}
    | {"warmly", "warmth", "blessings", "sincerely", "faithfully", "xoxo", "besos", "bisous"}
    | {"onwards", "ciao"}
)
_ROLES = frozenset({"sis", "sister", "mentor", "coach", "auntie", "bestie", "team"})
_BESIDE_A_NAME = _ROLES | {"your", "ur", "the", "big", "from", "me", "and", "ai", "always"}
_PARTING = re.compile(
    r"(?:until|till|til) (?:then|next time|tomorrow|soon)|take care|bye|goodbye|"
    r"(?:talk|speak|chat|see you|see ya|catch you|bye)(?: to you)? (?:very )?"
    r"(?:soon|later|tomorrow|then|next (?:time|week)|for now)"
)
_NO_NAME = frozenset(
    (  # noqa: SIM905 - hundreds of quotation marks would bury the words
        "monday tuesday wednesday thursday friday saturday sunday january february march april may "
        "june july august september october november december spring summer autumn winter today "
        "tomorrow tonight always never yes no maybe both neither either none all nothing "
        "everything something anything one two three four five six seven eight nine ten i you we "
        "they it he she this that these those here there now then first second third next last "
        "done start stop go breathe rest sleep wait patience practice consistency pricing prices "
        "price progress money time profit cash clients costs hours trust boundaries structure "
        "focus discipline systems action simple exactly period same good great well ok okay and "
        "but so or because remember honestly seriously also finally ready step tip option part "
        "phase stage week day month deal"
    ).split()
)
"""What stands on a line of its own and is nobody."""


def ends_signed(lines: Sequence[str], names: Collection[str] = ()) -> bool:
    """Whether the last of `lines` is a signature below an answer, and no entry of a list.

    Args:
        lines: of a text; the last one is not blank.
        names: of who may sign, in lower case. With one of them and two words more a line or its
            last sentence is signed, whatever stands before it.
    """
    above = [line for line in lines[:-1] if line.strip()]
    last = _Line.of(lines[-1])
    if "|" in last.text or not (above or last.spoken):
        return False
    before = _Line.of(above[-1] if above else "")
    if not last.text:
        return _KISS in last.tail and not any(map(str.isalnum, last.tail))
    if "?" in last.tail or ":" in last.tail:
        return False
    alone = not any(map(str.isalnum, lines[-2])) if above else False
    if _is_named(last, before, frozenset(names), alone=alone) or _is_closed(last, before):
        return True
    if _ENTRY.match(lines[-1].strip()) or _DASH.match(last.text):
        return _is_dashed(last.text, lines)
    return _is_kissed(last) or _is_bare(last, before, alone=alone)


@dataclass(frozen=True, slots=True)
class _Line:
    """The end of a line: its text up to the last letter, what is behind it, and its sentences."""

    text: str
    tail: str
    spoken: tuple[str, ...]
    end: str

    @classmethod
    def of(cls, line: str) -> "_Line":
        plain = _KISSES.sub(_KISS, normalize("NFC", line.rstrip()[-LONGEST:])).strip(" \t*_")
        size = len(plain)
        size -= sum(1 for _ in takewhile(lambda sign: not sign.isalpha(), reversed(plain)))
        *spoken, end = _SENTENCE.split(plain[:size])
        return cls(plain[:size], plain[size:], tuple(spoken), end)

    @property
    def kissed(self) -> bool:
        """Whether kisses stand right behind the last sentence, or before it."""
        return _KISS in self.tail or self.end.startswith(_KISS)


def _is_named(last: _Line, before: _Line, names: frozenset[str], *, alone: bool) -> bool:
    """Whether it ends with a given name: "Talk soon! Tay", "Until then, Tay", "Tay" above "CEO"."""
    if not names:
        return False
    said, clause = _lower(last.end), _lower(_CLAUSE.split(last.end)[-1])
    if not (names.isdisjoint(said) or _SPEAKS_ON.search(last.end)):
        if sum(word not in names for word in said) <= 2:
            return True
        if not names.isdisjoint(clause) and (names | _BESIDE_A_NAME).issuperset(clause):
            return True
    titled = not (alone or last.spoken or _STOPS.search(last.tail)) and len(said) <= 4
    signed = _lower(before.text)
    return (
        titled
        and not names.isdisjoint(signed)
        and ":" not in before.tail
        and (names | _BESIDE_A_NAME).issuperset(signed)
    )


def _is_closed(last: _Line, before: _Line) -> bool:
    """Whether a name follows a goodbye: on the line before, in a sentence, or before a comma."""
    kissed = last.kissed
    if last.spoken:
        prior, tail = last.spoken[-1], ""
    else:
        prior, tail = before.end, before.tail
    if ":" not in tail and "?" not in tail and _says_goodbye(prior or tail):
        return _is_name(last.end, lower=kissed or not last.spoken)
    if last.end.startswith(_KISS + ","):
        return _is_name(last.end, lower=True)
    *closing, name = _CLAUSE.split(last.end.lstrip(_KISS + " "))
    if closing:
        closed = _says_goodbye(" ".join(closing))
    else:
        *closing, name = _WORD.findall(last.end) or [""]
        closed = not last.spoken and _is_loving(closing) and _says_goodbye(" ".join(closing))
    return closed and not _speaks_to_her(closing) and _is_name(name, lower=kissed)


def _is_loving(said: Sequence[str]) -> bool:
    """Whether the words end as a goodbye does: "lots of love"."""
    return bool(said) and said[-1].casefold() in _LOVING


def _speaks_to_her(parts: Sequence[str]) -> bool:
    """Whether it says "you": a name behind it is hers ("Sending you so much love, Maya")."""
    said = _lower(" ".join(parts))
    return any(word.startswith("you") and not word.startswith("your") for word in said)


def _says_goodbye(text: str) -> bool:
    """Whether it is "Lots of love", "Talk soon", "Your big sis" or kisses alone."""
    said = _lower(text)
    if not said:
        return _KISS in text
    if _PARTING.fullmatch(" ".join(said)):
        return True
    if _BESIDE_A_NAME.issuperset(said):
        return not _ROLES.isdisjoint(said)
    at = next((at for at, word in enumerate(said) if word in _LOVING), len(said))
    behind = [word for word in said[at + 1 :] if word not in _BESIDE_A_NAME]
    return at < len(said) and at <= 4 and len(behind) <= 2


def _is_name(text: str, *, lower: bool = False) -> bool:
    """Whether it is "Tay", "your mentor Tay", "Big sis": at most two words beside those.

    `lower`: a single word without a capital is one as well.
    """
    said = _WORD.findall(text)
    own = [word for word in said if word.casefold() not in _BESIDE_A_NAME]
    if _SPEAKS_ON.search(text) or not said or len(said) > 5 or len(own) > 2:
        return False
    if not own:
        return not _ROLES.isdisjoint(_lower(text))
    if any(word.casefold() in _NO_NAME or len(word) > 21 for word in own):
        return False
    return all(not word[0].islower() for word in own) or (lower and len(own) == 1)


def _is_dashed(text: str, lines: Sequence[str]) -> bool:
    """Whether a line that begins with a dash is signed and begins no entry of a list."""
    found = _DASH.match(text)
    if found is None or lines[-1][0].isspace() or _is_entry(found[1], lines):
        return False
    said = _WORD.findall(text)
    others = [word for word in said[1:] if word.casefold() not in _BESIDE_A_NAME]
    if _SPEAKS_ON.search(text) or len(said) > 5 or len(_SENTENCE.split(text)) > 1:
        return False
    if found[1][0] == "-":
        return len(said) <= 3 and all(not word[0].islower() for word in others)
    return len(said) <= 2 or not others


def _is_entry(mark: str, lines: Sequence[str]) -> bool:
    """Whether the last line is of a list: below a colon, or below an entry with the same mark."""
    above = [line.strip() for line in reversed(lines[:-1])]
    at = next((at for at, line in enumerate(above) if line), len(above))
    block = list(takewhile(bool, above[at:]))
    if block and block[0].rstrip("*_ ").endswith(":"):
        return True
    if mark == "-" and block and _ENTRY.match(block[0]):
        return True
    return any(line.startswith(mark) for line in block)


def _is_kissed(last: _Line) -> bool:
    """Whether it is a name with kisses: "Tay x", "You've got this. xx Tay"."""
    return last.kissed and _is_name(last.end, lower=not last.spoken)


def _is_bare(last: _Line, before: _Line, *, alone: bool) -> bool:
    """Whether it is a name below a short call ("Onwards,"), or in a paragraph of its own."""
    if last.spoken or _STOPS.search(last.tail) or not _is_name(last.end):
        return False
    called = _lower(before.text)
    short = len(called) <= 4 and len(before.text) <= 31 and not before.spoken
    if short and {",", "!"}.intersection(before.tail) and _SPEAKS_ON.search(before.text) is None:
        return not _NO_NAME.issuperset(called)
    said = _WORD.findall(last.end)
    own = [word for word in said if word.casefold() not in _BESIDE_A_NAME]
    if not alone or (before.tail and before.tail[0] in ":?") or any(len(w) > 3 for w in own[1:]):
        return False
    if not all(word[0].isupper() for word in own):
        return False
    return _STOPS.search(before.tail) is not None or not _is_name(before.text)


def _lower(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
