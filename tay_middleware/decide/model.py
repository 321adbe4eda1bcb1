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
from tay_middleware.errors import ConfigurationError

FORMAT = 2
"""Of the model file; one that says another number was written by another version."""


@dataclass(frozen=True, slots=True)
class _Head:
    """What makes a probability of one output's sum: `slope · (sum + bias) + intercept`."""

    bias: float
    slope: float
    intercept: float


Rows = Sequence[tuple[float, ...]]
"""For each feature its weight in every output, in the order of the outputs: one look a feature."""


class Model:
    """Linear models that were read from a file; immutable, used from any thread.

    Args:
        terms: name → place in `term_rows`; the square of a term's scale is in `squares`.
        words: word → place in `word_rows`.
        heads: the outputs, in order.
    """

    def __init__(
        self,
        terms: Mapping[str, int],
        squares: Sequence[float],
        term_rows: Rows,
        words: Mapping[str, int],
        word_rows: Rows,
        heads: Mapping[str, _Head],
    ) -> None:
        self._terms, self._squares, self._term_rows = terms, squares, term_rows
        self._words, self._word_rows = words, word_rows
        self._heads = tuple(heads.values())
        self._outputs = tuple(heads)
        self._nothing = (0.0,) * len(heads)

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
        terms, words = self._terms, self._words
        found = [terms[name] for name in features.terms if name in terms]
        known = [words[name] for name in features.words if name in words]
        length = math.sqrt(sum([self._squares[at] for at in found])) or 1.0
        spread = math.sqrt(len(known)) or 1.0
        return [
            said / length + placed / spread + head.bias
            for said, placed, head in zip(
                self._sums(self._term_rows, found),
                self._sums(self._word_rows, known),
                self._heads,
                strict=True,
            )
        ]

    def _sums(self, rows: Rows, places: Sequence[int]) -> Sequence[float]:
        if not places:
            return self._nothing
        return list(map(sum, zip(*[rows[at] for at in places], strict=True)))


def read_model(path: Path | None = None) -> Model:
    """Read a model file; without a path the one inside the package.

    Raises:
        ConfigurationError: it cannot be read, or was written by another version.
    """
    source = path or files("tay_middleware.decide") / "model.json"
    try:
        found = json.loads(source.read_bytes())
        if found["format"] != FORMAT:
            raise ConfigurationError(
                f"{source}: a model of format {found['format']}, this version reads {FORMAT}; "
                "train it again: tay train"
            )
        return model_of(found)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{source}: no model file of ours: {error!r}") from error


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
        rows = zip(head["terms"], scales, strict=True)
        by_term.append([whole * unit * scale for whole, scale in rows])
        # Equal weights are one object: one in fifty is left, which the processor's cache holds.
        shared = {whole: whole * unit for whole in head["words"]}
        by_word.append([shared[whole] for whole in head["words"]])
    return Model(
        {term: at for at, term in enumerate(content["terms"])},
        [scale * scale for scale in scales],
        list(zip(*by_term, strict=True)),
        {word: at for at, word in enumerate(content["words"])},
        list(zip(*by_word, strict=True)),
        heads,
    )
