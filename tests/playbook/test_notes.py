"""What the check says of a change to a test that runs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tay_middleware.playbook import Playbook
from tay_middleware.playbook.experiments import Experiment, Experiments
from tay_middleware.playbook.notes import moved

NAME = "mentorship-openings"
NOW = datetime(2026, 12, 5, 9, 0, tzinfo=UTC)
Change = Callable[[dict[str, Any]], object]


def with_test(playbook: Playbook, change: Change, *, start: date | None) -> Playbook:
    made = playbook.experiments.experiments[NAME].model_dump(by_alias=True) | {"start": start}
    change(made)
    tests = {made.pop("name", NAME): Experiment.model_validate(made)}
    layers = playbook.experiments.layers
    return replace(playbook, experiments=Experiments(layers=layers, experiments=tests))


def told(playbook: Playbook, change: Change, start: date | None = date(2026, 12, 1)) -> list[str]:
    former = with_test(playbook, lambda _made: None, start=start)
    return list(moved(former, with_test(playbook, change, start=start), NOW))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda made: made["arms"].update(skim=made["arms"].pop("C")), "its arm 'C' is gone"),
        (lambda made: made["arms"].update(D={"use": ["D"]}), "has a new arm 'D'"),
        (lambda made: made["arms"].update(C={"use": ["D"]}), "its arm 'C' is another one"),
        (lambda made: made.update(share=0.5), "its share is another one"),
        (
            lambda made: made.update(arms=dict(reversed(made["arms"].items()))),
            "its arms stand in another order",
        ),
        (lambda made: made.update(name="openings"), "is gone, or has another name"),
    ],
)
def test_a_change_to_a_test_that_runs_is_noted(
    playbook: Playbook, change: Change, said: str
) -> None:
    (line,) = told(playbook, change)
    assert line.startswith(f"experiments.yaml: {NAME!r} is running, and {said}")
    assert "End the test first" in line


@pytest.mark.parametrize(
    "change",
    [
        lambda _made: None,
        lambda made: made.update(stop=date(2026, 12, 20)),
        lambda made: made.update(asks="Which of the three is the best?"),
    ],
)
def test_what_moves_nobody_is_not_noted(playbook: Playbook, change: Change) -> None:
    assert told(playbook, change) == []


def test_another_seed_of_the_layer_is_noted(playbook: Playbook) -> None:
    former = with_test(playbook, lambda _made: None, start=date(2026, 12, 1))
    layer = former.experiments.experiments[NAME].layer
    layers = {
        name: one.model_copy(update={"seed": "another"} if name == layer else {})
        for name, one in former.experiments.layers.items()
    }
    anew = replace(former, experiments=former.experiments.model_copy(update={"layers": layers}))
    (line,) = moved(former, anew, NOW)
    assert f"its layer {layer!r} has another seed since the version in force" in line


def test_a_draft_may_be_changed(playbook: Playbook) -> None:
    rename = lambda made: made["arms"].update(skim=made["arms"].pop("C"))  # noqa: E731 - as above
    assert told(playbook, rename, start=None) == []
