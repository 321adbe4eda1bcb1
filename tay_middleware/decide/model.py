"""The built-in tier of the learned scorer: a small network over named features, in plain Python.

Trained and exported by `tay train`. Its one hidden layer adds up two parts: weighted terms (words,
pairs of words, shape, phrases; together of Euclidean length 1, so a long message gathers no score
by being long), and words, which also know what no label file holds: their rows come from where the
words lie in a pretrained space. All outputs read the same hidden layer; each is calibrated.
"""

import json
import math
import zlib
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from operator import mul
from pathlib import Path
from typing import Any

from tay_middleware.decide.features import Features
from tay_middleware.decide.opinion import (
    ESCALATE,
    OFFER,
    ON_TOPIC,
    Opinion,
    opinion_of,
    probability,
)
from tay_middleware.decide.packed import PackedRows
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
        terms: names, and for each the row of its whole numbers, then the square of its scale.
        words: names with their rows.
        hidden: what the numbers of a row are worth.
        heads: the outputs, in order.
    """

    def __init__(
        self,
        terms: tuple[Sequence[str], PackedRows],
        words: tuple[Sequence[str], PackedRows],
        hidden: _Hidden,
        heads: Mapping[str, _Head],
    ) -> None:
        (term_names, self._terms), (word_names, self._words) = terms, words
        self._by_term = dict(zip(term_names, self._terms.rows, strict=True))
        self._by_word = dict(zip(word_names, self._words.rows, strict=True))
        self._hidden = hidden
        self._heads = tuple(heads.values())
        self._outputs = tuple(heads)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of its outputs, in order."""
        return self._outputs

    @property
    def offers(self) -> tuple[str, ...]:
        """The offers that it has learned."""
        return tuple(name.removeprefix(OFFER) for name in self._outputs if name.startswith(OFFER))

    def judge(self, features: Features) -> Opinion:
        """What the features of a question (see `features`) speak for."""
        chances = {
            name: probability(head.slope * score + head.intercept)
            for name, head, score in zip(
                self._outputs, self._heads, self.scores(features), strict=True
            )
        }
        return opinion_of(chances)

    def scores(self, features: Features) -> list[float]:
        """All outputs before calibration: what scikit-learn's network predicts."""
        found = list(filter(None, map(self._by_term.get, features.terms)))
        known = list(filter(None, map(self._by_word.get, features.words)))
        *said, squares = self._terms.sums(found)
        length, spread = math.sqrt(squares) * SCALE_UNIT or 1.0, math.sqrt(len(known)) or 1.0
        units = self._hidden
        hidden = [
            max(0.0, terms * of_terms / length + words * of_words / spread + bias)
            for terms, of_terms, words, of_words, bias in zip(
                said,
                units.term_units,
                self._words.sums(known),
                units.word_units,
                units.bias,
                strict=True,
            )
        ]
        return [sum(map(mul, head.weights, hidden)) + head.bias for head in self._heads]


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
    width, terms, words = len(hidden.bias), content["terms"], content["words"]
    if any(len(head.weights) != width for head in heads.values()):
        raise ValueError(f"an output does not read {width} hidden units")
    squares = (int(scale) ** 2 for scale in content["scales"])
    term_rows = zip(_rows(told["terms"], width, len(terms)), squares, strict=True)
    return Model(
        (terms, PackedRows(((*row, square) for row, square in term_rows), width + 1)),
        (words, PackedRows(_rows(told["words"], width, len(words)), width)),
        hidden,
        heads,
    )


def _rows(packed: str, width: int, count: int) -> Iterator[list[int]]:
    """Rows of signed bytes, `width` in each, that were packed and told as text."""
    numbers = memoryview(zlib.decompress(b64decode(packed, validate=True))).cast("b").tolist()
    if len(numbers) != width * count:
        raise ValueError(f"{len(numbers)} numbers where {count} rows of {width} belong")
    return (numbers[at : at + width] for at in range(0, len(numbers), width))
