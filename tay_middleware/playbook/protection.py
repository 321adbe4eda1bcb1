"""No slip in a file may switch off what protects people: gates by name, in every stage."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING

from tay_middleware.domain import Suppression
from tay_middleware.playbook.cascade import DOUBTED_GATES, LEARNED_GATES, StageRule
from tay_middleware.playbook.gate_names import DISTRESS, MEDICAL, MINOR, OPT_OUT, REFUSAL
from tay_middleware.playbook.names import Found, listed, strangers

if TYPE_CHECKING:
    from tay_middleware.playbook.load import Playbook

PROTECTED: Mapping[str, Suppression] = {
    DISTRESS: Suppression.SENSITIVE,
    MEDICAL: Suppression.SENSITIVE,
    MINOR: Suppression.SENSITIVE,
    REFUSAL: Suppression.DECLINED,
    OPT_OUT: Suppression.OPTED_OUT,
}
"""Gates that a playbook must have, and what each says of a need: without it a hurt or young person
is offered something on the next turn, and a no is forgotten."""


def unprotected(playbook: "Playbook") -> Iterator[Found]:
    """Every protection that is missing, and every name of a gate that is none."""
    yield from _gates(playbook)
    cascade = playbook.policy.cascade
    for stage, rule in (("scorer", cascade.scorer), ("encoder", cascade.encoder)):
        yield from _stage(("cascade", stage), rule, learned=cascade.learned)
    behind = listed(("cascade", "unsure", "behind"), cascade.unsure.behind)
    yield from strangers("policy.yaml", "learned gate", behind, DOUBTED_GATES)


def _gates(playbook: "Playbook") -> Iterator[Found]:
    gates = playbook.gates.gates
    for name, cause in PROTECTED.items():
        gate = gates.get(name)
        if gate is None:
            close = get_close_matches(name, gates.keys() - PROTECTED.keys(), n=1)
            mend = f"call {close[0]!r} so again" if close else "put it back"
            yield "gates.yaml", ("gates",), f"the gate {name!r} is missing, which protects: {mend}"
        elif gate.cause is not cause:
            message = f"this gate protects: write `suppression: {cause}`"
            yield "gates.yaml", ("gates", name, "suppression"), message


def _stage(place: tuple[str, ...], rule: StageRule, *, learned: bool) -> Iterator[Found]:
    closed = (((*place, "gates", name), name) for name in rule.gates)
    yield from strangers("policy.yaml", "learned gate", closed, LEARNED_GATES)
    reopened = listed((*place, "reopen", "gates"), rule.reopen.gates)
    yield from strangers("policy.yaml", "learned gate", reopened, LEARNED_GATES)
    for name in LEARNED_GATES:
        if learned and name not in rule.gates:
            message = f"{name!r} is missing and would never close: add the probability from which"
            yield "policy.yaml", (*place, "gates"), message
