"""A playbook with one experiment, and what is decided for somebody under it."""

from dataclasses import replace
from typing import Any

from tay_middleware.decide import Circumstances, decide
from tay_middleware.domain import (
    Assignment,
    Decision,
    Detection,
    History,
    Stage,
)
from tay_middleware.playbook import Experiments, Playbook, load_playbook
from tests.builders import a_detection, a_turn

SHIPPED = load_playbook()
ARMS: dict[str, tuple[str, dict[str, Any]]] = {
    "template": ("scope", {"A": {"use": ["A"]}, "B": {"use": ["B"]}}),
    "strength": ("scope", {"A": {}, "B": {"raise": 1}}),
    "threshold": ("scope", {"A": {}, "B": {"confidence": 0.6}}),
    "tier": ("scope", {"A": {}, "B": {"wording": "all"}}),
    "offer": ("mentorship", {"A": {}, "B": {"offer": "course"}}),
}
KINDS = sorted(ARMS)


def experiments(kind: str, *, seed: str = "s1", **more: Any) -> Experiments:
    offer, arms = ARMS[kind]
    one = {
        "asks": "Which is better?",
        "kind": kind,
        "layer": "only",
        "start": "2026-01-01",
        "control": "A",
        "arms": arms,
        "scope": {"offer": offer} if offer != "scope" else {},
        **more,
    }
    return Experiments.model_validate(
        {"layers": {"only": {"seed": seed}}, "experiments": {"test": one}}
    )


def playing(kind: str, *, holdout: float = 0.0, **more: Any) -> Playbook:
    policy = SHIPPED.policy.model_copy(
        update={"holdout": SHIPPED.policy.holdout.model_copy(update={"share": holdout})}
    )
    return replace(SHIPPED, experiments=experiments(kind, **more), policy=policy)


def sure(confidence: float = 0.5, **more: Any) -> Detection:
    return replace(a_detection(**more), stage=Stage.MODEL, confidence=confidence)


def made(
    playbook: Playbook,
    detection: Detection | None = None,
    *,
    user: str = "ada",
    history: History | None = None,
    around: Circumstances | None = None,
    **turn: Any,
) -> Decision:
    return decide(
        a_turn(user=user, **turn),
        detection or sure(),
        history or History(),
        playbook,
        around or Circumstances(),
    )


def in_arm(playbook: Playbook, arm: str, **more: Any) -> Decision:
    """The decision for the first user who is in the arm."""
    found = (made(playbook, user=f"user-{number}", **more) for number in range(100))
    return next(one for one in found if the(one).arm == arm)


def the(decision: Decision, experiment: str = "test") -> Assignment:
    return next(one for one in decision.assignments if one.experiment == experiment)
