"""From the log to labels and back: rows for a person to label, and their labels taken in.

A row leaves without its user: its family is the beginning of the user's key, so that one person's
questions stay together when rows are split. A label that cannot be read is refused with its line,
and nothing is taken in.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

from pydantic import BaseModel, ValidationError

from tay_middleware.decide.lines import what_is_wrong
from tay_middleware.errors import ConfigurationError, InputError
from tay_middleware.evals.lines import read_lines, text_lines

AUTHOR = "own"
"""The author under which a business's own rows are split."""

_FAMILY_DIGITS = 12

Json = dict[str, object]


class Logged(Protocol):
    """What is read of a logged question."""

    @property
    def id(self) -> UUID:
        """Of the row."""

    @property
    def user_key(self) -> str | None:
        """The key that stands for the user."""

    @property
    def question(self) -> str | None:
        """As the log keeps it; `None` where it keeps none."""

    @property
    def confidence(self) -> float | None:
        """The probability that decided; `None` where keywords alone did."""

    @property
    def detected(self) -> bool:
        """What was decided."""

    @property
    def created_at(self) -> datetime:
        """When it was asked."""

    @property
    def label_escalate(self) -> bool | None:
        """What a person said that it deserved; `None` where nobody did."""

    @property
    def label_offer(self) -> str | None:
        """The offer that a person said was right."""


class _Kept(BaseModel):
    id: str | int


class _Line(_Kept):
    question: str
    escalate: bool | None = None
    offer: str | None = None


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What an import did: labels added, labels replaced, rows left without one."""

    added: int
    replaced: int
    unlabelled: int


def to_label(logged: Iterable[Logged], threshold: float, *, unsure_first: bool) -> list[Json]:
    """Rows for a person to fill in `escalate` and `offer`, or with what one said of them already.

    Questions without text are left out.

    Args:
        logged: questions, newest first.
        threshold: the probability from which a question escalates.
        unsure_first: those whose probability is nearest to the threshold first; rows of which none
            was computed come last.
    """
    rows = [one for one in logged if one.question]
    if unsure_first:
        rows.sort(key=lambda one: _distance(one.confidence, threshold))
    return [_row(one) for one in rows]


def take_in(
    lines: Iterable[str], into: Path, offers: Sequence[str], *, source: str = "line"
) -> TakenIn:
    """Merge labelled rows into a label file by id; written whole or not at all.

    Args:
        lines: JSON Lines as `to_label` gives them, with `escalate` filled in; rows where it is
            still null are counted and left out.
        into: the label file; made when it is not there.
        offers: the names that `offer` may have.
        source: the file that the lines are of, named before the number of a line.

    Raises:
        InputError: a line cannot be read, or its label cannot be.
        ConfigurationError: the label file cannot be read or written.
    """
    labelled: dict[str, Json] = {}
    unlabelled = 0
    for number, line in enumerate(lines, 1):
        if line.strip():
            row = _labelled(line, f"{source}:{number}", offers)
            if row is None:
                unlabelled += 1
            else:
                labelled[str(row["id"])] = row
    try:
        held = _held(into)
        replaced = len(held.keys() & labelled.keys())
        merged = {**held, **labelled}
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in merged.values())
        draft = into.with_name(f"{into.name}.draft")
        draft.write_text(text, encoding="utf-8")
        draft.replace(into)
    except OSError as error:
        raise ConfigurationError(f"{into}: labels cannot be kept here: {error!r}") from error
    return TakenIn(len(labelled) - replaced, replaced, unlabelled)


def _distance(confidence: float | None, threshold: float) -> float:
    return 2.0 if confidence is None else abs(confidence - threshold)


def _row(one: Logged) -> Json:
    identity = str(one.id)
    return {
        "id": identity,
        "author": AUTHOR,
        "family": (one.user_key or identity)[:_FAMILY_DIGITS],
        "question": one.question,
        "history": [],
        "escalate": one.label_escalate,
        "offer": one.label_offer,
        "reason": None,
        "slices": [],
        "asked": one.created_at.date().isoformat(),
        "said": one.detected,
        "confidence": one.confidence,
    }


def _labelled(line: str, where: str, offers: Sequence[str]) -> Json | None:
    try:
        label = _Line.model_validate_json(line, strict=True)
    except ValidationError as error:
        raise InputError(f"{where}: {what_is_wrong(error)}") from None
    if label.escalate is None:
        return None
    if label.escalate and label.offer not in offers:
        known = ", ".join(offers)
        raise InputError(f"{where}: offer: is one of {known}, not {label.offer!r}")
    return {**json.loads(line), "offer": label.offer if label.escalate else None}


def _held(into: Path) -> Mapping[str, Json]:
    if not into.exists():
        return {}
    lines = text_lines(into)
    held: dict[str, Json] = {}
    for number, row in read_lines(into, _Kept):
        if str(row.id) in held:
            raise ConfigurationError(f"{into}:{number}: the id {row.id!r} stands there twice")
        held[str(row.id)] = json.loads(lines[number - 1])
    return held
