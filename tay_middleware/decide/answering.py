"""Short answers, as people type them: "nooo", "nahhh", a thumb down."""

import re

SHORT_CHARS = 60
"""Longest message that is read as a bare answer ("stop", "not now thanks") to a mention."""

_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")
_SIGNS = re.compile("[\U0001f44e\U0001f645]")
"""A thumb down and a person who crosses her arms say no in every language."""


def plainly(text: str) -> str:
    """A short text as its answer is meant: letters once that were drawn out, signs as words."""
    return _DRAWN_OUT.sub(r"\1", _SIGNS.sub(" no ", text))
