"""Training the built-in tier: a small network over terms, shared by all outputs.

Words are also placed by a pretrained space (MiniLM's token vectors): the network learns on their
mean, and because its first layer is linear that folds into one row a word, for words never seen in
training too. It learns from more terms than are kept; the rows of the first layer are rounded to
whole numbers of a unit *in the fitted model itself* before they are written, so that the file stays
small and what it says equals what scikit-learn says of the same weights.
"""

import base64
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neural_network import MLPRegressor

from tay_middleware.decide.features import Features
from tay_middleware.decide.model import FORMAT, SCALE_UNIT
from tay_middleware.decide.opinion import ESCALATE, GATE, OFFER, ON_TOPIC
from tay_middleware.errors import ConfigurationError
from tay_middleware.training.base import Base
from tay_middleware.training.calibration import label_of
from tay_middleware.training.examples import OUTPUTS, Example
from tay_middleware.training.network import Lessons, Network, Study, learn

_DIGITS = 6

_UNITS = 63
"""The largest weight of a hidden unit is so many of its units: six bits and a sign are enough."""

_PLACED_WORDS = 14_000
"""Words with a place: those among the most frequent tokens of the pretrained vocabulary."""

_LOUDNESS = 4.0
"""Terms of length 1 together say too little beside the places: a factor, folded into the rows."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that shapes a training run beside its rows."""

    learned_terms: int = 60_000
    most_terms: int = 30_000
    least_examples: int = 10
    hidden: int = 32
    epochs: int = 12
    learning_rate: float = 6e-3
    weight_decay: float = 0.3
    dropout: float = 0.5
    blank_share: float = 0.3
    smoothing: float = 0.25
    placing: float = 0.6
    off_topic_weight: float = 0.2
    gated_weight: float = 0.1
    unsaid_weight: float = 0.3
    history_weight: float = 0.2
    seed: int = 20_261_125

    @property
    def study(self) -> Study:
        """How the network learns."""
        return Study(
            self.hidden,
            self.epochs,
            self.learning_rate,
            self.weight_decay,
            self.dropout,
            self.blank_share,
            self.smoothing,
            self.seed,
        )

    def described(self) -> dict[str, float]:
        """As it stands in a model card."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Space:
    """Words and their unit vectors, shape (words, width)."""

    words: list[str]
    vectors: np.ndarray


def load_space(base: Base) -> Space:
    """The whole words of the pretrained vocabulary with their token vectors, centred."""
    from safetensors.numpy import load_file  # noqa: PLC0415 - only training needs the base weights

    tokens = base.vocabulary.read_text(encoding="utf-8").split("\n")[:_PLACED_WORDS]
    whole = [at for at, token in enumerate(tokens) if token.isascii() and token.isalpha()]
    vectors = load_file(base.weights)["embeddings.word_embeddings.weight"][whole]
    vectors = vectors - vectors.mean(axis=0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Space([tokens[at] for at in whole], vectors.astype(np.float64))


@dataclass(frozen=True, slots=True)
class Rounded:
    """The first layer as whole numbers of a unit for each hidden unit.

    Attributes:
        terms: shape (terms, hidden), of a term's weight times its scale.
        words: shape (words, hidden).
        term_units: shape (hidden,); `word_units` likewise.
    """

    terms: np.ndarray
    words: np.ndarray
    term_units: np.ndarray
    word_units: np.ndarray


@dataclass(frozen=True, slots=True)
class Fitted:
    """Fitted vectorizers, and the network over terms, then words, as scikit-learn keeps one.

    `outputs` are the names of what it says, in order.
    """

    terms: TfidfVectorizer
    words: TfidfVectorizer
    network: MLPRegressor
    outputs: tuple[str, ...]
    rounded: Rounded

    def scores(self, features: Sequence[Features]) -> dict[str, np.ndarray]:
        """Every output before calibration, by scikit-learn itself."""
        matrix = sparse.hstack(
            [
                self.terms.transform([one.terms for one in features]),
                self.words.transform([one.words for one in features]),
            ]
        ).tocsr()
        return dict(zip(self.outputs, self.network.predict(matrix).T, strict=True))


def fit(
    examples: Sequence[Example],
    features: Sequence[Features],
    space: Space,
    recipe: Recipe,
    progress: Callable[[float], None] = lambda _: None,
) -> Fitted:
    """Fit all outputs on `examples`; each learns from the rows that say something about it.

    Raises:
        ConfigurationError: there are too few rows for what every opinion needs.
    """
    targets = np.array([_targets(example) for example in examples], dtype=np.float32)
    learned = _learned(targets, recipe)
    _check([OUTPUTS[at] for at in learned], recipe)
    names = _commonest([one.terms for one in features], recipe.learned_terms)
    terms, found = _seen(features, names)
    words = TfidfVectorizer(
        analyzer=_as_is, vocabulary=space.words, binary=True, use_idf=False, lowercase=False
    )
    bags = words.fit_transform([one.words for one in features])
    lessons = Lessons(
        (found * _LOUDNESS).astype(np.float32),
        (bags @ space.vectors * recipe.placing).astype(np.float32),
        targets[:, learned],
        np.array([_weights(example, recipe) for example in examples], np.float32)[:, learned],
    )
    network = learn(lessons, recipe.study, progress)
    kept = _weightiest(network.terms, found, recipe.most_terms)
    names = terms.get_feature_names_out()[kept]
    terms = _vectorizer(list(names), terms.idf_[kept])
    return _fitted(terms, words, network, kept, space, recipe, [OUTPUTS[at] for at in learned])


def exported(
    fitted: Fitted, calibration: Mapping[str, tuple[float, float]], about: Mapping[str, Any]
) -> dict[str, Any]:
    """The model file's content; see `decide.model.read_model`."""
    rounded, network = fitted.rounded, fitted.network
    heads = {
        name: {
            "weights": network.coefs_[1][:, at].tolist(),
            "bias": float(network.intercepts_[1][at]),
            "slope": round(calibration[name][0], _DIGITS),
            "intercept": round(calibration[name][1], _DIGITS),
        }
        for at, name in enumerate(fitted.outputs)
    }
    return {
        "format": FORMAT,
        "about": dict(about),
        "terms": list(fitted.terms.get_feature_names_out()),
        "scales": [round(float(scale) / SCALE_UNIT) for scale in fitted.terms.idf_],
        "words": list(fitted.words.get_feature_names_out()),
        "hidden": {
            "bias": network.intercepts_[0].tolist(),
            "term_units": rounded.term_units.tolist(),
            "word_units": rounded.word_units.tolist(),
            "terms": _told(rounded.terms),
            "words": _told(rounded.words),
        },
        "heads": heads,
    }


