import math
from dataclasses import replace
from pathlib import Path

import pytest

from tay_middleware.decide.cascade import Cascade, Until
from tay_middleware.decide.model import read_model
from tay_middleware.errors import ConfigurationError, InputError
from tay_middleware.evals.answers import Answer, answer
from tay_middleware.evals.judges import KeywordJudge
from tay_middleware.evals.learned import LiveJudge
from tay_middleware.evals.rows import read_rows
from tay_middleware.evals.statistics import Tally
from tay_middleware.evals.thresholds import Reach, choose, patch, reaches, sweep, with_threshold
from tay_middleware.playbook import Playbook

from .builders import a_row, an_answer, said

DATA = Path(__file__).parents[2] / "evals" / "data"

POLICY = """threshold:
  min_score: 1.2
cascade:
  scorer:                             # the built-in scorer
    threshold: 0.5
  encoder:
    ask_from: 0.02
    threshold: 0.5                    # asked
"""


def scored(*rows: tuple[float, bool], author: str = "a") -> list[Reach]:
    return [
        Reach(a_row(escalate=label, family=str(at), author=author), score)
        for at, (score, label) in enumerate(rows)
    ]


def test_the_best_f1_above_the_floor_is_chosen() -> None:
    rows = scored((0.9, True), (0.8, True), (0.7, False), (0.6, True), (0.2, False))
    assert choose(rows, 0.0).best.threshold == 0.6
    strict = choose(rows, 0.9)
    assert (strict.best.threshold, strict.meets) == (0.8, True)
    assert strict.best.tally == Tally(found=2, false=0, missed=1, passed=2)


def test_where_no_threshold_holds_the_floor_the_most_precise_is_told_as_such() -> None:
    chosen = choose(scored((0.9, False), (0.8, True), (0.7, True)), 0.9)
    assert not chosen.meets
    assert chosen.best.threshold == 0.7


def test_nested_each_author_is_judged_by_the_others() -> None:
    one = scored((0.9, True), (0.8, False), author="a")
    other = scored((0.5, True), (0.4, False), author="b")
    chosen = choose([*one, *other], 0.0)
    assert chosen.by_author == {"a": 0.5, "b": 0.9}
    assert chosen.nested == Tally(found=1, false=1, missed=1, passed=1)


def test_a_closed_gate_stays_closed_at_any_threshold() -> None:
    gated = an_answer(said(confidence=0.99, gates=("minor",)), escalate=False, family="g")
    points = sweep([*scored((0.5, True)), *reaches([gated], [gated])])
    assert [point.tally for point in points] == [Tally(found=1, passed=1)]


def test_what_is_mentioned_where_nothing_reaches_is_mentioned_at_any_threshold() -> None:
    bought = an_answer(said(confidence=0.1, purchase=True), escalate=True)
    failed = [an_answer(None, escalate=label) for label in (True, False)]
    answers = [bought, *failed]
    assert [one.highest for one in reaches(answers, answers)] == [math.inf, -math.inf, math.inf]


@pytest.mark.parametrize("tier", ["keywords", "builtin"])
def test_a_threshold_comes_to_what_the_policy_with_it_comes_to(
    playbook: Playbook, tier: str
) -> None:
    bought = "I just had a baby. How much is the mentorship and where do I sign up?"
    rows = [*read_rows(DATA / "questions_b.jsonl")[:150], a_row(bought, escalate=True)]
    rows.append(replace(rows[-1], id="owner", owned_offers=("mentorship",), escalate=False))

    def judged(rules: Playbook) -> list[Answer]:
        cascade = Cascade(rules, model=read_model())
        judge = LiveJudge("builtin", rules, cascade, Until.SCORER)
        return answer(KeywordJudge(rules) if tier == "keywords" else judge, {"q": rows})

    low, high = (judged(with_threshold(playbook, tier, lowest=one)) for one in (True, False))
    least = (
        playbook.policy.threshold.min_score
        if tier == "keywords"
        else playbook.policy.cascade.scorer.threshold
    )
    really = [one.said for one in judged(playbook)]
    assert [one.highest >= least for one in reaches(low, high)] == really
    assert (really[-2], really[-1]) == (True, False)


def test_rows_that_no_threshold_moves_give_nothing_to_choose() -> None:
    with pytest.raises(InputError, match="no threshold changes anything"):
        choose(scored((math.inf, True), (-math.inf, False)), 0.5)


def test_without_positives_there_is_nothing_to_choose_by() -> None:
    with pytest.raises(InputError):
        choose(scored((0.9, False)), 0.5)


@pytest.mark.parametrize(
    ("tier", "line"),
    [
        ("keywords", "+  min_score: 0.37"),
        ("builtin", "+    threshold: 0.37"),
        ("encoder", "+    threshold: 0.37                   # asked"),
    ],
)
def test_the_patch_changes_one_number_and_is_not_applied(
    tmp_path: Path, tier: str, line: str
) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY)
    lines = patch(path, tier, 0.37).splitlines()
    changed = [one for one in lines if one[0] in "+-" and one[:3] not in {"+++", "---"}]
    assert changed[1:] == [line]
    assert len(changed) == 2
    assert path.read_text() == POLICY


def test_a_policy_without_the_line_is_told(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("threshold: {}\n")
    with pytest.raises(ConfigurationError, match=r"does not write cascade\.scorer\.threshold out"):
        patch(path, "builtin", 0.5)
