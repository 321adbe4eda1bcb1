"""The network of the built-in tier, and how it learns: one hidden layer over terms and places.

    hidden = max(0, terms · T + places · P + b)        outputs = hidden · O + c

A deep averaging network (Iyyer et al. 2015) with one layer: at run time it is a sum of rows and a
few hundred products. Terms are blanked at random while it learns, as they did with words. Learned
by gradients of the logistic loss with smoothed labels (Szegedy et al. 2016, section 7), which keep
it from being sure of a few words, with AdamW (Loshchilov and Hutter 2019), a warm-up, then half a
cosine. No library learns this one without a framework of half a gigabyte: scikit-learn's networks
know neither dropout nor rows that say nothing of an output.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

_FIRST_DECAY, _SECOND_DECAY, _LEAST = 0.9, 0.999, 1e-8
"""Of Adam's moments, and what keeps a division from zero."""

_WARM_UP = 0.1
_MOST_ROWS, _LEAST_ROWS, _LEAST_BATCHES = 256, 16, 32
"""Rows in a batch; fewer rows in all make smaller ones, so that there are steps to learn by."""


@dataclass(frozen=True, slots=True)
class Lessons:
    """Rows to learn from.

    Attributes:
        terms: weighted terms, shape (rows, terms).
        places: where the words of a row lie, shape (rows, width).
        targets: 0 or 1, NaN where a row says nothing of an output; shape (rows, outputs).
        weights: what each of them counts, same shape.
    """

    terms: sparse.csr_matrix
    places: np.ndarray
    targets: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True, slots=True)
class Study:
    """How it is learned; rates and shares as in `builtin.Recipe`."""

    hidden: int
    epochs: int
    learning_rate: float
    weight_decay: float
    dropout: float
    blank_share: float
    smoothing: float
    seed: int


@dataclass(slots=True)
class Network:
    """The weights, in single precision.

    Attributes:
        terms: shape (terms, hidden).
        places: shape (width, hidden).
        bias: shape (hidden,).
        out: shape (hidden, outputs).
        out_bias: shape (outputs,).
    """

    terms: np.ndarray
    places: np.ndarray
    bias: np.ndarray
    out: np.ndarray
    out_bias: np.ndarray

    @property
    def weights(self) -> tuple[np.ndarray, ...]:
        """All of them, in order."""
        return self.terms, self.places, self.bias, self.out, self.out_bias


def learn(
    lessons: Lessons, study: Study, progress: Callable[[float], None] = lambda _: None
) -> Network:
    """A network that was fitted to the lessons; the same lessons and study give the same.

    `progress` is called with the share that is done.
    """
    draw = np.random.default_rng(study.seed)
    network = _unlearned(lessons, study.hidden, draw)
    optimizer = _AdamW(network, study.weight_decay)
    rows = lessons.targets.shape[0]
    size = min(_MOST_ROWS, max(_LEAST_ROWS, rows // _LEAST_BATCHES))
    steps = study.epochs * -(-rows // size)
    for step, places in enumerate(_batches(rows, size, study.epochs, draw)):
        gradients = gradients_of(network, _blanked(lessons, places, study, draw), study, draw)
        optimizer.step(gradients, study.learning_rate * _slope(step, steps))
        progress((step + 1) / steps)
    return network


def gradients_of(
    network: Network, lessons: Lessons, study: Study, draw: np.random.Generator
) -> tuple[np.ndarray, ...]:
    """The gradient of the mean loss of a row by each of the weights, in their order."""
    inner = lessons.terms @ network.terms + lessons.places @ network.places + network.bias
    kept = (draw.random(inner.shape, dtype=np.float32) >= study.dropout) / (1 - study.dropout)
    open_ = (kept * (inner > 0)).astype(np.float32)
    hidden = inner * open_
    said = hidden @ network.out + network.out_bias
    chance = 1 / (1 + np.exp(-np.clip(said, -30, 30)))
    known = ~np.isnan(lessons.targets)
    wanted = np.nan_to_num(lessons.targets) * (1 - study.smoothing) + study.smoothing / 2
    wrong = np.where(known, chance - wanted, 0) * lessons.weights
    wrong = (wrong / len(wrong)).astype(np.float32)
    back = (wrong @ network.out.T) * open_
    return (
        lessons.terms.T @ back,
        lessons.places.T @ back,
        back.sum(axis=0),
        hidden.T @ wrong,
        wrong.sum(axis=0),
    )


def _unlearned(lessons: Lessons, hidden: int, draw: np.random.Generator) -> Network:
    def drawn(rows: int, columns: int, spread: float) -> np.ndarray:
        return draw.standard_normal((rows, columns), dtype=np.float32) * np.float32(spread)

    outputs = lessons.targets.shape[1]
    return Network(
        terms=drawn(lessons.terms.shape[1], hidden, 0.05),
        places=drawn(lessons.places.shape[1], hidden, 0.1),
        bias=np.zeros(hidden, np.float32),
        out=drawn(hidden, outputs, 0.1),
        out_bias=np.zeros(outputs, np.float32),
    )


def _batches(rows: int, size: int, epochs: int, draw: np.random.Generator) -> Iterator[np.ndarray]:
    for _ in range(epochs):
        order = draw.permutation(rows)
        for first in range(0, rows, size):
            yield order[first : first + size]


def _blanked(
    lessons: Lessons, rows: np.ndarray, study: Study, draw: np.random.Generator
) -> Lessons:
    """Some rows, with a share of their terms taken away and the others made up for it."""
    terms = lessons.terms[rows]
    kept = draw.random(len(terms.data), dtype=np.float32) >= study.blank_share
    terms.data *= kept / np.float32(1 - study.blank_share)
    return Lessons(terms, lessons.places[rows], lessons.targets[rows], lessons.weights[rows])


def _slope(step: int, steps: int) -> float:
    first = max(1, round(_WARM_UP * steps))
    if step < first:
        return (step + 1) / first
    return (1 + math.cos(math.pi * (step - first) / max(1, steps - first))) / 2


class _AdamW:
    """Adam with a decay of the terms' weights that is apart from their gradients."""

    def __init__(self, network: Network, weight_decay: float) -> None:
        self._weights, self._decay = network.weights, weight_decay
        self._first = [np.zeros_like(one) for one in self._weights]
        self._second = [np.zeros_like(one) for one in self._weights]
        self._steps = 0

    def step(self, gradients: tuple[np.ndarray, ...], rate: float) -> None:
        """Move the weights, in place."""
        self._steps += 1
        self._weights[0].__imul__(np.float32(1 - rate * self._decay))
        near = math.sqrt(1 - _SECOND_DECAY**self._steps)
        length = np.float32(rate * near / (1 - _FIRST_DECAY**self._steps))
        for at, gradient in enumerate(gradients):
            first, second = self._first[at], self._second[at]
            np.add(first * _FIRST_DECAY, gradient * (1 - _FIRST_DECAY), out=first)
            np.add(second * _SECOND_DECAY, gradient * gradient * (1 - _SECOND_DECAY), out=second)
            self._weights[at].__isub__(
                length * first / (np.sqrt(second) + np.float32(_LEAST * near))
            )
