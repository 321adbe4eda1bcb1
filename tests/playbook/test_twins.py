"""The same sentence under two names is no test, nor are two arms that do the same."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tay_middleware.errors import Problem
from tay_middleware.playbook import Experiment, Experiments, Playbook
from tay_middleware.playbook.fairness import unfair
from tay_middleware.playbook.twins import twins
from tests.playbook.test_load import MENTORSHIP, replaced

Spoil = Callable[[str, Callable[[str], str]], list[Problem]]

B = "mentorship.standard.any.B"


def beside_b(playbook: Playbook, text: str, **other: Any) -> list[str]:
    """What is said of a wording that is added to those of the playbook."""
    added = replace(playbook.by_id[B], id=f"{B}2", variant="B2", text=text, **other)
    changed = replace(playbook, templates=(*playbook.templates, added))
    return [f"{'.'.join(map(str, place))}: {said}" for _, place, said in twins(changed)]


def test_no_two_wordings_that_ship_say_the_same(playbook: Playbook) -> None:
    assert list(twins(playbook)) == []


@pytest.mark.parametrize(
    "change",
    [
        str,
        str.upper,
        lambda text: text.replace("this, a chat", "this - a chat").replace("suits.", "suits! 💛"),
        lambda text: text.replace(" ", "  "),
        lambda text: text.replace(".", "…"),
    ],
)
def test_the_same_words_under_another_name_are_told(
    playbook: Playbook, change: Callable[[str], str]
) -> None:
    (said,) = beside_b(playbook, change(playbook.by_id[B].text))
    assert said == (
        "wordings.standard.any.B2: says the same as 'B', marks and emoji apart: "
        "write another, or take one out"
    )


def test_another_word_another_tier_or_another_pet_name_is_another_wording(
    playbook: Playbook,
) -> None:
    text = playbook.by_id[B].text
    assert beside_b(playbook, text.replace("map", "plan")) == []
    assert beside_b(playbook, text, tier="vip") == []
    assert beside_b(playbook, f"$pet_name, {text}") == []
    called = replace(playbook.by_id[B], id="x", variant="X", text=f"$pet_name, {text}")
    girl = replace(called, id="y", variant="Y", pet_name="girl")
    assert list(twins(replace(playbook, templates=(called, girl)))) == []


def test_the_check_names_the_line_of_the_second(spoil: Spoil) -> None:
    one = "Same words in $offer, if you like."
    two = f'      Z: "{one}"\n      Y: "{one.replace(",", ";")}"\n    premium:\n'
    (problem,) = spoil(MENTORSHIP, replaced("    premium:\n", two))
    assert problem.field == "wordings.gentle.any.Y"
    assert problem.line is not None


@pytest.mark.parametrize(
    ("kind", "scope", "arms", "same"),
    [
        ("template", {}, {"a": {"use": ["A", "B"]}, "b": {"use": ["B", "A"]}}, "arms.b.use"),
        ("strength", {}, {"a": {}, "b": {"raise": 0}}, "arms.b.raise"),
        ("strength", {}, {"a": {}, "b": {"raise": 1}, "c": {"raise": 1}}, "arms.c.raise"),
        ("threshold", {}, {"a": {}, "b": {"confidence": 0.7}, "c": {"confidence": 0.7}}, "arms.c"),
        ("offer", {"offer": "course"}, {"a": {}, "b": {"offer": "course"}}, "arms.b.offer"),
        ("tier", {}, {"a": {"wording": "all"}, "b": {"wording": "all"}}, "arms.b.wording"),
    ],
)
def test_two_arms_that_do_the_same_are_told(
    playbook: Playbook, kind: str, scope: dict[str, str], arms: dict[str, object], same: str
) -> None:
    said = {"asks": "Which is better?", "kind": kind, "layer": "wording", "control": "a"}
    one = Experiment.model_validate(said | {"scope": scope, "arms": arms})
    tests = Experiments(layers=playbook.experiments.layers, experiments={"one": one})
    told = [
        ".".join(map(str, place))
        for _, place, message in unfair(replace(playbook, experiments=tests))
        if "does the same as the arm" in message
    ]
    assert len(told) == 1
    assert told[0].startswith(f"experiments.one.{same}")
