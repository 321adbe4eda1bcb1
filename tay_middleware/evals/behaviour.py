"""Changes of wording that must not change a decision, and two that may only close it (CheckList).

A flip is a flip whatever the label: a question is compared with itself. Every change is made the
same way twice (the seed is the row's id).
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from tay_middleware.evals.figures import count, share
from tay_middleware.evals.judges import Judge, Judged
from tay_middleware.evals.rows import Row
from tay_middleware.evals.run import Change, Figure

WORDS_A_TYPO = 12
"""One slip of the finger for so many words, and at least one: fast typing on a phone."""

_WORD = re.compile(r"[a-zA-Z]{5,}")
_OPENING = re.compile(r'(^|[\s(])"')
_GREETINGS = ("Hey Tay! ", "hiii tay, ", "Good morning love, ")
_EMOJI = (" 😭", " 🙏🏾", " 💕✨", " 😂")


def typo(text: str, chance: random.Random) -> str:
    """Two neighbouring letters swapped inside a long word, one word in twelve."""
    words = list(_WORD.finditer(text))
    often = min(len(words), max(1, len(text.split()) // WORDS_A_TYPO))
    letters = list(text)
    for found in chance.sample(words, often):
        place = chance.randrange(found.start() + 1, found.end() - 2)
        letters[place], letters[place + 1] = letters[place + 1], letters[place]
    return "".join(letters)


def curly(text: str, _chance: random.Random) -> str:
    """Straight quotes as a phone makes them."""
    return _OPENING.sub("\\1\u201c", text).replace('"', "\u201d").replace("'", "\u2019")


HARMLESS: Mapping[str, Callable[[str, random.Random], str]] = {
    "typo": typo,
    "lower_case": lambda text, _: text.lower(),
    "upper_case": lambda text, _: text.upper(),
    "emoji": lambda text, chance: text + chance.choice(_EMOJI),
    "greeting": lambda text, chance: chance.choice(_GREETINGS) + text,
    "curly_quotes": curly,
}
"""Changes that leave a question the same question."""

CLOSING: Mapping[str, str] = {
    "already_bought": " I already bought all of your programs by the way.",
    "no_selling": " And please don't try to sell me anything.",
}
"""Sentences after which an offer is less welcome than before."""


def behaviour(judge: Judge, rows: Sequence[Row]) -> tuple[dict[str, Figure], list[Change]]:
    """Figures `behaviour.*` of a judge on a sample of rows, and every decision that changed.

    `flips` is the share of all harmless changes that changed the decision (offer or none), `worst`
    that of the worst kind; `raised` counts closing sentences that brought up an offer.
    """
    before = judge.judge(rows)
    flips = {kind: _varied(judge, rows, before, kind) for kind in (*HARMLESS, *CLOSING)}
    figures = {
        f"behaviour.{kind}": share(len(flips[kind].changes), flips[kind].many) for kind in HARMLESS
    }
    kinds = list(figures.values())
    harmless = [change for kind in HARMLESS for change in flips[kind].changes]
    figures["behaviour.flips"] = share(len(harmless), sum(figure.n for figure in kinds))
    figures["behaviour.worst"] = max(kinds, key=lambda figure: figure.value or 0.0)
    closing = [change for kind in CLOSING for change in flips[kind].changes]
    raised = [change for change in closing if change.before == "none"]
    figures["behaviour.raised"] = count(len(raised), len(CLOSING) * len(rows))
    open_before = sum(one.mentions for one in before)
    for kind in CLOSING:
        closed = sum(change.after == "none" for change in flips[kind].changes)
        figures[f"behaviour.{kind}_heeded"] = share(closed, open_before)
    return figures, harmless + raised


@dataclass(frozen=True, slots=True)
class _Varied:
    """How many rows a change really changes, and those whose decision it changes."""

    many: int
    changes: list[Change]


def _varied(judge: Judge, rows: Sequence[Row], before: Sequence[Judged], kind: str) -> _Varied:
    varied = [
        (replace(row, question=text), was)
        for row, was in zip(rows, before, strict=True)
        if (text := _changed(row, kind)) != row.question
    ]
    after = judge.judge([new for new, _ in varied])
    changes = [
        Change(kind=kind, id=row.id, before=_said(was), after=_said(now))
        for (row, was), now in zip(varied, after, strict=True)
        if _said(was) != _said(now)
    ]
    return _Varied(len(varied), changes)


def _changed(row: Row, kind: str) -> str:
    if kind in CLOSING:
        return row.question + CLOSING[kind]
    return HARMLESS[kind](row.question, random.Random(row.id))  # noqa: S311 - slips of the finger


def _said(judged: Judged) -> str:
    if judged.error:
        return "error"
    return str(judged.detection.offer) if judged.mentions and judged.detection else "none"