def _told(whole: np.ndarray) -> str:
    """Whole numbers, a signed byte each, row by row: packed, and as text."""
    return base64.b64encode(zlib.compress(whole.astype(np.int8).tobytes(), 9)).decode("ascii")


def _commonest(named: Sequence[Sequence[str]], most: int) -> list[str]:
    """The terms of most rows: rarer ones would make the file long and the fit no better."""
    rows = Counter(term for terms in named for term in terms)
    return sorted(sorted(rows, key=lambda term: (-rows[term], term))[:most])


def _seen(
    features: Sequence[Features], names: Sequence[str]
) -> tuple[TfidfVectorizer, sparse.csr_matrix]:
    """A vectorizer of these terms with scales of whole units, and what it finds in the rows."""
    plain = TfidfVectorizer(analyzer=_as_is, vocabulary=names, binary=True, lowercase=False)
    plain.fit([one.terms for one in features])
    fitted = _vectorizer(names, np.round(plain.idf_ / SCALE_UNIT) * SCALE_UNIT)
    return fitted, fitted.transform([one.terms for one in features]).tocsr()


def _vectorizer(names: Sequence[str], scales: np.ndarray) -> TfidfVectorizer:
    made = TfidfVectorizer(analyzer=_as_is, vocabulary=names, binary=True, lowercase=False)
    made.idf_ = scales
    return made


