"""Whether a pattern repeats a repetition: each letter of what nearly fits may double its time.

It reads what Python's own parser of patterns makes, which is private and has long been the same.
"""

from re import _constants, _parser  # type: ignore[attr-defined]  # private: no stubs
from typing import Any

ENDLESS: int = int(_constants.MAXREPEAT)
"""The upper bound of a repeat that has none."""


def repeats_a_repetition(pattern: str) -> bool:
    """Whether something that is repeated more than once holds, at any depth, an endless repeat.

    Not seen: alternatives that overlap (`(a|aa)+`).

    Raises:
        re.error: it is no pattern.
    """
    return _is_nested(_parser.parse(pattern), inside=False)


def _is_nested(part: Any, *, inside: bool) -> bool:
    """Walk a part of the parsed pattern; `inside` is whether something repeats it."""
    if not isinstance(part, list | tuple | _parser.SubPattern):
        return False
    if len(part) == 2 and str(part[0]).endswith("_REPEAT"):
        _, most, body = part[1]
        if inside and most >= ENDLESS:
            return True
        return _is_nested(body, inside=inside or most > 1)
    return any(_is_nested(one, inside=inside) for one in part)
