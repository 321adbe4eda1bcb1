import pytest

from tay_middleware.errors import InputError
from tay_middleware.evals.baseline import make_baseline
from tay_middleware.evals.compare import compare
from tay_middleware.evals.statistics import Tally, mcnemar, paired_bootstrap

from .builders import a_run

M = "mentorship"


def test_flips_are_listed_by_the_side_they_fell_on() -> None:
    labels = [True, True, False, False]
    before = a_run({"a": [M, None, None, M]}, labels)
    after = a_run({"a": [M, M, M, M]}, labels)
    found = compare(before, after, "a", "a")
    assert [(flip.key, flip.before, flip.after) for flip in found.won] == [("q/r1", None, M)]
    assert [(flip.key, flip.before, flip.after) for flip in found.lost] == [("q/r2", None, M)]
    assert (found.rows, found.left_out, found.p, found.same_data) == (4, 0, 1.0, True)


def test_two_tiers_of_one_run_can_be_compared() -> None:
    run = a_run({"a": [None] * 8, "b": [M] * 8}, [True] * 8)
    found = compare(run, run, "a", "b")
    assert (len(found.won), len(found.lost)) == (8, 0)
    assert found.p == pytest.approx(2 / 2**8)
    assert found.f1 is not None
    assert found.f1.value == 1.0


def test_rows_that_only_one_run_has_or_whose_label_changed_are_left_out() -> None:
    found = compare(
        a_run({"a": [M, M, M]}, [True, True, True]),
        a_run({"a": [M, M]}, [True, False], data="other"),
        "a",
        "a",
    )
    assert (found.rows, found.left_out, found.same_data) == (1, 2, False)


def test_a_tier_that_is_not_there_is_told() -> None:
    run = a_run({"a": [M]}, [True])
    with pytest.raises(InputError, match="'b'"):
        compare(run, run, "b", "a")


def test_a_baseline_keeps_enough_to_be_compared_with() -> None:
    labels = [True, True, False, False]
    before = a_run({"a": [M, None, "course", None]}, labels)
    after = a_run({"a": [M, M, None, None]}, labels)
    baseline = make_baseline(before, [])
    assert baseline.tiers["a"].wrong == {"q/r1": None, "q/r2": "course"}
    found = compare(baseline.as_run(after), after, "a", "a")
    assert ({flip.key for flip in found.won}, found.lost) == ({"q/r1", "q/r2"}, ())


def test_a_baseline_takes_a_right_row_without_a_labelled_offer_for_right() -> None:
    run = a_run({"a": [M, None]}, [True, False])
    rows = [row.model_copy(update={"offer": None}) for row in run.rows]
    bare = run.model_copy(update={"rows": rows})
    found = compare(make_baseline(bare, []).as_run(bare), bare, "a", "a")
    assert (found.won, found.lost) == ((), ())


@pytest.mark.parametrize(
    ("lost", "won", "p"), [(0, 0, 1.0), (5, 5, 1.0), (0, 6, 0.03125), (1, 9, 0.021484375)]
)
def test_mcnemar_is_exact(lost: int, won: int, p: float) -> None:
    assert mcnemar(lost, won) == pytest.approx(p)


def test_a_paired_difference_of_equal_runs_is_nothing_for_sure() -> None:
    families = {str(at): (Tally(found=at % 2, missed=1),) * 2 for at in range(30)}
    found = paired_bootstrap(families, lambda tally: tally.f1)
    assert found is not None
    assert (found.value, found.interval.low, found.interval.high) == (0.0, 0.0, 0.0)


def test_pairing_narrows_what_two_separate_intervals_would_say() -> None:
    families = {
        str(at): (Tally(found=at % 2, missed=1 - at % 2), Tally(found=1)) for at in range(60)
    }
    found = paired_bootstrap(families, lambda tally: tally.recall)
    assert found is not None
    assert found.value == 0.5
    assert 0.3 < found.interval.low < 0.5 < found.interval.high < 0.7
