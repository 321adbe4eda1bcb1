"""Training the built-in tier: logistic regressions, one for each output.

Words are also placed by a pretrained space (MiniLM's token vectors): the regression learns on their
mean, and because that is linear it folds into one weight a word, for words never seen in training
too. Weights are rounded to whole numbers of a unit *in the fitted model itself* before they are
written, so that the file stays small and what it says equals what scikit-learn says.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from tay_middleware.decide.features import Features
from tay_middleware.decide.model import FORMAT
from tay_middleware.decide.opinion import ESCALATE, OFFER, ON_TOPIC
from tay_middleware.errors import ConfigurationError
from tay_middleware.training.base import Base
from tay_middleware.training.calibration import label_of
from tay_middleware.training.examples import OUTPUTS, Example

_DIGITS = 4
_UNITS = 400
"""The largest weight of a head is at most so many units: three digits, and enough of them."""

_PLACED_WORDS = 14_000
"""Words with a place: those among the most frequent tokens of the pretrained vocabulary."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that shapes a training run beside its rows."""

    most_terms: int = 14_000
    least_examples: int = 10
    regularisation: float = 20.0
    gate_regularisation: float = 5.0
    placing: float = 0.6
    off_topic_weight: float = 0.2
    gated_weight: float = 0.1
    seed: int = 20_261_125

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
class Fitted:
    """Fitted vectorizers, and for each output a fitted regression over terms, then words."""

    terms: TfidfVectorizer
    words: TfidfVectorizer
    heads: Mapping[str, LogisticRegression]
    units: Mapping[str, float]

    def scores(self, features: Sequence[Features]) -> dict[str, np.ndarray]:
        """The decision function of every output, by scikit-learn itself."""
        matrix = sparse.hstack(
            [
                self.terms.transform([one.terms for one in features]),
                self.words.transform([one.words for one in features]),
            ]
        ).tocsr()
        return {name: head.decision_function(matrix) for name, head in self.heads.items()}


def fit(
    examples: Sequence[Example], features: Sequence[Features], space: Space, recipe: Recipe
) -> Fitted:
    """Fit all outputs on `examples`; each learns from the rows that say something about it.

    Raises:
        ConfigurationError: there are too few rows for what every opinion needs.
    """
    named = [one.terms for one in features]
    kept = _commonest(named, recipe.most_terms)
    terms = TfidfVectorizer(analyzer=_as_is, vocabulary=kept, binary=True, lowercase=False)
    terms.fit(named)
    terms.idf_ = np.round(terms.idf_, _DIGITS)
    words = TfidfVectorizer(
        analyzer=_as_is, vocabulary=space.words, binary=True, use_idf=False, lowercase=False
    )
    bags = words.fit_transform([one.words for one in features])
    placed = bags @ space.vectors * recipe.placing
    matrix = sparse.hstack([terms.transform(named), sparse.csr_matrix(placed)]).tocsr()
    heads, units = {}, {}
    regressions = _regressions(matrix, examples, recipe)
    _check(regressions, recipe)
    for name, head in regressions.items():
        heads[name], units[name] = _folded(head, len(kept), space, recipe)
    return Fitted(terms, words, heads, units)


def exported(
    fitted: Fitted, calibration: Mapping[str, tuple[float, float]], about: Mapping[str, Any]
) -> dict[str, Any]:
    """The model file's content; see `decide.model.read_model`."""
    count = len(fitted.terms.vocabulary_)
    heads = {}
    for name, head in fitted.heads.items():
        unit = fitted.units[name]
        whole = [round(weight / unit) for weight in head.coef_[0]]
        heads[name] = {
            "unit": unit,
            "bias": float(head.intercept_[0]),
            "slope": round(calibration[name][0], _DIGITS),
            "intercept": round(calibration[name][1], _DIGITS),
            "terms": whole[:count],
            "words": whole[count:],
        }
    return {
        "format": FORMAT,
        "about": dict(about),
        "scales": [float(scale) for scale in fitted.terms.idf_],
        "terms": list(fitted.terms.get_feature_names_out()),
        "words": list(fitted.words.get_feature_names_out()),
        "heads": heads,
    }


def _commonest(named: Sequence[Sequence[str]], most: int) -> list[str]:
    """The terms of most rows: rarer ones would make the file long and the fit no better."""
    rows = Counter(term for terms in named for term in terms)
    return sorted(sorted(rows, key=lambda term: (-rows[term], term))[:most])


def _regressions(
    matrix: Any, examples: Sequence[Example], recipe: Recipe
) -> dict[str, LogisticRegression]:
    heads = {}
    for name in OUTPUTS:
        places, labels, weights = _lessons(name, examples, recipe)
        if min(sum(labels), len(labels) - sum(labels)) >= recipe.least_examples:
            decides = name == ESCALATE or name.startswith(OFFER)
            head = LogisticRegression(
                C=recipe.regularisation if decides else recipe.gate_regularisation,
                solver="liblinear",
                max_iter=1000,
                random_state=recipe.seed,
            )
            heads[name] = head.fit(matrix[places], labels, sample_weight=weights)
    return heads


def _check(learned: Collection[str], recipe: Recipe) -> None:
    lacking = [name for name in (ESCALATE, ON_TOPIC) if name not in learned]
    if not any(name.startswith(OFFER) for name in learned):
        lacking.append("offer")
    if lacking:
        raise ConfigurationError(
            f"there is too little to learn {', '.join(lacking)} from when an author is left out: "
            f"it takes {recipe.least_examples} rows of either label, for offers of two offers"
        )


def _folded(
    head: LogisticRegression, terms: int, space: Space, recipe: Recipe
) -> tuple[LogisticRegression, float]:
    """The regression with one weight a word in place of a direction, rounded to its unit."""
    direction = head.coef_[0][terms:]
    weights = np.concatenate([head.coef_[0][:terms], space.vectors @ direction * recipe.placing])
    unit = float(f"{np.abs(weights).max() / _UNITS:.3g}")
    head.coef_ = (np.round(weights / unit) * unit)[None, :]
    head.intercept_ = np.round(head.intercept_, _DIGITS)
    head.n_features_in_ = weights.size
    return head, unit


def _lessons(
    name: str, examples: Sequence[Example], recipe: Recipe
) -> tuple[list[int], list[bool], list[float]]:
    places, labels, weights = [], [], []
    for at, example in enumerate(examples):
        label = label_of(name, example)
        if label is not None:
            places.append(at)
            labels.append(label)
            weights.append(_weight(name, example, recipe))
    return places, labels, weights


def _weight(name: str, example: Example, recipe: Recipe) -> float:
    """What a gate or the topic holds back says little about whether there is a need."""
    if name != ESCALATE:
        return 1.0
    if not example.on_topic:
        return recipe.off_topic_weight
    held = not example.escalate and any(example.gates.values())
    return recipe.gated_weight if held else 1.0


def _as_is(features: Sequence[str]) -> Sequence[str]:
    return features
