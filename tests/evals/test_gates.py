from pathlib import Path

import pytest

from tay_middleware.errors import ConfigurationError
from tay_middleware.evals.baseline import make_baseline, read_baseline, write_baseline
from tay_middleware.evals.gates import Gate, hold, lowered, read_gates
from tay_middleware.evals.offline import GATES, hold_against
from tay_middleware.evals.run import Figure, Run, TierRun


def a_gate(name: str = "g", **changes: object) -> Gate:
    told = {"name": name, "tier": "t", "figure": "labelled.f1", "floor": 0.8, **changes}
    return Gate.model_validate({key: value for key, value in told.items() if value is not None})


def found(value: float | None, n: int = 100, **ends: float) -> Run:
    figure = Figure(value=value, n=n, **ends)
    return Run(data={"q": "1"}, tiers={"t": TierRun(figures={"labelled.f1": figure})})


@pytest.mark.parametrize(
    ("gate", "value", "holds"),
    [
        (a_gate(), 0.8, True),
        (a_gate(), 0.79, False),
        (a_gate(floor=None, ceiling=0.0), 0.0, True),
        (a_gate(floor=None, ceiling=0.02), 0.03, False),
        (a_gate(goal=0.99), 0.8, True),
    ],
)
def test_a_floor_is_met_from_above_a_ceiling_from_below(
    gate: Gate, value: float, *, holds: bool
) -> None:
    assert hold(found(value), [gate])[0].holds is holds


def test_a_gate_may_be_on_an_end_of_the_interval() -> None:
    run = found(0.9, low=0.7, high=0.95)
    low, high = hold(run, [a_gate(bound="low"), a_gate(bound="high")])
    assert (low.holds, low.value) == (False, 0.7)
    assert (high.holds, high.value) == (True, 0.95)


@pytest.mark.parametrize(
    ("gate", "run", "note"),
    [
        (a_gate(tier="other"), found(1.0), "did not run"),
        (a_gate(figure="labelled.none"), found(1.0), "no such figure"),
        (a_gate(), found(None), "no such figure"),
        (a_gate(bound="low"), found(1.0), "no such figure"),
        (a_gate(), found(1.0, n=19), "too few"),
    ],
)
def test_what_cannot_be_decided_is_broken(gate: Gate, run: Run, note: str) -> None:
    (verdict,) = hold(run, [gate])
    assert not verdict.holds
    assert note in verdict.note


def test_a_floor_may_only_rise() -> None:
    before = {gate.name: gate for gate in (a_gate("a"), a_gate("b"), a_gate("c"), a_gate("d"))}
    now = [a_gate("a", floor=0.9), a_gate("b", floor=0.7), a_gate("c", floor=None, ceiling=0.8)]
    assert [line.split()[0] for line in lowered(now, before)] == ["b", "c", "d"]


def test_a_lowered_gate_does_not_hold_even_where_its_figure_does() -> None:
    run = found(0.95)
    baseline = make_baseline(run, [a_gate(floor=0.9)])
    assert hold_against(run, [a_gate(floor=0.9)], baseline, ()).holds
    assert not hold_against(run, [a_gate(floor=0.8)], baseline, ()).holds


def test_a_changed_label_file_voids_the_baseline() -> None:
    baseline = make_baseline(found(0.95), [a_gate()])
    changed = found(0.95).model_copy(update={"data": {"q": "2", "new": "3"}})
    held = hold_against(changed, [a_gate()], baseline, ())
    assert (held.changed, held.flips) == (("new", "q"), ())
    assert held.holds


def test_only_the_gates_of_wanted_tiers_are_held() -> None:
    held = hold_against(found(0.95), [a_gate(), a_gate("x", tier="other")], None, ["t"])
    assert [verdict.gate.name for verdict in held.verdicts] == ["g"]
    assert held.holds


def test_a_baseline_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    assert read_baseline(path) is None
    baseline = make_baseline(found(0.5, low=0.25, high=0.75), [a_gate()])
    write_baseline(path, baseline)
    assert read_baseline(path) == baseline
    path.write_text("{")
    with pytest.raises(ConfigurationError, match="no baseline"):
        read_baseline(path)


@pytest.mark.parametrize(
    "text",
    [
        "gates: {g: {tier: t, figure: f}}",
        "gates: {g: {tier: t, figure: f, floor: 1, ceiling: 1}}",
        "gates: {g: {tier: t, figure: f, floor: 1, flor: 2}}",
        "gates: []",
        "{",
    ],
)
def test_a_gate_without_one_line_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "gates.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match="gates"):
        read_gates(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no gates; it must hold `gates:`"),
        ("gates: nope", "holds no gates; it must hold `gates:`"),
        ("gates: {}", "holds no gates"),
        ("- a", "holds no gates"),
        ("gates: {g: 3}", r"gates\.g: is no gate"),
        ("gates: {g: {tier: t, floor: 1}}", r"gates\.g: figure: Field required"),
    ],
)
def test_a_file_without_gates_is_told_what_it_must_hold(
    tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=rf"own\.yaml: {told}"):
        read_gates(path)


def test_gates_that_are_not_utf8_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_bytes("# café".encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"own\.yaml: cannot be read"):
        read_gates(path)


def test_the_gates_that_ship_are_as_strict_as_the_project_promised() -> None:
    gates = {gate.name: gate for gate in read_gates(GATES)}
    assert gates["labelled-events"].floor == 1
    assert gates["labelled-false"].ceiling == 0
    assert gates["conduct-mutations"].ceiling == 0
    for tier in ("builtin", "encoder"):
        assert gates[f"{tier}-calls"].ceiling == 200
