"""The built-in tier of the learned scorer: a small network over named features, in plain Python.

Trained and exported by `tay train`. Its one hidden layer adds up two parts: weighted terms (words,
pairs of words, shape, phrases; together of Euclidean length 1, so a long message gathers no score
by being long), and words, which also know what no label file holds: their rows come from where the
words lie in a pretrained space. All outputs read the same hidden layer; each is calibrated.
"""

import json
import zlib
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from math import dist, sqrt
from operator import itemgetter, mul
from pathlib import Path
from typing import Any

from tay_middleware.decide.features import Features
from tay_middleware.decide.opinion import ESCALATE, ON_TOPIC, Opinion, Outputs, probability
from tay_middleware.decide.packed import Packing
from tay_middleware.errors import ScorerError

FORMAT = 3
"""Of the model file; one that says another number was written by another version."""

SCALE_UNIT = 1 / 16
"""Scales of terms are whole numbers of it."""


@dataclass(frozen=True, slots=True)
class _Head:
    """What makes a probability of an output: `slope · (weights · hidden + bias) + intercept`."""

    weights: tuple[float, ...]
    bias: float
    slope: float
    intercept: float


@dataclass(frozen=True, slots=True)
class _Hidden:
    """Of every hidden unit: its bias, and what one of its whole numbers is worth in either part."""

    bias: tuple[float, ...]
    term_units: tuple[float, ...]
    word_units: tuple[float, ...]


class Model:
    """A network that was read from a file; immutable, used from any thread.

    Args:
        rows: what each term and word adds to the hidden layer (see `_rows`).
        packing: how these rows are packed.
        hidden: what the numbers of a row are worth.
        heads: the outputs, in order.
    """

    def __init__(
        self,
        rows: Mapping[str, int],
        packing: Packing,
        hidden: _Hidden,
        heads: Mapping[str, _Head],
    ) -> None:
        self._rows, self._packing, self._hidden = rows, packing, hidden
        self._heads = tuple(heads.values())
        self._squares = [sum(map(mul, head.weights, head.weights)) for head in self._heads]
        self._outputs = Outputs(heads)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of its outputs, in order."""
        return self._outputs.names

    @property
    def offers(self) -> tuple[str, ...]:
        """The offers that it has learned."""
        return self._outputs.offers

    def judge(self, features: Features) -> Opinion:
        """What the features of a question (see `features`) speak for."""
        scored = zip(self._heads, self.scores(features), strict=True)
        return self._outputs.opinion(
            [probability(head.slope * score + head.intercept) for head, score in scored]
        )

    def scores(self, features: Features) -> list[float]:
        """All outputs before calibration: what scikit-learn's network predicts."""
        hidden = self._units(features)
        square = sum(map(mul, hidden, hidden))
        # w·h = (|w|² + |h|² - |w - h|²) / 2: `dist` takes a third of the time of adding products.
        return [
            (own + square - dist(head.weights, hidden) ** 2) / 2 + head.bias
            for head, own in zip(self._heads, self._squares, strict=True)
        ]

    def _units(self, features: Features) -> tuple[float, ...]:
        """The hidden layer; the words of a question are among its terms."""
        found = list(filter(None, map(self._rows.get, features.terms)))
        sums, hidden = self._packing.sums(found), self._hidden
        width = len(hidden.bias)
        length, spread = sqrt(sums[width]) * SCALE_UNIT or 1.0, sqrt(sums[-1]) or 1.0
        reached = [
            terms * of_terms / length + words * of_words / spread + bias
            for terms, of_terms, words, of_words, bias in zip(
                sums[:width],
                hidden.term_units,
                sums[width + 1 : -1],
                hidden.word_units,
                hidden.bias,
                strict=True,
            )
        ]
        return tuple([unit if unit > 0 else 0.0 for unit in reached])


def read_model(path: Path | None = None) -> Model:
    """Read a model file; without a path the one inside the package.

    Raises:
        ScorerError: it cannot be read, or was written by another version.
    """
    source = path or files("tay_middleware.decide") / "model.json"
    try:
        found = json.loads(source.read_bytes())
        if found["format"] != FORMAT:
            raise ScorerError(
                f"{source}: a model of format {found['format']}, this version reads {FORMAT}; "
                "train it again: tay train"
            )
        return model_of(found)
    except (OSError, ValueError, KeyError, TypeError, zlib.error) as error:
        raise ScorerError(f"{source}: no model file of ours: {error!r}") from error


def model_of(content: Mapping[str, Any]) -> Model:
    """The model that the content of a model file describes.

    Raises:
        KeyError, TypeError, ValueError, zlib.error: it is no such content.
    """
    heads = {
        name: _Head(
            tuple(map(float, head["weights"])),
            float(head["bias"]),
            float(head["slope"]),
            float(head["intercept"]),
        )
        for name, head in content["heads"].items()
    }
    if missing := {ESCALATE, ON_TOPIC} - heads.keys():
        raise KeyError(*missing)
    told = content["hidden"]
    hidden = _Hidden(
        *(tuple(map(float, told[name])) for name in ("bias", "term_units", "word_units"))
    )
    width = len(hidden.bias)
    if any(len(head.weights) != width for head in heads.values()):
        raise ValueError(f"an output does not read {width} hidden units")
    packing = Packing(width)
    return Model(_rows(content, packing, width), packing, hidden, heads)


def _rows(content: Mapping[str, Any], packing: Packing, width: int) -> dict[str, int]:
    """Row by name: in its first half what it adds as a term, in its second what as a plain word."""
    terms, words, told = content["terms"], content["words"], content["hidden"]
    squares = (int(scale) ** 2 for scale in content["scales"])
    as_terms = zip(squares, terms, _numbers(told["terms"], width, len(terms)), strict=True)
    # Common terms have small scales. Side by side in memory they are looked up in less time.
    common_first = sorted(as_terms, key=itemgetter(0))
    rows = {term: packing.first(row, square) for square, term, row in common_first}
    for word, row in zip(words, _numbers(told["words"], width, len(words)), strict=True):
        rows[word] = rows.get(word, 0) + packing.second(row, 1)
    return rows


def _numbers(packed: str, width: int, count: int) -> Iterator[list[int]]:
    """Rows of signed bytes, `width` in each, that were packed and told as text."""
    numbers = memoryview(zlib.decompress(b64decode(packed, validate=True))).cast("b").tolist()
    if len(numbers) != width * count:
        raise ValueError(f"{len(numbers)} numbers where {count} rows of {width} belong")
    return (numbers[at : at + width] for at in range(0, len(numbers), width))
