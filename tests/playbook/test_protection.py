"""A slip in a file never switches off what protects people."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tay_middleware.decide.model import read_model
from tay_middleware.decide.opinion import GATE
from tay_middleware.errors import Problem
from tay_middleware.playbook import load_playbook
from tay_middleware.playbook.cascade import LEARNED_GATES
from tests.playbook.test_load import replaced

Spoil = Callable[[str, Callable[[str], str]], list[Problem]]


def test_the_learned_gates_are_those_of_the_model() -> None:
    heads = [name.removeprefix(GATE) for name in read_model().outputs if name.startswith(GATE)]
    assert tuple(heads) == LEARNED_GATES


@pytest.mark.parametrize(
    ("old", "new", "field", "said"),
    [
        ("gates: {distress: ", "gates: {distres: ", "scorer.gates.distres", "'distress'?"),
        ("gates: [distress,", "gates: [distres,", "encoder.reopen.gates.0", "'distress'?"),
        (
            "behind: [conduct, distress",
            "behind: [conduct, distres",
            "unsure.behind.1",
            "'distress'?",
        ),
    ],
)
def test_a_gate_that_a_stage_misnames_is_named(
    spoil: Spoil, old: str, new: str, field: str, said: str
) -> None:
    problems = spoil("policy.yaml", replaced(old, new))
    found = next(one for one in problems if one.field == f"cascade.{field}")
    assert said in found.message
    assert found.line is not None


def without_distress(stage: str) -> Callable[[str], str]:
    """Leaves the bar of `distress` out of a stage's rules, whatever it is."""

    def change(text: str) -> str:
        rules = rf"(\n  {stage}:.*?\n    gates: \{{)distress: [\d.]+, "
        changed, count = re.subn(rules, r"\1", text, count=1, flags=re.DOTALL)
        assert count == 1
        return changed

    return change


@pytest.mark.parametrize("stage", ["scorer", "encoder"])
def test_a_gate_that_a_stage_leaves_out_is_named(spoil: Spoil, stage: str) -> None:
    problems = spoil("policy.yaml", without_distress(stage))
    found = next(one for one in problems if one.field == f"cascade.{stage}.gates")
    assert "'distress' is missing" in found.message
    assert found.line is not None


def test_where_nothing_is_learned_no_learned_gate_is_needed(directory: Path) -> None:
    path = directory / "policy.yaml"
    unlearned = replaced("learned: true ", "learned: false ")(path.read_text())
    path.write_text(without_distress("scorer")(unlearned))
    assert not load_playbook(directory).policy.cascade.learned


def test_a_protected_gate_keeps_its_name(spoil: Spoil) -> None:
    (problem,) = spoil("gates.yaml", replaced("\n  distress:\n", "\n  distressed:\n"))
    assert (problem.file, problem.field) == ("gates.yaml", "gates")
    assert "'distress' is missing, which protects: call 'distressed' so again" in problem.message


@pytest.mark.parametrize(
    ("name", "cause"), [("distress", "sensitive"), ("medical", "sensitive"), ("minor", "sensitive")]
)
def test_a_protected_gate_keeps_its_suppression(spoil: Spoil, name: str, cause: str) -> None:
    line = f"\n  {name}:\n    suppression: {cause}\n"
    (problem,) = spoil("gates.yaml", replaced(line, f"\n  {name}:\n"))
    assert problem.field == f"gates.{name}.suppression"
    assert problem.message == f"this gate protects: write `suppression: {cause}`"


@pytest.mark.parametrize(
    ("old", "new"),
    [("suppression: declined", "suppression: sensitive"), ("    suppression: opted_out\n", "")],
)
def test_a_no_keeps_its_suppression(spoil: Spoil, old: str, new: str) -> None:
    (problem,) = spoil("gates.yaml", replaced(old, new))
    assert "this gate protects: write `suppression:" in problem.message
