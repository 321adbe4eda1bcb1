"""The network of the built-in tier: its gradients, what it learns and what it leaves alone."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from tay_middleware.training.network import Lessons, Study, gradients_of, learn

STUDY = Study(
    hidden=8,
    epochs=200,
    learning_rate=0.02,
    weight_decay=0.0,
    dropout=0.0,
    blank_share=0.0,
    smoothing=0.0,
    seed=3,
)
EITHER = np.array([[1, 0], [0, 1], [1, 1], [0, 0]] * 16, np.float32)
"""Two terms, in every way that they can stand together."""


def lessons(terms: np.ndarray, targets: np.ndarray) -> Lessons:
    return Lessons(
        sparse.csr_matrix(terms.astype(np.float32)),
        np.ones((len(terms), 2), np.float32),
        targets.astype(np.float32),
        np.ones(targets.shape, np.float32),
    )


def said(rows: Lessons, study: Study = STUDY) -> np.ndarray:
    """The chances of every output after learning."""
    net = learn(rows, study)
    hidden = np.maximum(0, rows.terms @ net.terms + rows.places @ net.places + net.bias)
    chances: np.ndarray = 1 / (1 + np.exp(-(hidden @ net.out + net.out_bias)))
    return chances


def loss(rows: Lessons, weights: list[np.ndarray], smoothing: float) -> float:
    terms, places, bias, out, out_bias = weights
    hidden = np.maximum(0, rows.terms @ terms + rows.places @ places + bias)
    scores = hidden @ out + out_bias
    wanted = np.nan_to_num(rows.targets) * (1 - smoothing) + smoothing / 2
    each = np.logaddexp(0, scores) - wanted * scores
    each = np.where(np.isnan(rows.targets), 0, each) * rows.weights
    return float(each.sum() / len(each))


@pytest.mark.parametrize("smoothing", [0.0, 0.25])
def test_gradients_are_those_of_the_loss(smoothing: float) -> None:
    draw = np.random.default_rng(1)
    targets = draw.integers(0, 2, (64, 3)).astype(np.float32)
    targets[::5, 1] = np.nan
    rows = replace(lessons(EITHER, targets), weights=draw.random((64, 3), dtype=np.float32))
    net = learn(rows, replace(STUDY, epochs=2))
    found = gradients_of(net, rows, replace(STUDY, smoothing=smoothing), draw)
    weights = [one.astype(np.float64) for one in net.weights]
    for at, gradient in enumerate(found):
        for place in np.ndindex(weights[at].shape):
            moved = []
            for step in (1e-6, -1e-6):
                changed = [one.copy() for one in weights]
                changed[at][place] += step
                moved.append(loss(rows, changed, smoothing))
            slope = (moved[0] - moved[1]) / 2e-6
            assert gradient[place] == pytest.approx(slope, abs=2e-5)


def test_what_two_terms_say_together_is_learned() -> None:
    one_of_them = (EITHER.sum(axis=1, keepdims=True) == 1).astype(np.float32)
    chances = said(lessons(EITHER, one_of_them))
    assert np.abs(chances - one_of_them).max() < 0.1  # no line parts these


def test_a_row_that_says_nothing_of_an_output_teaches_it_nothing() -> None:
    targets = np.stack([EITHER[:, 0], EITHER[:, 0]], axis=1)
    targets[EITHER[:, 1] == 1, 1] = np.nan
    wrong = targets.copy()
    wrong[EITHER[:, 1] == 1, 1] = 1 - EITHER[EITHER[:, 1] == 1, 0]
    silent = replace(lessons(EITHER, wrong), weights=(~np.isnan(targets)).astype(np.float32))
    assert said(lessons(EITHER, targets)) == pytest.approx(said(silent), abs=1e-4)


def test_the_same_lessons_and_study_give_the_same_and_tell_how_far_they_are() -> None:
    rows = lessons(EITHER, EITHER)
    study, shares = replace(STUDY, epochs=3, dropout=0.5, blank_share=0.3), list[float]()
    first, second = learn(rows, study, shares.append), learn(rows, study)
    for one, other in zip(first.weights, second.weights, strict=True):
        assert np.array_equal(one, other)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    other_seed = learn(rows, replace(study, seed=4))
    assert not np.array_equal(first.out, other_seed.out)


def test_weights_that_decay_stay_smaller() -> None:
    rows = lessons(EITHER, EITHER)
    free, kept = learn(rows, STUDY), learn(rows, replace(STUDY, weight_decay=5.0))
    assert np.abs(kept.terms).max() < np.abs(free.terms).max()


def test_smoothed_labels_make_nothing_sure() -> None:
    chances = said(lessons(EITHER, EITHER), replace(STUDY, smoothing=0.25))
    assert chances == pytest.approx(np.where(EITHER == 1, 0.875, 0.125), abs=0.02)
