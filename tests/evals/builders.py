"""Rows, judges and small runs for the tests of the evals."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from tay_middleware.domain import Detection, Reason, Stage, Suppression
from tay_middleware.evals.answers import Answer
from tay_middleware.evals.judges import Judged
from tay_middleware.evals.rows import Row
from tay_middleware.evals.run import Figure, RowRef, Run, TierRun


def a_row(
    question: str = "no",
    *,
    escalate: bool = False,
    offer: str | None = None,
    family: str = "f",
    author: str = "t",
    name: str | None = None,
    slices: tuple[str, ...] = (),
    category: str | None = None,
    owned_offers: tuple[str, ...] = (),
) -> Row:
    return Row(
        id=name or question,
        family=f"{author}:{family}",
        author=author,
        question=question,
        escalate=escalate,
        offer=offer or ("mentorship" if escalate else None),
        slices=slices,
        category=category,
        owned_offers=owned_offers,
    )


def said(
    offer: str | None = "mentorship",
    *,
    gates: tuple[str, ...] = (),
    confidence: float | None = None,
    purchase: bool = False,
) -> Detection:
    return Detection(
        escalate=offer is not None and not gates,
        need=offer is not None,
        offer=offer,
        reason=Reason.STRATEGIC if offer else None,
        stage=Stage.KEYWORDS,
        scores={"total": 2.0 if offer else 0.0},
        gates=gates,
        confidence=confidence,
        purchase=purchase,
    )


class Script:
    """Judges a question by what it says: `yes <offer>`, `gate <name>`, `fail`, anything else no."""

    name = "script"

    def __init__(self, change: Callable[[str], str] = str.casefold) -> None:
        self._change = change

    def judge(self, rows: Sequence[Row]) -> list[Judged]:
        return [self._judged(self._change(row.question)) for row in rows]

    @staticmethod
    def _judged(question: str) -> Judged:
        word, _, rest = question.partition(" ")
        if word == "fail":
            return Judged(None, error="RuntimeError: fail")
        if word == "gate":
            return Judged(said(gates=(rest,)))
        if word == "owned":
            return Judged(said(), Suppression.OWNS_OFFER)
        return Judged(said(rest.split(" ")[0] or "mentorship" if word == "yes" else None))


def an_answer(
    detection: Detection | None, *, escalate: bool, family: str = "f", author: str = "t"
) -> Answer:
    row = a_row(escalate=escalate, family=family, author=author, name=f"{author}{family}")
    return Answer("q", row, Judged(detection, error=None if detection else "failed"))


def a_run(
    said_by: dict[str, Sequence[str | None]],
    labels: Sequence[bool],
    *,
    data: str = "hash",
    figures: dict[str, Figure] | None = None,
) -> Run:
    """A run on rows `r0`, `r1`, … of a family each, by what each tier would mention."""
    rows = [
        RowRef(
            id=f"r{at}",
            file="q",
            author="t",
            family=f"f{at}",
            escalate=label,
            offer="mentorship" if label else None,
        )
        for at, label in enumerate(labels)
    ]
    tiers = {
        name: TierRun(
            figures=figures or {},
            said=list(told),
            scores=[0.9 if one else 0.1 for one in told],
            probabilities=[0.9 if one else 0.1 for one in told],
        )
        for name, told in said_by.items()
    }
    return Run(data={"q.jsonl": data}, rows=rows, tiers=tiers)


def a_line(
    question: str, label: str | None, family: str = "f", **more: object
) -> dict[str, object]:
    return {
        "id": question,
        "author": "t",
        "family": family,
        "question": question,
        "escalate": label is not None,
        "offer": label,
        **more,
    }


def a_file(directory: Path, *lines: object, name: str = "questions_t.jsonl") -> Path:
    path = directory / name
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n", encoding="utf-8")
    return path
