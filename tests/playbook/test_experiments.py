from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tay_middleware.errors import Problem
from tay_middleware.playbook import Playbook, load_playbook
from tests.playbook.test_load import line_of

FILE = "experiments.yaml"
Spoil = Callable[[str, Callable[[str], str]], list[Problem]]

SECOND = """
  strengths:
    asks: Do more words help?
    kind: strength
    layer: pressure
    start: 2026-12-01
    scope: {offer: mentorship}
    control: usual
    arms:
      usual: {}
      louder: {raise: 1}
"""


def written(directory: Path, text: str) -> Playbook:
    path = directory / FILE
    path.write_text(path.read_text() + text)
    return load_playbook(directory)


def test_the_file_that_ships_holds_the_test_of_the_brief_as_a_draft(playbook: Playbook) -> None:
    experiment = playbook.experiments.experiments["mentorship-openings"]
    assert [arm.use for arm in experiment.arms.values()] == [("A",), ("B",), ("C",)]
    assert experiment.start is None
    assert not experiment.runs_at(datetime(2027, 1, 1, tzinfo=UTC))


def test_a_playbook_without_the_file_has_no_experiments(directory: Path) -> None:
    (directory / FILE).unlink()
    assert load_playbook(directory).experiments.experiments == {}


def test_an_experiment_runs_from_its_first_day_until_its_last_begins(directory: Path) -> None:
    playbook = written(directory, SECOND.replace("12-01", "12-01\n    stop: 2026-12-03"))
    first = datetime(2026, 12, 1, tzinfo=UTC)
    running = [
        [name for name, _ in playbook.experiments.running(first + timedelta(hours=hours))]
        for hours in (-1, 0, 47, 48)
    ]
    assert running == [[], ["strengths"], ["strengths"], []]
    assert playbook.experiments.experiments["strengths"].start == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("old", "new", "field", "mend"),
    [
        ("layer: wording", "layer: wordin", "layer", "did you mean 'wording'?"),
        ("control: A", "control: a", "control", "unknown arm 'a'"),
        ("B: {use: [B]}", "B: {use: [B], raise: 1}", "arms.B.raise", "it may have 'use'"),
        ("B: {use: [B]}", "B: {weight: 2}", "arms.B", "add 'use'"),
        ("B: {use: [B]}", "B: {use: [Z]}", "arms.B.use.0", "it has A, B, C, D"),
        ("B: {use: [B]}", "B: {wieght: 1}", "arms.B.wieght", "did you mean 'weight'?"),
        ("share: 1.0", "share: 1.5", "share", "write at most 1"),
        ("share: 1.0", "share: 0.7\n    from: 0.5", "share", "at most 0.5"),
        ("stop: null", "stop: 2026-12-01", "start", "the day on which it starts"),
        ("offer: mentorship, str", "offer: mentor, str", "scope.offer", "'mentorship'?"),
        ("counts: offer", "counts: ofer", "counts", "did you mean 'offer'?"),
        ("scope: {offer: mentorship, str", "scope: {str", "counts", "name the offer"),
        ("    start: null ", "    start: soon ", "start", "write it like 2026-10-12"),
        ("baseline: 0.05", "baseline: 5", "plan.baseline", "less than 1"),
    ],
)
def test_what_is_wrong_is_named_with_line_field_and_mend(
    spoil: Spoil, directory: Path, old: str, new: str, field: str, mend: str
) -> None:
    found = spoil(FILE, lambda text: text.replace(old, new, 1))
    problem = next(one for one in found if one.field == f"experiments.mentorship-openings.{field}")
    assert problem.file == FILE
    assert mend in problem.message
    assert problem.line is not None
    assert line_of(directory, FILE, "mentorship-openings:") <= problem.line


@pytest.mark.parametrize(
    ("text", "field", "mend"),
    [
        (SECOND.replace("  strengths:", "  holdout:"), "holdout", "choose another"),
        (SECOND + SECOND.replace("  strengths:", "  again:"), "again.from", "take others"),
        (
            SECOND.replace("12-01", "12-01\n    stop: 2026-12-01"),
            "strengths.stop",
            "it stops before it starts",
        ),
        (
            SECOND.replace("kind: strength", "kind: threshold").replace(
                "raise: 1", "confidence: 0.1"
            ),
            "strengths.arms.louder.confidence",
            "of policy.yaml: write the lowest that is tested there",
        ),
        (
            SECOND.replace("kind: strength", "kind: offer")
            .replace("raise: 1", "offer: curse")
            .replace("{offer: mentorship}", "{}"),
            "strengths.arms.louder.offer",
            "did you mean 'course'?",
        ),
        (
            SECOND.replace("kind: strength", "kind: tier")
            .replace("raise: 1", "wording: all")
            .replace("{offer: mentorship}", "{tier: free}"),
            "strengths.scope",
            "no tier has wording of its own",
        ),
        (
            SECOND.replace("kind: strength", "kind: tier").replace("raise: 1", "wording: own"),
            "strengths.arms",
            "one arm must have `wording: all`",
        ),
    ],
)
def test_an_unfair_experiment_is_refused(spoil: Spoil, text: str, field: str, mend: str) -> None:
    found = spoil(FILE, lambda before: before + text)
    problem = next(one for one in found if one.field == f"experiments.{field}")
    assert mend in problem.message
    assert problem.line


def test_two_experiments_of_a_layer_may_take_different_users(directory: Path) -> None:
    first = SECOND.replace("layer: pressure", "layer: pressure\n    share: 0.5")
    second = first.replace("  strengths:", "  again:").replace(
        "share: 0.5", "from: 0.5\n    share: 0.5"
    )
    assert len(written(directory, first + second).experiments.experiments) == 4


def test_a_test_that_starts_changes_the_version(directory: Path) -> None:
    before = load_playbook(directory).version
    assert written(directory, SECOND).version != before


def test_gates_that_count_as_a_bad_reaction_must_be_known(spoil: Spoil) -> None:
    found = spoil(
        "policy.yaml", lambda text: text.replace("[refusal, opt_out", "[refusals, opt_out")
    )
    assert found[0].field == "auto_pause.reactions.0"
    assert "did you mean 'refusal'?" in found[0].message


@pytest.mark.parametrize(
    ("stop", "at", "is_open"),
    [
        ("", datetime(2027, 6, 1, tzinfo=UTC), True),
        ("stop: 2026-12-20", datetime(2027, 1, 2, 23, tzinfo=UTC), True),
        ("stop: 2026-12-20", datetime(2027, 1, 3, tzinfo=UTC), False),
    ],
)
def test_a_test_is_open_until_what_its_last_users_buy_counts_no_more(
    directory: Path, stop: str, at: datetime, *, is_open: bool
) -> None:
    after = "start: 2026-12-01"
    found = written(directory, SECOND.replace(after, f"{after}\n    {stop}"))
    assert found.open_tests(at) - {"holdout"} == ({"strengths"} if is_open else set())
    assert ("holdout" in found.open_tests(at)) == bool(found.policy.holdout.share)