def _weightiest(terms: np.ndarray, found: sparse.csr_matrix, most: int) -> np.ndarray:
    """The places of the terms that move the hidden layer most over all rows, in order.

    Those that are kept have length 1 together, as all had when it learned: that costs nothing.
    """
    rows = np.asarray((found > 0).sum(axis=0)).ravel()
    moved = np.linalg.norm(terms, axis=1) * np.sqrt(rows)
    return np.sort(np.argsort(-moved, kind="stable")[:most])


def _fitted(
    terms: TfidfVectorizer,
    words: TfidfVectorizer,
    network: Network,
    kept: np.ndarray,
    space: Space,
    recipe: Recipe,
    outputs: Sequence[str],
) -> Fitted:
    scales = terms.idf_[:, None]
    term_rows, term_units = _whole(network.terms[kept].astype(np.float64) * _LOUDNESS * scales)
    word_rows, word_units = _whole(space.vectors @ network.places * recipe.placing)
    first = np.vstack([term_rows * term_units / scales, word_rows * word_units])
    sides = [np.round(one.astype(np.float64), _DIGITS) for one in network.weights[2:]]
    bias, out, out_bias = sides
    same = MLPRegressor(hidden_layer_sizes=(recipe.hidden,), activation="relu")
    same.coefs_, same.intercepts_ = [first, out], [bias, out_bias]
    same.n_layers_, same.n_outputs_, same.out_activation_ = 3, len(outputs), "identity"
    same.n_features_in_ = len(first)
    return Fitted(
        terms, words, same, tuple(outputs), Rounded(term_rows, word_rows, term_units, word_units)
    )


def _whole(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The weights as whole numbers of a unit for each column, and the units."""
    largest = np.abs(weights).max(axis=0)
    units = np.array([float(f"{one / _UNITS:.6g}") or 1.0 for one in largest])
    return np.round(weights / units), units


def _targets(example: Example) -> list[float]:
    return [_target(name, example) for name in OUTPUTS]


def _target(name: str, example: Example) -> float:
    label = label_of(name, example)
    if label is not None:
        return float(label)
    return 0.0 if _is_unsaid(name, example) else np.nan


def _is_unsaid(name: str, example: Example) -> bool:
    """Whether a row of some gate does not name this one: it may be in it, but seldom is.

    All outputs share the hidden layer: without this every gate would close on a row of any.
    """
    in_one = name.startswith(GATE) and any(example.gates.values())
    return in_one and name.removeprefix(GATE) not in example.gates


def _learned(targets: np.ndarray, recipe: Recipe) -> list[int]:
    """The places of the outputs that there are enough rows of either label for."""
    fewest = np.minimum((targets == 1).sum(axis=0), (targets == 0).sum(axis=0))
    return [at for at, rows in enumerate(fewest) if rows >= recipe.least_examples]


def _check(learned: Collection[str], recipe: Recipe) -> None:
    lacking = [name for name in (ESCALATE, ON_TOPIC) if name not in learned]
    if not any(name.startswith(OFFER) for name in learned):
        lacking.append("offer")
    if lacking:
        raise ConfigurationError(
            f"there is too little to learn {', '.join(lacking)} from when an author is left out: "
            f"it takes {recipe.least_examples} rows of either label, for offers of two offers"
        )


def _weights(example: Example, recipe: Recipe) -> list[float]:
    return [_weight(name, example, recipe) for name in OUTPUTS]


def _weight(name: str, example: Example, recipe: Recipe) -> float:
    """What a gate or the topic holds back says little about whether there is a need.

    And where something was said before, the words that closed the gate may stand there: this tier
    reads each message by itself, and would close it on the plain question that came after.
    """
    held = not example.escalate and any(example.gates.values())
    if name == ESCALATE:
        if not example.on_topic:
            return recipe.off_topic_weight
        return recipe.gated_weight if held else 1.0
    weight = recipe.unsaid_weight if _is_unsaid(name, example) else 1.0
    if name.startswith(GATE) and held and example.history:
        weight *= recipe.history_weight
    return weight


def _as_is(features: Sequence[str]) -> Sequence[str]:
    return features
