"""The built-in tier of the learned scorer: linear models over named features, in plain Python.

Trained and exported by `tay train`. An output adds up two parts: weighted terms (words, pairs of
words, shape, phrases; together of Euclidean length 1, so a long message gathers no score by being
long), and weighted words, which also know words that no label file holds: their weights come from
where the words lie in a pretrained space. The sum is calibrated.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
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

FORMAT = 2
"""Of the model file; one that says another number was written by another version."""


@dataclass(frozen=True, slots=True)
class _Head:
    """What makes a probability of one output's sum: `slope · (sum + bias) + intercept`."""

    bias: float
    slope: float
    intercept: float


MOST_FEATURES = 4095
"""More than a question has, however long it is: `features` reads 700 words."""

Columns = Sequence[Sequence[float]]
"""For each output, in order, the weight of every feature."""


class Model:
    """Linear models that were read from a file; immutable, used from any thread.

    Args:
        terms: names, in the order of the columns of `term_weights` and of `scales`.
        words: the same for `word_weights`.
        heads: the outputs, in order.
    """

    def __init__(
        self,
        terms: Sequence[str],
        scales: Sequence[float],
        term_weights: Columns,
        words: Sequence[str],
        word_weights: Columns,
        heads: Mapping[str, _Head],
    ) -> None:
        # The squares of the scales make the length of what is found: they are added up beside it.
        squares = [scale * scale for scale in scales]
        self._terms = PackedRows([*term_weights, squares], MOST_FEATURES)
        self._words = PackedRows(word_weights, MOST_FEATURES)
        self._by_term = dict(zip(terms, self._terms.rows, strict=True))
        self._by_word = dict(zip(words, self._words.rows, strict=True))
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
        """All outputs before calibration: what scikit-learn calls the decision function."""
        found = list(filter(None, map(self._by_term.get, features.terms)))
        known = list(filter(None, map(self._by_word.get, features.words)))
        *said, squares = self._terms.sums(found)
        length, spread = math.sqrt(squares) or 1.0, math.sqrt(len(known)) or 1.0
        return [
            speaking / length + placed / spread + head.bias
            for speaking, placed, head in zip(
                said, self._words.sums(known), self._heads, strict=True
            )
        ]


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
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ScorerError(f"{source}: no model file of ours: {error!r}") from error


def model_of(content: Mapping[str, Any]) -> Model:
    """The model that the content of a model file describes; weights are whole numbers of `unit`.

    Raises:
        KeyError, TypeError, ValueError: it is no such content.
    """
    heads = {
        name: _Head(float(head["bias"]), float(head["slope"]), float(head["intercept"]))
        for name, head in content["heads"].items()
    }
    if missing := {ESCALATE, ON_TOPIC} - heads.keys():
        raise KeyError(*missing)
    scales = [float(scale) for scale in content["scales"]]
    by_term, by_word = [], []
    for head in content["heads"].values():
        unit = float(head["unit"])
        weights = zip(head["terms"], scales, strict=True)
        by_term.append([whole * unit * scale for whole, scale in weights])
        by_word.append([whole * unit for whole in head["words"]])
    return Model(
        content["terms"],
        scales,
        by_term,
        content["words"],
        by_word,
        heads,
    )
