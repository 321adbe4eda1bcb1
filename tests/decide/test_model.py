import json
import math
from pathlib import Path
from typing import Any

import pytest

from tay_middleware.decide.features import Features
from tay_middleware.decide.model import FORMAT, Model, model_of, read_model
from tay_middleware.errors import ConfigurationError

LINE = {"unit": 0.5, "bias": -1.0, "slope": 2.0, "intercept": 0.25}


def content(**changes: Any) -> dict[str, Any]:
    heads = {
        "escalate": {**LINE, "terms": [4, 0], "words": [2]},
        "on_topic": {**LINE, "terms": [0, 2], "words": [0]},
        "offer.course": {**LINE, "terms": [2, 0], "words": [0]},
        "offer.mentorship": {**LINE, "terms": [0, 2], "words": [0]},
        "gate.distress": {**LINE, "terms": [0, -2], "words": [0]},
    }
    plain = {
        "format": FORMAT,
        "scales": [1.0, 2.0],
        "terms": ["a", "b"],
        "words": ["c"],
        "heads": heads,
    }
    return {**plain, **changes}


def test_terms_have_length_one_together_and_words_are_divided_by_their_spread() -> None:
    model = model_of(content())
    scores = dict(zip(model.outputs, model.scores(Features(["a", "b"], ["c"])), strict=True))
    length = math.sqrt(1.0 + 4.0)
    assert scores["escalate"] == pytest.approx(4 * 0.5 * 1.0 / length + 2 * 0.5 - 1.0)
    assert scores["on_topic"] == pytest.approx(2 * 0.5 * 2.0 / length - 1.0)


def test_a_text_of_unknown_words_gets_the_bias() -> None:
    model = model_of(content())
    assert model.scores(Features(["x"], ["y"])) == [-1.0] * 5


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
        (json.dumps(content(scales=[1.0])), "no model file of ours"),
    ],
)
def test_a_file_that_is_no_model_is_refused_by_name(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "model.json"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=told) as caught:
        read_model(file)
    assert str(file) in str(caught.value)
