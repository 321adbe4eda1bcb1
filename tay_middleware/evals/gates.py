"""Gates: floors and ceilings on figures that set the exit code, and goals that only stand beside.

A gate that cannot be decided (its tier did not run, its figure cannot be computed, too few rows) is
a broken gate: green means that it ran.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from tay_middleware.decide.lines import what_is_wrong
from tay_middleware.errors import ConfigurationError
from tay_middleware.evals.run import Figure, Run

TOO_FEW = 20
"""Fewer rows than this say nothing."""

_SHAPE = (
    "it must hold `gates:` and under it a gate a line, as in "
    "`my-f1: {tier: keywords, figure: labelled.f1, floor: 0.8}`"
)


class Gate(BaseModel):
    """One line that a figure may not cross: `floor` from below, or `ceiling` from above.

    `figure` is a figure of the tier, `bound` which of its numbers is meant. `goal` is what the
    product aims at; it decides nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    tier: str
    figure: str
    bound: Literal["value", "low", "high"] = "value"
    floor: float | None = None
    ceiling: float | None = None
    goal: float | None = None
    why: str = ""

    @model_validator(mode="after")
    def _one_line(self) -> "Gate":
        if (self.floor is None) == (self.ceiling is None):
            raise ValueError(f"{self.name}: needs a floor or a ceiling, and not both")
        return self

    @property
    def limit(self) -> str:
        """The line, in words."""
        return f"at least {self.floor:g}" if self.floor is not None else f"at most {self.ceiling:g}"

    def lowered_from(self, earlier: "Gate") -> bool:
        """Whether the line is easier to meet than it was."""
        if self.floor is not None and earlier.floor is not None:
            return self.floor < earlier.floor
        if self.ceiling is not None and earlier.ceiling is not None:
            return self.ceiling > earlier.ceiling
        return True


class Verdict(BaseModel):
    """A gate with what was found: `value` is `None` where nothing could be."""

    model_config = ConfigDict(frozen=True)

    gate: Gate
    holds: bool
    value: float | None = None
    n: int = 0
    note: str = ""


def read_gates(path: Path) -> list[Gate]:
    """Read `gates.yaml`.

    Raises:
        ConfigurationError: it cannot be read, holds no gates, or one of them is none.
    """
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path}: cannot be read as gates: {error}") from error
    gates = told.get("gates") if isinstance(told, dict) else None
    if not isinstance(gates, dict) or not gates:
        raise ConfigurationError(f"{path}: holds no gates; {_SHAPE}")
    return [_gate(path, name, gate) for name, gate in gates.items()]


def hold(run: Run, gates: Sequence[Gate]) -> list[Verdict]:
    """Every gate held against a run."""
    return [_verdict(gate, run) for gate in gates]


def lowered(gates: Sequence[Gate], before: Mapping[str, Gate]) -> list[str]:
    """Gates that have become easier than they were, or have gone: a floor may only rise."""
    now = {gate.name: gate for gate in gates}
    return [
        f"{name} was {old.limit}" + (f", is {now[name].limit}" if name in now else ", is gone")
        for name, old in before.items()
        if name not in now or now[name].lowered_from(old)
    ]


def _gate(path: Path, name: object, told: object) -> Gate:
    if not isinstance(told, dict):
        raise ConfigurationError(f"{path}: gates.{name}: is no gate; {_SHAPE}")
    try:
        return Gate.model_validate({"name": str(name), **told})
    except ValidationError as error:
        raise ConfigurationError(f"{path}: gates.{name}: {what_is_wrong(error)}") from None


def _verdict(gate: Gate, run: Run) -> Verdict:
    tier = run.tiers.get(gate.tier)
    if tier is None:
        return Verdict(gate=gate, holds=False, note=f"the tier {gate.tier} did not run")
    figure = tier.figures.get(gate.figure)
    value = None if figure is None else _number(figure, gate)
    if figure is None or value is None:
        return Verdict(gate=gate, holds=False, note="there is no such figure in this run")
    if figure.n < TOO_FEW:
        return Verdict(gate=gate, holds=False, value=value, n=figure.n, note="too few")
    holds = value >= gate.floor if gate.floor is not None else value <= (gate.ceiling or 0.0)
    return Verdict(gate=gate, holds=holds, value=value, n=figure.n)


def _number(figure: Figure, gate: Gate) -> float | None:
    return {"value": figure.value, "low": figure.low, "high": figure.high}[gate.bound]
