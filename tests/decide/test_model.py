import base64
import json
import math
import zlib
from pathlib import Path
from typing import Any

import pytest

from tay_middleware.decide.features import Features
from tay_middleware.decide.model import FORMAT, Model, model_of, read_model
from tay_middleware.errors import ConfigurationError

LINE = {"bias": -1.0, "slope": 2.0, "intercept": 0.25}


def rows(*numbers: int) -> str:
    """Rows of whole numbers as they stand in a file."""
    return base64.b64encode(zlib.compress(bytes(number % 256 for number in numbers))).decode()


def content(**changes: Any) -> dict[str, Any]:
    """Two hidden units, which read terms `a` and `b` and the word `c`."""
    heads = {
        "escalate": {**LINE, "weights": [1.0, 2.0]},
        "on_topic": {**LINE, "weights": [0.0, 1.0]},
        "offer.course": {**LINE, "weights": [1.0, 0.0]},
        "offer.mentorship": {**LINE, "weights": [0.0, 1.0]},
        "gate.distress": {**LINE, "weights": [-1.0, 0.0]},
    }
    plain = {
        "format": FORMAT,
        "terms": ["a", "b"],
        "scales": [16, 32],
        "words": ["c"],
        "hidden": {
            "bias": [0.25, -0.5],
            "term_units": [0.5, 0.25],
            "word_units": [2.0, 1.0],
            "terms": rows(4, 0, 2, 4),
            "words": rows(1, -3),
        },
        "heads": heads,
    }
    return {**plain, **changes}


def test_terms_have_length_one_together_and_words_are_divided_by_their_spread() -> None:
    model = model_of(content())
    scores = dict(zip(model.outputs, model.scores(Features(["c", "a", "b"], ["c"])), strict=True))
    length = math.sqrt(1.0 + 4.0)
    first = (4 + 2) * 0.5 / length + 1 * 2.0 + 0.25
    assert (0 + 4) * 0.25 / length - 3 * 1.0 - 0.5 < 0  # the second unit is shut
    assert scores["escalate"] == pytest.approx(first - 1.0)
    assert scores["on_topic"] == pytest.approx(-1.0)
    assert scores["gate.distress"] == pytest.approx(-first - 1.0)


def test_a_name_may_be_a_term_and_a_word() -> None:
    model = model_of(content(words=["a"]))
    (escalate, *_) = model.scores(Features(["a"], ["a"]))
    assert escalate == pytest.approx(4 * 0.5 + 1 * 2.0 + 0.25 - 1.0)


def test_two_words_count_by_the_root_of_two() -> None:
    twice = content(words=["c", "d"])
    twice["hidden"] = {**twice["hidden"], "words": rows(1, 0, 1, 0)}
    (escalate, *_) = model_of(twice).scores(Features(["c", "d"], ["c", "d"]))
    assert escalate == pytest.approx(2 * 2.0 / math.sqrt(2) + 0.25 - 1.0)


def test_a_text_of_unknown_words_gets_the_biases() -> None:
    model = model_of(content())
    said = dict(zip(model.outputs, model.scores(Features(["y", "x"], ["y"])), strict=True))
    assert said["escalate"] == pytest.approx(0.25 - 1.0)
    assert said["on_topic"] == pytest.approx(-1.0)


def test_offers_sum_to_one_and_gates_are_named() -> None:
    opinion = model_of(content()).judge(Features(["a"], []))
    assert sum(opinion.offers.values()) == pytest.approx(1.0)
    assert opinion.offer == "course"
    assert opinion.gates.keys() == {"distress"}


def test_the_model_that_ships_is_read_and_is_small() -> None:
    model = read_model()
    assert isinstance(model, Model)
    assert {"escalate", "on_topic", "offer.mentorship", "gate.distress"} <= set(model.outputs)
    shipped = Path(read_model.__code__.co_filename).with_name("model.json")
    assert shipped.stat().st_size <= 2_000_000


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("not json", "no model file of ours"),
        ("[]", "no model file of ours"),
        (json.dumps(content(format=99)), "a model of format 99"),
        (json.dumps(content(heads={})), "no model file of ours"),
        (json.dumps(content(scales=[16])), "no model file of ours"),
        (json.dumps(content(words=["c", "d"])), "2 numbers where 2 rows of 2 belong"),
        (json.dumps(content(hidden={})), "no model file of ours"),
        (json.dumps(content(hidden={**content()["hidden"], "terms": "AAAA"})), "no model file"),
        (json.dumps(content(hidden={**content()["hidden"], "terms": "\u00e9"})), "no model file"),
        (json.dumps(content(hidden={**content()["hidden"], "bias": [0.0]})), "no model file"),
    ],
)
def test_a_file_that_is_no_model_is_refused_by_name(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "model.json"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=told) as caught:
        read_model(file)
    assert str(file) in str(caught.value)
