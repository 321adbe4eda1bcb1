import numpy as np
import pytest

from tay_middleware.decide.opinion import probability
from tay_middleware.errors import ConfigurationError
from tay_middleware.training.calibration import Scored, calibrations
from tay_middleware.training.examples import OUTPUTS, Example
from tay_middleware.training.folds import folds_of, out_of_fold
from tests.training.examples import an_example, some_examples


def test_no_author_is_scored_by_a_scorer_that_saw_them() -> None:
    examples = some_examples()

    def score(name: str, learn: list[Example], held: list[Example]) -> np.ndarray:
        del name
        assert not {e.author for e in learn} & {e.author for e in held}
        return np.zeros((len(held), len(OUTPUTS)))

    scored = out_of_fold(examples, folds_of(examples, least_positives=10), score)
    assert not np.isnan(scored.scores).any()
    assert set(scored.fold_of) == {0, 1, 2}


def test_an_author_without_enough_positives_rides_along_with_another() -> None:
    examples = [*some_examples(), an_example(999, author="z", escalate=False)]
    folds = folds_of(examples, least_positives=10)
    assert len(folds) == 3
    assert [fold for fold in folds if "z" in fold.held_out and len(fold.held_out) == 2]


@pytest.mark.parametrize(
    ("examples", "most"),
    [
        ([an_example(n) for n in range(12)], None),
        ([an_example(n, author=author) for author in ("a", "b") for n in range(3)], None),
        (some_examples(), 1),
    ],
    ids=["one author", "too few positives", "all left out at once"],
)
def test_what_cannot_be_split_by_author_is_refused_with_what_it_lacks(
    examples: list[Example], most: int | None
) -> None:
    with pytest.raises(ConfigurationError, match="two of them with 10 rows that escalate each"):
        folds_of(examples, least_positives=10, most=most)


def test_calibration_makes_overconfident_scores_probabilities() -> None:
    examples = [an_example(n, escalate=n % 4 == 0) for n in range(400)]
    scores = np.full((400, len(OUTPUTS)), np.nan)
    scores[:, 0] = [9.0 if e.escalate or n % 8 == 1 else -9.0 for n, e in enumerate(examples)]
    found = calibrations(Scored(OUTPUTS, scores, np.zeros(400, int)), examples)
    slope, intercept = found["escalate"]
    assert probability(9 * slope + intercept) == pytest.approx(2 / 3, abs=0.02)
    assert found["offer.course"] == (1.0, 0.0)
    assert found["gate.minor"] == (1.0, 0.0)
