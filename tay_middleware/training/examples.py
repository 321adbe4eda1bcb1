"""Labelled rows as a learner needs them: one text, and a target for every head, or none.

A head learns from a row only where the row says something about it: a question about pricing says
nothing on whether its writer would be offended, so `None` is kept apart from `False`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tay_middleware.decide.features import spoken
from tay_middleware.decide.normalise import normalise
from tay_middleware.decide.opinion import ESCALATE, GATE, OFFER, ON_TOPIC
from tay_middleware.domain import Message
from tay_middleware.errors import ConfigurationError
from tay_middleware.evals.rows import Row, read_rows
from tay_middleware.playbook.cascade import LEARNED_GATES

GATES = LEARNED_GATES
"""What a learned head says of a message, in the order of the model files."""

OFFERS = ("mentorship", "course", "masterclass")
"""The classes of the offer head; a playbook with other offers decides by keywords alone."""

OUTPUTS = (
    ESCALATE,
    *(f"{OFFER}{name}" for name in OFFERS),
    ON_TOPIC,
    *(f"{GATE}{name}" for name in GATES),
)
"""What both tiers say of a question, in the order of their files."""

_SLICE_GATES: Mapping[str, str] = {
    "distress": "distress",
    "distress_context": "distress",
    "medical": "medical",
    "safety": "medical",
    "alopecia": "medical",
    "minor": "minor",
    "teen": "minor",
    "complaint": "complaint",
    "refund": "complaint",
    "support": "support",
    "access": "support",
    "billing": "support",
    "login": "support",
    "account": "support",
    "cancel": "support",
    "receipt": "support",
    "declined": "refusal",
    "decline": "refusal",
    "optout": "opt_out",
    "owns_offer": "owner",
    "owned": "owner",
    "owns": "owner",
    "already_bought": "owner",
    "mentee": "owner",
    "injection": "injection",
    "adversarial": "injection",
}
"""What the authors called it, each in words of their own, and the gate that it belongs to."""

_OFF_TOPIC = frozenset({"off_topic", "offtopic", "spam"})


@dataclass(frozen=True, slots=True)
class Example:
    """One row to learn from; `gates` maps each gate head to its target, where it has one."""

    id: str
    author: str
    family: str
    question: str
    history: tuple[Message, ...]
    escalate: bool
    offer: str | None
    on_topic: bool
    gates: Mapping[str, bool] = field(default_factory=dict)
    slices: tuple[str, ...] = ()


def examples_of(paths: Iterable[Path]) -> tuple[Example, ...]:
    """All rows of the label files, in order.

    Raises:
        ConfigurationError: a file cannot be read as labels, or two rows have one id: what is known
            of a row is kept by it.
    """
    rows: dict[str, Row] = {}
    homes: dict[str, Path] = {}
    for path in paths:
        for row in read_rows(path):
            if row.id in rows:
                raise ConfigurationError(
                    f"{path}: the id {row.id!r} stands in {homes[row.id]} already: give every row "
                    "of all files an id of its own"
                )
            rows[row.id], homes[row.id] = row, path
    naming = {r.author for r in rows.values() if not _SLICE_GATES.keys().isdisjoint(r.slices)}
    return tuple(_example(row, names_gates=row.author in naming) for row in rows.values())


def text_of(example: Example) -> str:
    """The question as the encoder is given it, at run time as in training."""
    return spoken(normalise(example.question).aloud().literal)


def authors_of(examples: Sequence[Example]) -> tuple[str, ...]:
    """The authors, in order of first appearance."""
    return tuple(dict.fromkeys(example.author for example in examples))


def _example(row: Row, *, names_gates: bool) -> Example:
    named = {_SLICE_GATES[name] for name in row.slices if name in _SLICE_GATES}
    on_topic = _OFF_TOPIC.isdisjoint(row.slices)
    return Example(
        id=row.id,
        author=row.author,
        family=row.family,
        question=row.question,
        history=row.history,
        escalate=row.escalate,
        offer=row.offer,
        on_topic=on_topic,
        gates=_gate_targets(
            set() if row.escalate else named, speaks=row.escalate or (names_gates and on_topic)
        ),
        slices=row.slices,
    )


def _gate_targets(named: set[str], *, speaks: bool) -> Mapping[str, bool]:
    """The target of each gate that the row says something about.

    A row in a gate may be in more, but for injections, and a plain no is no wish to hear of nothing
    again; an author who names none says nothing, and neither does a row off the topic, whose griefs
    nobody has marked.
    """
    if named:
        closed = {gate: True for gate in GATES if gate in named or gate == "conduct"}
        surely_not = {"injection"} | ({"opt_out"} if "refusal" in named else set())
        return closed | dict.fromkeys(surely_not - named, False)
    return dict.fromkeys(GATES, False) if speaks else {}
