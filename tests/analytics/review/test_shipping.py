"""The winner of a test goes on after it: as a diff that applies, or in words where none is safe."""

import shutil
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from tay_middleware.analytics.experiments import Call, State, Verdict
from tay_middleware.analytics.experiments.verdict import Health, Interval
from tay_middleware.analytics.review.diffs import Prompts
from tay_middleware.analytics.review.document import Action
from tay_middleware.analytics.review.facts import Paused
from tay_middleware.analytics.review.plan import _decisions, _repairs
from tay_middleware.playbook import Playbook, load_playbook
from tay_middleware.playbook.load import shipped
from tests.edits import spoil

FRIDAY = date(2026, 11, 27)

KINDS: dict[str, dict[str, Any]] = {
    "template": {
        "scope": {"offer": "mentorship", "strength": "standard", "tier": "any"},
        "arms": {"A": {"use": ["A"]}, "B": {"use": ["B"]}},
    },
    "strength": {"arms": {"A": {}, "B": {"raise": 1}}},
    "threshold": {"arms": {"A": {}, "B": {"confidence": 0.6}}},
    "offer": {"scope": {"offer": "course"}, "arms": {"A": {}, "B": {"offer": "mentorship"}}},
    "tier": {"scope": {"tier": "premium"}, "arms": {"A": {}, "B": {"wording": "all"}}},
}


def with_test(home: Path, kind: str, **more: Any) -> Path:
    """A directory of a playbook with one running test."""
    prompts = home / "prompts"
    shutil.copytree(shipped(), prompts)
    one = {
        "asks": "Which is better?",
        "kind": kind,
        "layer": "only",
        "start": date(2026, 9, 1),
        "stop": None,
        "control": "A",
        **KINDS[kind],
        **more,
    }
    found = {"layers": {"only": {"seed": "s"}}, "experiments": {"test": one}}
    (prompts / "experiments.yaml").write_text(yaml.safe_dump(found), encoding="utf-8")
    return prompts


def a_verdict(kind: str, **more: Any) -> Verdict:
    known = {
        "name": "test",
        "kind": kind,
        "state": State.RUNNING,
        "call": Call.SHIP,
        "ship": "B",
        "words": "ship B",
        "control": "A",
        "comparisons": (),
        "health": Health(1.0, 0, ()),
    }
    return Verdict(**(dict.fromkeys(Verdict.__slots__) | known | more))  # type: ignore[arg-type]  # stands in with the few fields that are read


def decided(prompts: Path, kind: str, **more: Any) -> Action:
    facts = SimpleNamespace(verdicts=(a_verdict(kind, **more),))
    (found,) = _decisions(facts, load_playbook(prompts), Prompts(prompts), FRIDAY)  # type: ignore[arg-type]  # stands in with the few fields that are read
    return found


def applied(prompts: Path, diff: str) -> Playbook:
    change = prompts.parent / "friday.patch"
    change.write_text(diff, encoding="utf-8")
    subprocess.run(["git", "apply", str(change)], cwd=prompts.parent, check=True)
    return load_playbook(prompts)


def test_a_wording_is_shipped_by_pausing_the_others(tmp_path: Path) -> None:
    prompts = with_test(tmp_path, "template")
    found = applied(prompts, decided(prompts, "template").diff)
    assert found.experiments.experiments["test"].stop == FRIDAY
    heard = {
        one.variant
        for one in found.templates
        if (one.offer, one.strength, one.tier) == ("mentorship", "standard", "any")
        and one.id not in found.policy.paused_templates
    }
    assert heard == {"B"}


def test_what_a_winner_brings_is_said_of_users_and_not_of_mentions(tmp_path: Path) -> None:
    beats = SimpleNamespace(arm="B", difference=0.31, interval=Interval(0.11, 0.511))
    found = decided(with_test(tmp_path, "template"), "template", comparisons=(beats,))
    assert found.what == "Ship B of test"
    assert found.why == "the test has shown that it beats A"
    assert found.expected.startswith("of the users who get it +31.0 points more buy")


def test_a_strength_is_shipped_into_the_rules_of_the_tiers(tmp_path: Path) -> None:
    prompts = with_test(tmp_path, "strength")
    found = applied(prompts, decided(prompts, "strength").diff)
    assert found.experiments.experiments["test"].stop == FRIDAY
    assert {rule.raise_ for rule in found.policy.tiers.values()} == {1}


@pytest.mark.parametrize(
    ("kind", "said"),
    [("threshold", "0.6"), ("offer", "mentorship"), ("tier", "prompts/templates")],
)
def test_what_no_value_says_is_words_and_the_test_runs_on(
    tmp_path: Path, kind: str, said: str
) -> None:
    prompts = with_test(tmp_path, kind)
    found = decided(prompts, kind)
    assert found.diff == ""
    assert said in found.how
    assert "its end switches it off" in found.how


def test_a_strength_of_one_offer_or_downwards_is_words(tmp_path: Path) -> None:
    one = with_test(tmp_path / "one", "strength", scope={"offer": "course"})
    down = with_test(tmp_path / "down", "strength", arms={"A": {}, "B": {"raise": -1}})
    assert (decided(one, "strength").diff, decided(down, "strength").diff) == ("", "")


@pytest.mark.parametrize("kind", ["strength", "threshold", "offer", "tier"])
def test_the_control_is_shipped_by_ending_the_test(tmp_path: Path, kind: str) -> None:
    prompts = with_test(tmp_path, kind)
    before = load_playbook(prompts).policy
    found = applied(prompts, decided(prompts, kind, ship="A").diff)
    assert found.experiments.experiments["test"].stop == FRIDAY
    assert found.policy == before


def repairs(playbook: Playbook, verdict: Verdict, *paused: Paused) -> list[str]:
    facts = SimpleNamespace(verdicts=(verdict,), paused=paused)
    return [one.what for one in _repairs(facts, playbook, Prompts(None))]  # type: ignore[arg-type]  # stands in with the few fields that are read


def test_only_what_was_paused_by_itself_and_only_tests_that_run_are_repaired(
    playbook: Playbook,
) -> None:
    ill = a_verdict("template", call=Call.UNHEALTHY, health=Health(1.0, 0, ("odd",)))
    ended = replace(ill, state=State.STOPPED)
    by_person = Paused("course", "sold out until May", by_itself=False)
    by_itself = Paused("masterclass", "12 of 20 users reacted badly", by_itself=True)
    assert repairs(playbook, ended, by_person) == []
    assert repairs(playbook, ill, by_itself) == [
        "Find out what is wrong with the test test",
        "Drop masterclass, or rewrite it",
    ]


def test_of_files_that_are_wrong_there_is_no_diff(tmp_path: Path) -> None:
    prompts = shutil.copytree(shipped(), tmp_path / "prompts")
    spoil(prompts)
    assert Prompts(prompts).diff("policy.yaml", ["holdout", "share"], 0.15) == ""
    shutil.rmtree(prompts)
    assert Prompts(prompts).diff("policy.yaml", ["holdout", "share"], 0.15) == ""
